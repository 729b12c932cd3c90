//go:build linux

package clients

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lock is the file of all rooms' turnstiles.
var lock string

// TestMain lets clients wait beside each other: they do so most of the time,
// also on the one processor of a guest.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "64"); err != nil {
		panic(err)
	}
	if _, err := os.Stat("/proc/net/ip_vs"); err != nil {
		fmt.Fprintf(os.Stderr, "clients: this kernel has no IPVS; use: go test -exec \"$PWD/bin/lvsdr lab kernel --stock --\" ./compat/clients (%v)\n", err)
		os.Exit(1)
	}
	f, err := os.CreateTemp("", "clients")
	if err != nil {
		panic(err)
	}
	lock = f.Name()
	status := m.Run()
	os.Remove(lock)
	os.Exit(status)
}

// compare runs a client with the real ipvsadm and with ours at the same time,
// and compares the transcripts.
func compare(t *testing.T, client func(r *room)) {
	t.Parallel()
	var transcripts [2]string
	t.Run("with", func(t *testing.T) {
		for i, program := range []string{realProgram, ourProgram} {
			t.Run(program, func(t *testing.T) {
				t.Parallel()
				r := enter(t, program)
				client(r)
				transcripts[i] = r.transcript.String()
				if testing.Verbose() {
					t.Log("\n" + transcripts[i])
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	lines := func(s string) []string { return strings.Split(s, "\n") }
	if d := cmp.Diff(lines(transcripts[0]), lines(transcripts[1])); d != "" {
		t.Errorf("-real +ours:\n%s", d)
	}
}
