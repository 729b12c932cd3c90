//go:build linux

package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// maxSize is how large ipvsadm may be, in bytes.
const maxSize = 3_000_000

// maxTime is what lvsdr may take to say its version, of the processor's time.
const maxTime = 15 * time.Millisecond

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
	call := exec.Command(program, "-v")
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

// TestStartupOfLVSDR: libraries whose initialisation somebody would notice are
// not for lvsdr either. The best of some runs counts, whatever else the machine
// does meanwhile.
func TestStartupOfLVSDR(t *testing.T) {
	best := time.Hour
	for range 20 {
		call := exec.Command(filepath.Join(programs, "lvsdr"), "--version")
		if out, err := call.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", call, err, out)
		}
		best = min(best, call.ProcessState.UserTime()+call.ProcessState.SystemTime())
	}
	t.Logf("%v of the processor's time", best)
	if best > maxTime {
		t.Errorf("lvsdr --version takes %v of the processor's time; want at most %v", best, maxTime)
	}
}

// TestStartupEnvironment: what the README says that variables and limits do,
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
