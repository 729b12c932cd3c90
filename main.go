// Lvsdr is one program under several names: called as ipvsadm, ipvsadm-save or
// ipvsadm-restore it stands in for those, under any other name it is lvsdr. Built
// with the tag ipvsadm_only it is those three alone, small and soon started.
package main

import (
	"os"
	"syscall"

	"lvsdr/internal/command"
	"lvsdr/internal/signals"
	_ "lvsdr/internal/stack"
	"lvsdr/ipvsadm"
)

// commands are the names that every build answers to.
var commands = [...]struct {
	name string
	run  func(command.Env) int
}{
	{"ipvsadm", ipvsadm.Run},
	{"ipvsadm-restore", ipvsadm.Restore},
	{"ipvsadm-save", ipvsadm.Save},
}

// otherwise is what any other name means; lvsdr.go makes it lvsdr.
var otherwise = unnamed

func unnamed(env command.Env) int { return original(ipvsadm.Run)(env) }

func main() {
	signals.Inherit()
	env := command.OS(os.Args)
	run := named(env.Program())
	if run == nil {
		run = otherwise
	}
	os.Exit(run(env))
}

// named is the command of that name, or nil.
func named(name string) func(command.Env) int {
	for _, c := range commands {
		if c.name == name {
			return original(c.run)
		}
	}
	return nil
}

// original is a command that stands in for a program in C: a file that would
// become too large kills it.
func original(run func(command.Env) int) func(command.Env) int {
	return func(env command.Env) int {
		signals.Default(syscall.SIGXFSZ)
		return run(env)
	}
}
