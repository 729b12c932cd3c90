package ipvsadm

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/command"
	"lvsdr/internal/ipvs"
)

// diff compares values of this package.
func diff(want, got any) string {
	return cmp.Diff(want, got,
		cmp.AllowUnexported(Command{}, failure{}, endpoint{}, found{}, option{}),
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }))
}

// bookOfNames is a resolver that knows what is written in it.
type bookOfNames struct {
	hosts    map[string]string // name to IPv4 address
	reverse  map[string]string // address to name
	services map[string]uint16 // "name/protocol" to port
}

// knownNames are the names of ipvsadm's own examples.
var knownNames = bookOfNames{
	hosts: map[string]string{"localhost": "127.0.0.1", "vip": "10.0.0.1", "mask": "255.255.0.0"},
	reverse: map[string]string{
		"127.0.0.1": "localhost", "10.0.0.1": "vip", "10.9.9.9": "web9", "fd00::9": "six9",
		"10.9.9.10": "averyveryverylonghostname.example.com",
	},
	services: map[string]uint16{
		"http/tcp": 80, "https/tcp": 443, "domain/tcp": 53, "domain/udp": 53, "m3ua/sctp": 2905, "http-alt/tcp": 8080,
	},
}

func (n bookOfNames) Host4(name string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(n.hosts[name])
	return addr, err == nil
}

func (n bookOfNames) HostName(addr netip.Addr) (string, bool) {
	name, ok := n.reverse[addr.String()]
	return name, ok
}

func (n bookOfNames) Port(service, protocol string) (uint16, bool) {
	port, ok := n.services[service+"/"+protocol]
	return port, ok
}

func (n bookOfNames) Service(port uint16, protocol string) (string, bool) {
	for key, p := range n.services {
		if name, proto, _ := strings.Cut(key, "/"); p == port && proto == protocol {
			return name, true
		}
	}
	return "", false
}

// fakeKernel is a balancer that writes down what it is asked, and refuses what
// it is told to.
type fakeKernel struct {
	info         ipvs.Info
	services     []ipvs.ServiceEntry
	destinations map[ipvs.Service][]ipvs.DestinationEntry
	timeouts     ipvs.Timeouts
	daemons      []ipvs.Daemon
	refuse       map[string]error // by method
	calls        []string
}

// ask notes a call.
func (k *fakeKernel) ask(method string, what ...any) error {
	call := method
	for _, w := range what {
		switch w := w.(type) {
		case ipvs.Service:
			call += " " + strings.TrimPrefix(string(appendServiceOption(nil, &w, numeric)), "-")
		case ipvs.Destination:
			call += fmt.Sprintf(" %v:%d", w.Addr, w.Port)
		default:
			call += fmt.Sprintf(" %v", w)
		}
	}
	k.calls = append(k.calls, call)
	return k.refuse[method]
}

func (k *fakeKernel) Info() ipvs.Info { return k.info }

func (k *fakeKernel) Services(ipvs.Detail) ([]ipvs.ServiceEntry, error) {
	return append([]ipvs.ServiceEntry(nil), k.services...), k.ask("Services")
}

func (k *fakeKernel) Service(s ipvs.Service) (ipvs.ServiceEntry, error) {
	err := k.ask("Service", s, s.Netmask)
	for _, e := range k.services {
		if e.Family == s.Family && e.FWMark == s.FWMark && e.Protocol == s.Protocol && e.Addr == s.Addr && e.Port == s.Port {
			return e, err
		}
	}
	return ipvs.ServiceEntry{}, err
}

func (k *fakeKernel) Destinations(e *ipvs.ServiceEntry, _ ipvs.Detail, buf []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error) {
	s := e.Service
	err := k.ask("Destinations", s)
	if err == nil {
		err = k.refuse["Destinations of "+s.Addr.String()]
	}
	return append(buf, k.destinations[s]...), err
}

func (k *fakeKernel) AddService(s ipvs.Service) error    { return k.ask("AddService", s) }
func (k *fakeKernel) EditService(s ipvs.Service) error   { return k.ask("EditService", s) }
func (k *fakeKernel) DeleteService(s ipvs.Service) error { return k.ask("DeleteService", s) }
func (k *fakeKernel) AddDestination(s ipvs.Service, d ipvs.Destination) error {
	return k.ask("AddDestination", s, d)
}

func (k *fakeKernel) EditDestination(s ipvs.Service, d ipvs.Destination) error {
	return k.ask("EditDestination", s, d)
}

func (k *fakeKernel) DeleteDestination(s ipvs.Service, d ipvs.Destination) error {
	return k.ask("DeleteDestination", s, d)
}

func (k *fakeKernel) Flush() error                      { return k.ask("Flush") }
func (k *fakeKernel) Zero() error                       { return k.ask("Zero") }
func (k *fakeKernel) ZeroService(s ipvs.Service) error  { return k.ask("ZeroService", s) }
func (k *fakeKernel) Timeouts() (ipvs.Timeouts, error)  { return k.timeouts, k.ask("Timeouts") }
func (k *fakeKernel) SetTimeouts(t ipvs.Timeouts) error { return k.ask("SetTimeouts", t) }
func (k *fakeKernel) Daemons() ([]ipvs.Daemon, error)   { return k.daemons, k.ask("Daemons") }
func (k *fakeKernel) StartDaemon(d ipvs.Daemon) error {
	return k.ask("StartDaemon", d.State, d.Interface)
}
func (k *fakeKernel) StopDaemon(d ipvs.Daemon) error { return k.ask("StopDaemon", d.State) }

// outcome is all that is seen of a run.
type outcome struct {
	Stdout, Stderr string
	Status         int
}

// rig is a program before a fake kernel.
type rig struct {
	*program
	kernel         *fakeKernel
	stdout, stderr bytes.Buffer
}

func newRig(t *testing.T, k *fakeKernel, stdin string) *rig {
	t.Helper()
	if k.info.Version == 0 {
		k.info = ipvs.Info{Version: 0x010201, ConnSize: 4096}
	}
	r := &rig{kernel: k}
	r.program = &program{
		executor: executor{
			names:       knownNames,
			connections: func() (io.ReadCloser, error) { return nil, os.ErrNotExist },
		},
		env: command.Env{
			Stdin: strings.NewReader(stdin), Stdout: &r.stdout, Stderr: &r.stderr, LookupEnv: noEnv,
		},
		name:       "ipvsadm",
		open:       func() (balancer, error) { return k, nil },
		loadModule: func(io.Reader, io.Writer, io.Writer) bool { t.Error("module loaded"); return false },
	}
	r.out = bufio.NewWriter(&r.stdout)
	return r
}

// do runs a command line split at blanks.
func (r *rig) do(line string) outcome { return r.finished(r.main(strings.Fields(line))) }

func (r *rig) finished(f *failure) outcome {
	status := r.finish(f)
	return r.outcome(status)
}

func (r *rig) outcome(status int) outcome {
	r.out.Flush()
	return outcome{r.stdout.String(), r.stderr.String(), status}
}

func noEnv(string) (string, bool) { return "", false }

// parseLine parses a command line split at blanks.
func parseLine(line string) (Command, *failure) {
	return Parse("ipvsadm", strings.Fields(line), knownNames, false)
}
