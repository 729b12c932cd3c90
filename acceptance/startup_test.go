//go:build linux

package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// maxSize is how large ipvsadm may be, in bytes.
const maxSize = 3_000_000

// maxMade is what the packages of lvsdr may allocate before main, in bytes: what
// they take of the processor's time goes with it, and is the machine's, too.
const maxMade = 2_000_000

// initialized are the packages that do something before ipvsadm's main does.
const initialized = "testdata/initialized.txt"

// Each call of ipvsadm reads the program and initialises all of its packages. A
// new one has to be worth it: what it costs is in the line that
// GODEBUG=inittrace=1 prints. -update accepts the list.
func TestStartup(t *testing.T) {
	program := filepath.Join(programs, "ipvsadm")
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

// packages are those that a program initialises, sorted.
func packages(t *testing.T, program string) (names []string) {
	t.Helper()
	for _, line := range initTrace(t, program) {
		names = append(names, line[1])
	}
	slices.Sort(names)
	return names
}

// initTrace has a line for each package that a program initialises: its name,
// and the bytes that it allocates.
func initTrace(t *testing.T, program string) [][]string {
	t.Helper()
	call := exec.Command(program, "--version")
	call.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	call.Stderr = &trace
	if err := call.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", call, err, &trace)
	}
	return regexp.MustCompile(`(?m)^init (\S+) @.* clock, (\d+) bytes`).FindAllStringSubmatch(trace.String(), -1)
}

// TestStartupOfLVSDR: libraries whose initialisation somebody would notice are
// not for lvsdr either.
func TestStartupOfLVSDR(t *testing.T) {
	made, most := 0, ""
	for _, line := range initTrace(t, filepath.Join(programs, "lvsdr")) {
		n, err := strconv.Atoi(line[2])
		if err != nil {
			t.Fatal(err)
		}
		if made += n; n > maxMade/4 {
			most += fmt.Sprintf("\n%s: %d", line[1], n)
		}
	}
	t.Logf("%d bytes", made)
	if made == 0 || made > maxMade {
		t.Errorf("%d bytes are allocated before main; want at most %d. The largest parts:%s", made, maxMade, most)
	}
}

// TestStartupEnvironment: what docs/differences.md says that variables and limits do,
// which the Go runtime reads before main.
func TestStartupEnvironment(t *testing.T) {
	program := filepath.Join(programs, "ipvsadm")
	const version = "ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n"
	for _, tt := range []struct {
		shell  string // in front of the program
		status int
		noisy  bool // standard error
	}{
		{"", 0, false},
		{"GOMEMLIMIT=1MiB", 0, false}, {"GOMEMLIMIT=off", 0, false},
		{"GOMEMLIMIT=10MB", 2, true}, {"GOMEMLIMIT=abc", 2, true}, {"GOMEMLIMIT=-1", 2, true},
		{"GOMAXPROCS=1", 0, false}, {"GOMAXPROCS=1000", 0, false}, {"GOMAXPROCS=abc", 0, false},
		{"GODEBUG=inittrace=1", 0, true}, {"GODEBUG=cgocheck=2", 2, true}, {"GODEBUG=abc", 0, false},
		{"GOGC=1", 0, false}, {"GOGC=off", 0, false}, {"GOTRACEBACK=crash", 0, false},
		{"GOMEMLIMIT=abc GODEBUG=cgocheck=2 env -u GOMEMLIMIT -u GOMAXPROCS -u GODEBUG", 0, false},
		{"ulimit -v 1500000;", 0, false}, {"ulimit -v 600000;", 2, true},
	} {
		call := exec.Command("sh", "-c", tt.shell+" "+program+" -v")
		var out, errs strings.Builder
		call.Stdout, call.Stderr = &out, &errs
		call.Run()
		status, want := call.ProcessState.ExitCode(), version
		if tt.status != 0 {
			want = ""
		}
		if status != tt.status || out.String() != want || tt.noisy != (errs.Len() > 0) {
			t.Errorf("%s: status %d, %q, %q", tt.shell, status, &out, &errs)
		}
	}
}
