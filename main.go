// Lvsdr is one program under several names: called as ipvsadm, ipvsadm-save or
// ipvsadm-restore it stands in for those, under any other name it is lvsdr.
package main

import (
	"os"
	"path/filepath"

	"lvsdr/internal/command"
	"lvsdr/ipvsadm"
	"lvsdr/lvsdr"
)

// commands are the names we answer to.
var commands = map[string]func(command.Env) int{
	"ipvsadm":         ipvsadm.Run,
	"ipvsadm-restore": ipvsadm.Restore,
	"ipvsadm-save":    ipvsadm.Save,
	"lvsdr":           lvsdr.Run,
}

func main() {
	os.Exit(run(command.OS(os.Args)))
}

// run finds the command that an invocation means: the base name it was called
// by or, for lvsdr, the first word if that is another command's name.
func run(env command.Env) int {
	name := filepath.Base(env.Name("lvsdr"))
	if other, ok := commands[name]; ok && name != "lvsdr" {
		return other(env)
	}
	if len(env.Args) > 1 && env.Args[1] != "lvsdr" {
		if other, ok := commands[env.Args[1]]; ok {
			env.Args = env.Args[1:]
			return other(env)
		}
	}
	return lvsdr.Run(env)
}
