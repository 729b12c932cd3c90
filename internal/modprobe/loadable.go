package modprobe

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Loadable reports whether the kernel lacks a module that modprobe would find.
// Asking the kernel for what the module does would load it. In a container that
// does not see the modules of its host it is always false.
func Loadable(module string) bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	return loadable(module, "/proc/modules", "/lib/modules/"+unix.ByteSliceToString(u.Release[:])+"/modules.dep")
}

// loadable looks at the modules that are loaded (proc(5)), and at those that are
// there (modules.dep(5)). What is built in is in neither.
func loadable(module, loaded, there string) bool {
	now, err := os.ReadFile(loaded)
	if err != nil || strings.Contains("\n"+string(now), "\n"+module+" ") {
		return false
	}
	all, err := os.ReadFile(there)
	return err == nil && strings.Contains(string(all), "/"+module+".ko")
}
