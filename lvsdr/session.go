package lvsdr

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/hint"
	"lvsdr/internal/host"
	"lvsdr/internal/plan"
	"lvsdr/internal/terminal"
)

// system is what the verbs need of the system to find their machine.
type system struct {
	open      func(need) (machine, error)
	namespace func() (uint64, error) // tells network namespaces apart
	// runDir is where what has to outlive a run is kept, in a folder for each
	// network namespace.
	runDir string
}

// thisSystem is the one that the program runs on.
var thisSystem = system{openMachine, host.NamespaceID, "/run/lvsdr"}

const (
	systemKey      = "system"
	environmentKey = "environment"
)

// systemOf is the system that [newApp] was given.
func systemOf(c *cli.Context) system { return c.App.Metadata[systemKey].(system) }

// coloured reports whether what a verb prints on w has colours.
func coloured(c *cli.Context, w io.Writer) bool {
	return terminal.Coloured(w, c.App.Metadata[environmentKey].(func(string) (string, bool)))
}

// order is what the command line asks of a verb of a role.
type order struct {
	role    plan.Role
	verb    string // "vs start"
	config  config.Config
	options plan.Options
	netns   string
	wait    time.Duration
	json    bool
	dryRun  bool
	stdout  io.Writer
	colours bool      // on stdout
	stderr  io.Writer // discards what --quiet does not want to see
	system  system
}

// orderOf reads the command line of a verb, and the configuration, which has to
// be complete for it.
func orderOf(c *cli.Context, r plan.Role, complete func(config.Config) error) (o order, err error) {
	o = order{
		role: r, verb: string(r) + " " + c.Command.Name,
		options: plan.Options{Exclusive: boolOf(c, "exclusive"), FlushFirewall: boolOf(c, "flush-firewall")},
		netns:   stringOf(c, "netns"), wait: setIn(c, "wait").Duration("wait"),
		json: boolOf(c, "json"), dryRun: boolOf(c, "dry-run"),
		stdout: c.App.Writer, colours: coloured(c, c.App.Writer), stderr: c.App.ErrWriter, system: systemOf(c),
	}
	if boolOf(c, "quiet") {
		o.stderr = io.Discard
	}
	if o.config, err = configOf(c); err == nil {
		err = requireComplete(o.config, complete)
	}
	return o, err
}

// session is an order at work on one machine.
type session struct {
	order
	plan.Site
	folder string // of this network namespace
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

// lock opens the machine to a verb that changes it, alone until end is called.
func (o order) lock(n need) (s *session, end func(), err error) {
	if s, err = o.enter(); err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return nil, nil, hint.Try(hint.Records, s.folder, err)
	}
	unlock, err := plan.Lock(s.folder, o.wait)
	if err != nil {
		return nil, nil, hint.Try(hint.Records, s.folder, err)
	}
	if err := s.open(n); err != nil {
		unlock()
		return nil, nil, err
	}
	return s, func() { unlock() }, nil
}

// enter goes into the network namespace, and finds its folder.
func (o order) enter() (*session, error) {
	if err := enterNamespace(o.netns); err != nil {
		return nil, err
	}
	folder, err := o.system.folder()
	return &session{order: o, folder: folder}, err
}

func (s *session) open(n need) (err error) {
	if s.Machine, err = s.system.openMachine(n); err == nil {
		s.Record, err = plan.LoadRecord(s.folder)
		err = hint.Try(hint.Records, s.folder, err)
	}
	return err
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

// folder is that of the current network namespace.
func (sys system) folder() (string, error) {
	id, err := sys.namespace()
	if err != nil {
		return "", fmt.Errorf("tell the network namespace: %w", err)
	}
	return filepath.Join(sys.runDir, strconv.FormatUint(id, 10)), nil
}

// wish is what the configuration asks of the machine now.
func (s *session) wish() plan.Wish { return plan.New(s.role, s.config, s.Record.Drained, s.options) }

// compare looks at the machine, and plans.
func (s *session) compare(planned planner) ([]plan.Change, error) {
	w := s.wish()
	state, err := plan.Look(s.Machine, w, s.Record)
	if err != nil {
		return nil, err
	}
	return planned(w, state)
}

// planner makes the changes of a verb: [plan.Start] or [plan.Stop].
type planner func(plan.Wish, plan.State) ([]plan.Change, error)

// need is what start and status need of a machine in its role.
func (o order) need() need {
	if o.role == plan.RealServer {
		return noTable
	}
	return theTable
}
