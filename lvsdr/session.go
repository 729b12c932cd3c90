package lvsdr

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/check"
	"lvsdr/internal/config"
	"lvsdr/internal/health"
	"lvsdr/internal/hint"
	"lvsdr/internal/host"
	"lvsdr/internal/plan"
	"lvsdr/internal/terminal"
)

// system is what the verbs need of the system to find their machine.
type system struct {
	open        func(need) (machine, error)
	connections func() (io.ReadCloser, error)   // of IPVS
	namespace   func() (host.Namespace, error)  // the current one
	held        func() (map[uint64]bool, error) // see [host.NamespacesHeld]
	// runDir is where what has to outlive a run is kept, in a folder for each
	// network namespace.
	runDir string
	// signals are what ends a watch, and has it read its file again.
	signals func() (ctx context.Context, reload <-chan struct{}, stop func())
	// own asks a real server at its own address; nil: [health.Ask].
	own func(context.Context, health.Target) health.Answer
}

// thisSystem is the one that the program runs on.
var thisSystem = system{open: openMachine, connections: openConnections, namespace: host.CurrentNamespace, held: host.NamespacesHeld, runDir: "/run/lvsdr", signals: watchSignals}

const (
	systemKey      = "system"
	environmentKey = "environment"
	argumentsKey   = "arguments"
)

// systemOf is the system that [newApp] was given.
func systemOf(c *cli.Context) system { return c.App.Metadata[systemKey].(system) }

// coloured reports whether what a verb prints on w has colours.
func coloured(c *cli.Context, w io.Writer) bool {
	return terminal.Coloured(w, c.App.Metadata[environmentKey].(func(string) (string, bool)))
}

// order is what the command line asks of a verb of a role.
type order struct {
	plan.Claimant
	verb    string // "vs start"
	config  config.Config
	options plan.Options
	netns   string
	wait    time.Duration
	// again is the command line of a verb with the configuration of this run.
	again   func(role, verb string, words ...string) string
	json    bool
	dryRun  bool
	allVIPs bool // a real server takes those of services that do not list it, too
	stops   bool // what is there is taken away, whoever it is for
	stdout  io.Writer
	colours bool      // on stdout
	stderr  io.Writer // discards what --quiet does not want to see
	// warnings are seen with --quiet, too.
	warnings io.Writer
	system   system
}

// orderOf reads the command line of a verb, and the configuration, which has to
// be complete for it.
func orderOf(c *cli.Context, r plan.Role, complete func(config.Config) error) (o order, err error) {
	o = order{
		Claimant: plan.Claimant{Role: r, File: fileOf(c)}, verb: string(r) + " " + c.Command.Name,
		options: plan.Options{Exclusive: boolOf(c, "exclusive"), FlushFirewall: boolOf(c, "flush-firewall")},
		netns:   stringOf(c, "netns"), wait: setIn(c, "wait").Duration("wait"),
		json: boolOf(c, "json"), dryRun: boolOf(c, "dry-run"), allVIPs: boolOf(c, "all-vips"),
		stdout: c.App.Writer, colours: coloured(c, c.App.Writer), stderr: c.App.ErrWriter, warnings: c.App.ErrWriter, system: systemOf(c),
	}
	o.again = func(role, verb string, words ...string) string { return repeatCommand(c, role, verb, words...) }
	if boolOf(c, "quiet") {
		o.stderr = io.Discard
	}
	if o.config, err = configOf(c); err == nil {
		err = requireComplete(c, o.config, complete)
	}
	return o, err
}

// session is an order at work on one machine.
type session struct {
	order
	plan.Site
	namespace host.Namespace
	folder    string // of this namespace
	kernel    check.Kernel
	whole     config.Config // with the VIPs of others
	watched   *plan.Watched // nil: nobody watches
}

// look opens the machine to a verb that changes nothing: it neither waits for
// others nor leaves a folder behind, nor has a module loaded.
func (o order) look(n need) (*session, error) {
	n = min(n, seenTable)
	s, err := o.enter()
	if err == nil {
		err = s.open(n)
	}
	return s, err
}

// lock opens the machine to a verb that changes it, alone until end is called. Until
// then a reader of what it says that pauses keeps nobody waiting for the lock.
func (o order) lock(n need) (s *session, end func(), err error) {
	surviveReaders()
	if s, err = o.enter(); err != nil {
		return nil, nil, err
	}
	unlock, err := plan.Lock(s.folder, o.wait)
	if err != nil {
		return nil, nil, hint.Try(hint.Records, s.folder, err)
	}
	if err := s.open(n); err != nil {
		unlock()
		return nil, nil, err
	}
	plan.RemoveStale(s.system.runDir, s.namespace, s.system.held)
	said := newSink()
	s.stderr, s.warnings = said.all(o.stderr), said.all(o.warnings)
	return s, func() {
		unlock()
		said.flush()
		s.stderr, s.warnings = o.stderr, o.warnings
	}, nil
}

// enter goes into the network namespace.
func (o order) enter() (*session, error) {
	if err := enterNamespace(o.netns); err != nil {
		return nil, err
	}
	return o.here()
}

// here finds the folder of the current network namespace.
func (o order) here() (*session, error) {
	here, err := o.system.namespace()
	if err != nil {
		return nil, fmt.Errorf("identify the network namespace: %w", err)
	}
	folder := filepath.Join(o.system.runDir, strconv.FormatUint(here.ID, 10))
	return &session{order: o, namespace: here, folder: folder}, nil
}

func (s *session) open(n need) (err error) {
	m, err := s.system.openMachine(n)
	if err != nil {
		return err
	}
	return s.openOn(m)
}

// openOn is open where the machine is open already.
func (s *session) openOn(m machine) (err error) {
	s.Machine, s.kernel, s.whole = m, m, s.config
	s.Record, err = plan.LoadRecord(s.folder, s.namespace)
	if err == nil {
		err = s.takeHealth()
	}
	err = hint.Try(hint.Records, s.folder, err)
	if err == nil {
		err = s.takeShare()
	}
	return cmp.Or(err, s.needIPv6(), s.findHomes())
}

// needIPv6 is an error where the kernel lacks what the configuration speaks of.
func (s *session) needIPv6() error {
	addrs := s.config.AllVIPs()
	if s.Role == plan.Director {
		for _, w := range s.config.Wanted() {
			for _, d := range w.Destinations {
				addrs = append(addrs, d.Addr)
			}
		}
	}
	i := slices.IndexFunc(addrs, netip.Addr.Is6)
	if i < 0 || s.stops || s.Machine.(machine).IPv6() {
		return nil
	}
	return fmt.Errorf("%s: this kernel has no IPv6, or was started with ipv6.disable=1", addrs[i])
}

// takeHealth takes over what a watch has found, unless it has been silent for too
// long: one that is dead keeps nobody out for ever.
func (s *session) takeHealth() error {
	w, watched, err := plan.LoadHealth(s.folder, s.namespace, s.Claimant)
	if err != nil || !watched {
		return err
	}
	s.watched = &w
	if !w.Stale() {
		s.options.Health = &w.Health
	}
	return nil
}

// findHomes finds where a director has its IPv6 VIPs.
func (s *session) findHomes() error {
	label, _, _ := strings.Cut(s.config.Label, ":")
	if s.Role != plan.Director || s.config.DirectorLabel != "" || !slices.ContainsFunc(s.config.AllVIPs(), netip.Addr.Is6) {
		return nil
	}
	links, err := s.Links()
	if err != nil {
		return fmt.Errorf("read interfaces: %w", err)
	}
	routes, err := s.Routes(links)
	if err != nil {
		return fmt.Errorf("read routes: %w", err)
	}
	s.options.Homes = map[netip.Addr]string{}
	for _, vip := range s.config.AllVIPs() {
		if home := host.DirectorHome(vip, label, links, routes); home != label {
			s.options.Homes[vip] = home
		}
	}
	return nil
}

// enterNamespace goes into the network namespace of that name, for good.
func enterNamespace(name string) error {
	if name == "" {
		return nil
	}
	if _, err := host.EnterNetNS(name); err != nil {
		return hint.Try(hint.Joining, name, fmt.Errorf("enter the network namespace %q: %w", name, err))
	}
	return nil
}

// wish is what the configuration asks of the machine now.
func (s *session) wish() plan.Wish {
	o := s.options
	o.Retired = s.Record.IsRetired(s.Claimant)
	return plan.New(s.Claimant, s.config, s.Record.DrainedFor(s.Claimant), o)
}

// compare looks at the machine, and plans.
func (s *session) compare(planned planner) (plan.Plan, error) {
	w := s.wish()
	state, err := plan.Look(s.Machine, w, s.Record)
	if err != nil {
		return plan.Plan{}, err
	}
	return planned(w, state)
}

// planner makes the plan of a verb: [plan.Start] or [plan.Stop].
type planner func(plan.Wish, plan.State) (plan.Plan, error)

// need is what start and status need of a machine in its role.
func (o order) need() need {
	if o.Role == plan.RealServer {
		return knownTable
	}
	return theTable
}
