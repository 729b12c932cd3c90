//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// maxSize is how large the program may be, in bytes.
const maxSize = 8_000_000

// initialized are the packages that do something before main does.
const initialized = "testdata/initialized.txt"

// Each call of ipvsadm reads the program and initialises all of its packages,
// for lvsdr alone as they may be. A new one has to be worth it: what it costs is
// in the line that GODEBUG=inittrace=1 prints. -update accepts the list.
func TestStartup(t *testing.T) {
	program := filepath.Join(t.TempDir(), "lvsdr")
	build := exec.Command("make", "build", "BIN="+program)
	build.Env = append(os.Environ(), "MAKEFLAGS=") // not a part of the make that runs us
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxSize {
		t.Errorf("the program has %d bytes; want at most %d", info.Size(), maxSize)
	}
	got := packages(t, program)
	if *update {
		if err := os.WriteFile(initialized, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(initialized)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Fields(string(want)), got); diff != "" {
		t.Errorf("packages that are initialised (-want +got):\n%s", diff)
	}
}

// packages are those that a call of ipvsadm initialises, sorted.
func packages(t *testing.T, program string) (names []string) {
	t.Helper()
	call := exec.Command(program, "ipvsadm", "-v")
	call.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	call.Stderr = &trace
	if err := call.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", call, err, &trace)
	}
	for _, m := range regexp.MustCompile(`(?m)^init (\S+) @`).FindAllStringSubmatch(trace.String(), -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}
