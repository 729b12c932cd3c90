package guest

import (
	"fmt"
	"path"
	"strings"
)

// loadOrder returns the files of the wanted modules and of all they depend on,
// in the order to load them, from the texts of modules.dep (modules.dep(5)) and
// modules.builtin, which lists those that are part of the kernel.
func loadOrder(dependencies, builtin string, wanted []string) ([]string, error) {
	files := map[string]string{} // by name of the module
	needs := map[string][]string{}
	for line := range strings.Lines(dependencies) {
		file, rest, _ := strings.Cut(line, ":")
		files[moduleName(file)] = file
		needs[file] = strings.Fields(rest)
	}
	var order []string
	seen := map[string]bool{}
	var load func(file string)
	load = func(file string) {
		if seen[file] {
			return
		}
		seen[file] = true
		for _, other := range needs[file] {
			load(other)
		}
		order = append(order, file)
	}
	inside := map[string]bool{}
	for line := range strings.Lines(builtin) {
		inside[moduleName(line)] = true
	}
	for _, name := range wanted {
		if inside[name] {
			continue
		}
		file, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("module %s: not in modules.dep", name)
		}
		load(file)
	}
	return order, nil
}

// moduleName is the name of the module in a file.
func moduleName(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".")
	return strings.ReplaceAll(name, "-", "_")
}
