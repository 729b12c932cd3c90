//go:build linux

package main

import (
	"flag"
	"os"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the files that scripts compare with")

// TestMain makes this test binary answer to every name of the program, so that
// scripts run the real main.
func TestMain(m *testing.M) {
	programs := map[string]func(){"nobody": nobody}
	for _, c := range commands {
		programs[c.name] = main
	}
	testscript.Main(m, programs)
}

// TestScripts runs every file of testscripts on the real kernel, each in
// namespaces of its own. Without IPVS it fails: go test -exec "lvsdr lab kernel --".
func TestScripts(t *testing.T) {
	if _, err := os.Stat("/proc/self/net/ip_vs"); err != nil {
		t.Fatalf("this kernel has no IPVS; use: go test -exec \"$PWD/bin/lvsdr lab kernel --\" . (%v)", err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testscripts",
		Setup:               enterNamespaces,
		Cmds:                scriptCommands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
	})
}

// nobody is a program that runs one of ours as an ordinary user. It does not
// start another process: the user may have no way to the file.
func nobody() {
	const id = 65534
	for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(id), syscall.Setuid(id)} {
		if err != nil {
			panic(err)
		}
	}
	os.Args = os.Args[1:]
	main()
}
