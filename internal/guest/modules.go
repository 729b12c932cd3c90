package guest

import (
	"fmt"
	"path"
	"strings"
)

// loadOrder returns the files of the wanted modules and of all they depend on,
// in the order to load them, from the text of modules.dep (modules.dep(5)).
func loadOrder(dependencies string, wanted []string) ([]string, error) {
	files := map[string]string{} // by name of the module
	needs := map[string][]string{}
	for line := range strings.Lines(dependencies) {
		file, rest, _ := strings.Cut(line, ":")
		name, _, _ := strings.Cut(path.Base(file), ".")
		files[strings.ReplaceAll(name, "-", "_")] = file
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
	for _, name := range wanted {
		file, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("module %s: not in modules.dep", name)
		}
		load(file)
	}
	return order, nil
}
