package lvsdr

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"lvsdr/internal/command"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/ipvsadm"
)

// site is a director on the real kernel, in a network namespace of its own,
// with a configuration file. It ends with the test's thread.
type site struct {
	t       *testing.T
	machine machine // to look at it
	file    string
	run     string // the folder below /run
	sysctls []string
}

// newSite needs a kernel with IPVS: go test -exec "lvsdr lab kernel --stock --".
func newSite(t *testing.T, config string) *site {
	t.Helper()
	runtime.LockOSThread() // and never unlock: the thread is spoilt
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("new network namespace: %v (run this through lvsdr lab kernel)", err)
	}
	raise(t, "lo")
	must(t, netlink.LinkAdd(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}}))
	raise(t, "eth0")
	must(t, host.NewHost().AddAddress(host.Address{Prefix: netip.MustParsePrefix("10.0.0.8/24"), Interface: "eth0", Label: "eth0"}))
	m, err := openMachine(theTable)
	if err != nil {
		t.Fatalf("%v (run this through lvsdr lab kernel)", err)
	}
	id, err := host.NamespaceID()
	must(t, err)
	s := &site{t: t, machine: m, file: filepath.Join(t.TempDir(), "lvsdr.yaml"), run: filepath.Join(thisSystem.runDir, strconv.FormatUint(id, 10))}
	must(t, os.WriteFile(s.file, []byte(config), 0o600))
	for _, name := range []string{allIgnore, allAnnounce, loIgnore, loAnnounce} {
		must(t, m.Set(name, 0))
		s.sysctls = append(s.sysctls, name)
	}
	return s
}

func raise(t *testing.T, name string) {
	t.Helper()
	link, err := netlink.LinkByName(name)
	must(t, err)
	must(t, netlink.LinkSetUp(link))
}

// text is the state of the kernel as far as lvsdr changes it.
func (s *site) text() string {
	s.t.Helper()
	services, err := s.machine.Services(ipvs.Everything)
	must(s.t, err)
	var lines []string
	for _, sv := range services {
		destinations, err := s.machine.Destinations(&sv, ipvs.Everything, nil)
		must(s.t, err)
		for _, d := range destinations {
			lines = append(lines, fmt.Sprintf("%v -> %+v", sv.Service, d.Destination))
		}
		lines = append(lines, fmt.Sprintf("%+v", sv.Service))
	}
	addresses, err := s.machine.Addresses()
	must(s.t, err)
	for _, a := range addresses {
		lines = append(lines, fmt.Sprintf("%+v", a))
	}
	for _, name := range s.sysctls {
		value, err := s.machine.Get(name)
		must(s.t, err)
		lines = append(lines, fmt.Sprintf("%s = %d", name, value))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// looks compares the kernel with what it should look like.
func (s *site) looks(when, want string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.text()); diff != "" {
		s.t.Fatalf("the machine %s (-want +got):\n%s", when, diff)
	}
}

// lvsdr runs in this process, on a machine that may be another one.
func (s *site) lvsdr(words string, m machine) result {
	var out, errs bytes.Buffer
	sys := thisSystem
	sys.open = func(need) (machine, error) { return m, nil }
	status := run(command.Env{
		Args:   append([]string{"lvsdr", "--config", s.file}, strings.Fields(words)...),
		Stdin:  strings.NewReader(""),
		Stdout: &out,
		Stderr: &errs,
	}, sys)
	return result{out.String(), errs.String(), status}
}

// succeed runs a verb that has to.
func (s *site) succeed(words string) {
	s.t.Helper()
	if got := s.lvsdr(words, s.machine); got.Status != 0 {
		s.t.Fatalf("lvsdr %s: %+v", words, got)
	}
}

// faulty is a machine one of whose changing calls fails.
type faulty struct {
	machine
	calls, failAt int
}

func (f *faulty) count(do func() error) error {
	if f.calls++; f.calls == f.failAt {
		return syscall.EIO
	}
	return do()
}

func (f *faulty) AddService(s ipvs.Service) error {
	return f.count(func() error { return f.machine.AddService(s) })
}

func (f *faulty) EditService(s ipvs.Service) error {
	return f.count(func() error { return f.machine.EditService(s) })
}

func (f *faulty) DeleteService(s ipvs.Service) error {
	return f.count(func() error { return f.machine.DeleteService(s) })
}

func (f *faulty) AddDestination(s ipvs.Service, d ipvs.Destination) error {
	return f.count(func() error { return f.machine.AddDestination(s, d) })
}

func (f *faulty) EditDestination(s ipvs.Service, d ipvs.Destination) error {
	return f.count(func() error { return f.machine.EditDestination(s, d) })
}

func (f *faulty) DeleteDestination(s ipvs.Service, d ipvs.Destination) error {
	return f.count(func() error { return f.machine.DeleteDestination(s, d) })
}

func (f *faulty) AddAddress(a host.Address) error {
	return f.count(func() error { return f.machine.AddAddress(a) })
}

func (f *faulty) DeleteAddress(a host.Address) error {
	return f.count(func() error { return f.machine.DeleteAddress(a) })
}

func (f *faulty) Announce(l host.Link, vip netip.Addr) error {
	return f.count(func() error { return f.machine.Announce(l, vip) })
}

func (f *faulty) Set(name string, value int) error {
	return f.count(func() error { return f.machine.Set(name, value) })
}

// The kernel refuses one call of start or stop, whichever it is: it is left as
// it was found.
func TestKernelFailureAtEveryStep(t *testing.T) {
	s := newSite(t, large())
	t.Setenv("LVSDR_ALL_VIPS", "true") // which lists others
	for _, r := range []plan.Role{plan.Director, plan.RealServer} {
		clean := s.text()
		started := s.failEverywhere(string(r)+" start", clean)
		whole := s.text()
		stopped := s.failEverywhere(string(r)+" stop", whole)
		s.looks("after stop", clean)
		t.Logf("%s: %d calls of start and %d of stop failed", r, started, stopped)
		if whole == clean || started < 7 || stopped < 6 {
			t.Errorf("%s: only %d calls of start and %d of stop", r, started, stopped)
		}
	}
}

func (s *site) failEverywhere(words, before string) int {
	s.t.Helper()
	for n := 1; ; n++ {
		got := s.lvsdr(words, &faulty{machine: s.machine, failAt: n})
		if got.Status == 0 {
			return n - 1
		}
		if got.Status != 1 || !strings.HasSuffix(got.Stderr, ": input/output error\n") {
			s.t.Fatalf("lvsdr %s, call %d fails: %+v", words, n, got)
		}
		s.looks(fmt.Sprintf("after %s whose call %d failed", words, n), before)
	}
}

// What start says, typed by an administrator, makes the same table.
func TestKernelWords(t *testing.T) {
	s := newSite(t, large())
	got := s.lvsdr("vs start", s.machine)
	if got.Status != 0 {
		t.Fatalf("%+v", got)
	}
	whole := s.text()
	var typed, canceled int
	retype := func(said string) (n int) {
		for line := range strings.Lines(said) {
			words := strings.Fields(line)
			if words[0] != "ipvsadm" {
				continue
			}
			n++
			var errs bytes.Buffer
			if status := ipvsadm.Run(command.Env{Args: words, Stdout: &errs, Stderr: &errs, LookupEnv: os.LookupEnv}); status != 0 {
				t.Fatalf("%s: status %d, %s", line, status, errs.String())
			}
		}
		return n
	}
	said := s.lvsdr("vs stop --dry-run", s.machine).Stdout
	canceled = retype(said)
	if again := s.lvsdr("vs start --dry-run", s.machine).Stdout; !strings.HasPrefix(got.Stderr, again) {
		t.Errorf("the typed stop leaves to do:\n%s", again)
	}
	typed = retype(got.Stderr)
	s.looks("with the words typed", whole)
	if typed < 100 || canceled != 16 {
		t.Errorf("only %d lines typed to start, %d to stop", typed, canceled)
	}
}
