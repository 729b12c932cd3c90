// Lvsdr is one program under several names: called as ipvsadm, ipvsadm-save or
// ipvsadm-restore it stands in for those, under any other name it is lvsdr.
package main

import (
	"os"
	"path/filepath"

	"lvsdr/internal/command"
	_ "lvsdr/internal/stack"
	"lvsdr/ipvsadm"
	"lvsdr/lvsdr"
)

// commands are the names we answer to.
var commands = [...]struct {
	name string
	run  func(command.Env) int
}{
	{"ipvsadm", ipvsadm.Run},
	{"ipvsadm-restore", ipvsadm.Restore},
	{"ipvsadm-save", ipvsadm.Save},
	{"lvsdr", lvsdr.Run},
}

func main() {
	os.Exit(run(command.OS(os.Args)))
}

// run finds the command that an invocation means: the base name it was called
// by or, for lvsdr, the first word if that is another command's name.
func run(env command.Env) int {
	name := filepath.Base(env.Name("lvsdr"))
	for _, c := range commands {
		if c.name == name && name != "lvsdr" {
			return c.run(env)
		}
	}
	for _, c := range commands {
		if len(env.Args) > 1 && c.name == env.Args[1] && c.name != "lvsdr" {
			env.Args = env.Args[1:]
			return c.run(env)
		}
	}
	return lvsdr.Run(env)
}
