package lvsdr

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/command"
	"lvsdr/internal/doctortest"
	"lvsdr/internal/host"
	"lvsdr/internal/machinetest"
	"lvsdr/internal/plan"
)

// asLVSDR in the environment makes this test binary lvsdr itself.
const asLVSDR = "LVSDR_TEST_IS_LVSDR"

// holdsLock in the environment names a folder whose lock it holds until it is
// killed.
const holdsLock = "LVSDR_TEST_HOLDS_LOCK"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdsLock); dir != "" {
		if _, err := plan.Lock(dir, 0); err != nil {
			panic(err)
		}
		os.Stdout.WriteString("held\n")
		time.Sleep(time.Hour)
	}
	if os.Getenv(asLVSDR) != "" {
		os.Exit(Run(command.OS(os.Args)))
	}
	os.Exit(m.Run())
}

// desk is where an operator works: a machine, a configuration file, and a
// folder for what outlives a run.
type desk struct {
	machine *machinetest.Machine
	system  system
	file    string // the configuration
	state   string // the record
	// warnings are what the last run said of the network around.
	warnings string
	t        *testing.T
}

// newDesk is a desk at the machine that [machinetest.New] makes.
func newDesk(t *testing.T, config string) *desk {
	t.Helper()
	dir := t.TempDir()
	d := &desk{machine: machinetest.New(), t: t, file: filepath.Join(dir, "lvsdr.yaml"), state: filepath.Join(dir, "4", "state.json")}
	d.system = system{
		open:      func(need) (machine, error) { return d.machine, nil },
		namespace: func() (host.Namespace, error) { return host.Namespace{ID: 4}, nil },
		held:      func() (map[uint64]bool, error) { return nil, nil },
		runDir:    dir,
	}
	d.configure(config)
	return d
}

func (d *desk) configure(config string) {
	d.t.Helper()
	must(d.t, os.WriteFile(d.file, []byte(config), 0o600))
}

// result is what an operator sees of a run.
type result struct {
	Stdout, Stderr string
	Status         int
}

// run runs lvsdr with these words, divided by blanks.
func (d *desk) run(words string) result {
	var out, errs bytes.Buffer
	status := run(command.Env{
		Args:   append([]string{"lvsdr", "--config", d.file}, strings.Fields(words)...),
		Stdin:  strings.NewReader(""),
		Stdout: &out,
		Stderr: &errs,
	}, d.system)
	said, warnings := doctortest.Split(errs.String())
	d.warnings = warnings
	return result{out.String(), said, status}
}

// expect runs lvsdr and compares what it says.
func (d *desk) expect(words string, want result) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.run(words)); diff != "" {
		d.t.Errorf("lvsdr %s (-want +got):\n%s", words, diff)
	}
}

// succeed is for what a test only builds on.
func (d *desk) succeed(words string) {
	d.t.Helper()
	if got := d.run(words); got.Status != 0 {
		d.t.Fatalf("lvsdr %s: %+v", words, got)
	}
}

// text is the machine's state. What was announced cannot be taken back, and is
// left out.
func (d *desk) text() string {
	var kept strings.Builder
	for line := range strings.Lines(d.machine.String()) {
		if !strings.HasPrefix(line, "announced ") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// looks compares the machine with what it should look like.
func (d *desk) looks(when, want string) {
	d.t.Helper()
	if diff := cmp.Diff(want, d.text()); diff != "" {
		d.t.Errorf("the machine %s (-want +got):\n%s", when, diff)
	}
}

// noRecord checks that nothing is remembered.
func (d *desk) noRecord() {
	d.t.Helper()
	if data, err := os.ReadFile(d.state); err == nil {
		d.t.Errorf("the record is left:\n%s", data)
	}
}

// onlyClaims checks that nothing but claims is remembered: no drain, no value
// that was found.
func (d *desk) onlyClaims() {
	d.t.Helper()
	r, err := plan.LoadRecord(filepath.Dir(d.state), host.Namespace{ID: 4})
	must(d.t, err)
	drained := slices.ContainsFunc(r.Claims, func(c plan.Claim) bool { return len(c.Drained) > 0 })
	if drained || len(r.Sysctls)+len(r.Unannounced)+len(r.Drained) > 0 {
		d.t.Errorf("the record:\n%s", d.record())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	vsReady    = "The VS Server is Ready!\n"
	vsCanceled = "The VS Server is Canceled!\n"
	rsReady    = "The RS Server is Ready!\n"
	rsCanceled = "The RS Server is Canceled!\n"
	vsNothing  = "lvsdr: vs start: nothing to do\n"

	tutorial = "vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n"
)
