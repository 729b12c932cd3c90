//go:build linux

package acceptance

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the files that scripts compare with")

// programs is the folder with the programs, by every name, which PATH begins
// with. An ordinary user can reach it, unlike bin.
var programs string

// TestMain makes this test binary answer to nobody.
func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"nobody": nobody})
}

// tests have the programs at hand.
type tests struct{ *testing.M }

// Run is [testing.M.Run]. Scripts run one after the other, also where a kernel of
// many processors has IPVS: what one lists must not be torn by what another
// changes.
func (m tests) Run() int {
	flag.Parse()
	if err := flag.Set("test.parallel", "1"); err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "lvsdr-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := install(dir); err != nil {
		panic(err)
	}
	programs = dir
	os.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return m.M.Run()
}

// install copies both builds to a folder, and links ipvsadm's other names.
func install(dir string) error {
	for _, name := range []string{"lvsdr", "ipvsadm"} {
		program, err := os.ReadFile(filepath.Join("../bin", name)) // make build
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), program, 0o755); err != nil {
			return err
		}
	}
	return errors.Join(
		os.Symlink("ipvsadm", filepath.Join(dir, "ipvsadm-save")),
		os.Symlink("ipvsadm", filepath.Join(dir, "ipvsadm-restore")),
		os.Chmod(dir, 0o755))
}

// TestScripts runs every file of testscripts on the real kernel, each in
// namespaces of its own. Without IPVS it fails: go test -exec "lvsdr lab kernel --stock --".
func TestScripts(t *testing.T) {
	if _, err := os.Stat("/proc/self/net/ip_vs"); err != nil {
		t.Fatalf("this kernel has no IPVS; use: go test -exec \"$PWD/bin/lvsdr lab kernel --stock --\" ./acceptance (%v)", err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "../testscripts",
		Setup:               enterNamespaces,
		Cmds:                scriptCommands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
	})
}

// nobody is a program that an ordinary user's takes the place of.
func nobody() {
	const id = 65534
	path, err := exec.LookPath(os.Args[1])
	for _, err := range []error{err, syscall.Setgroups(nil), syscall.Setgid(id), syscall.Setuid(id)} {
		if err != nil {
			panic(err)
		}
	}
	panic(syscall.Exec(path, os.Args[1:], os.Environ()))
}
