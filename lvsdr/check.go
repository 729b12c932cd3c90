package lvsdr

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/check"
	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
)

// checkWait is how long check waits for answers from the network.
const checkWait = time.Second

// checkCommand is "lvsdr check".
func checkCommand() *cli.Command {
	return &cli.Command{
		Name:  "check",
		Usage: "find what keeps direct routing from working on this machine",
		Description: "Prints what is wrong, why it matters and the command that mends it; changes nothing.\n" +
			"The exit status is 1 if a check failed. --quiet leaves out what passed.",
		Flags: append(append(globalFlags(), configFlags()...),
			&cli.StringFlag{Name: "peer", Usage: "compare the table with that of the other director, whose watch listens at `URL`"},
			roleFlag("vs or rs, the `ROLE` of this machine (default: found out)")),
		Action: func(c *cli.Context) error { return failIn("check", stringOf(c, "netns"), examine(c)) },
	}
}

// examine makes the checks and prints what they saw. Status 1 says that one of
// them failed.
func examine(c *cli.Context) error {
	told, err := roleTold(c)
	if err != nil {
		return err
	}
	peer, err := peerOf(c)
	if err != nil {
		return err
	}
	site, m, err := openSite(c, told)
	if err != nil {
		return err
	}
	report := check.Run(site, m, checkWait)
	if peer != "" && report.Role == check.Director {
		there, err := askPeer(peer)
		report.Add(check.ComparePeer(site.Status, there, err))
	}
	aimRemedies(&report, stringOf(c, "netns"))
	if boolOf(c, "json") {
		err = writeJSON(c.App.Writer, report)
	} else {
		report.Print(c.App.Writer, coloured(c, c.App.Writer), boolOf(c, "quiet"))
	}
	if err == nil && !report.OK {
		return exitError{status: statusFailed}
	}
	return err
}

// openSite reads the configuration and looks at the machine.
func openSite(c *cli.Context, r plan.Role) (*check.Site, machine, error) {
	o, err := orderOf(c, r, func(config.Config) error { return nil })
	if err != nil {
		return nil, nil, err
	}
	if err := enterNamespace(o.netns); err != nil {
		return nil, nil, err
	}
	m, withoutIPVS, err := openForCheck(o.system)
	if err != nil {
		return nil, nil, err
	}
	if r == "" {
		if r, err = roleOf(m, o.config); err != nil {
			return nil, nil, err
		}
	}
	if err := requireComplete(c, o.config, completeFor(r)); err != nil {
		return nil, nil, err
	}
	o.Role = r
	s, err := o.here()
	if err != nil {
		return nil, nil, err
	}
	rec, err := plan.LoadRecord(s.folder, s.namespace)
	if mayNotRead(err) {
		rec, err = new(plan.Record), nil
	}
	if err != nil {
		return nil, nil, err
	}
	s.Site, s.kernel, s.whole = plan.Site{Machine: m, Record: rec}, m, o.config
	if err = s.takeHealth(); mayNotRead(err) {
		err = nil
	}
	if err := cmp.Or(err, s.needIPv6(), s.findDirected(), s.findHomes()); err != nil {
		return nil, nil, err
	}
	site, err := s.site()
	if err != nil {
		return nil, nil, err
	}
	site.IPVS = withoutIPVS
	return site, m, nil
}

// openForCheck opens the machine with its IPVS if it has any that we may use;
// else withoutIPVS says why not.
func openForCheck(sys system) (m machine, withoutIPVS, err error) {
	m, err = sys.openMachine(seenTable)
	if err == nil {
		return m, nil, nil
	}
	withoutIPVS = err
	if errors.Is(err, errNoIPVS) {
		withoutIPVS = syscall.ENOPROTOOPT
	}
	m, err = sys.openMachine(noTable)
	return m, withoutIPVS, err
}

// roleOf finds out what a machine is: a real server has an address that the
// configuration lists as one, and no configured service in its own table.
func roleOf(m machine, cfg config.Config) (plan.Role, error) {
	services, err := m.Services(ipvs.Everything)
	if err != nil {
		return "", err
	}
	addresses, err := m.Addresses()
	if err != nil {
		return "", err
	}
	listed := false
	for _, w := range cfg.Wanted() {
		if slices.ContainsFunc(services, func(e ipvs.ServiceEntry) bool { return e.Key() == w.Service.Key() }) {
			return plan.Director, nil
		}
		for _, d := range w.Destinations {
			listed = listed || slices.ContainsFunc(addresses, func(a host.Address) bool { return a.Prefix.Addr() == d.Addr })
		}
	}
	if listed {
		return plan.RealServer, nil
	}
	return plan.Director, nil
}

// repeatCommand is the command line of a verb with the configuration of this run. What
// comes from the environment will be there again.
func repeatCommand(c *cli.Context, role, verb string, words ...string) string {
	line := []string{"lvsdr", role, verb}
	for _, f := range append(globalFlags()[:1], configFlags()...) {
		name := f.Names()[0]
		given := setIn(c, name)
		if os.Getenv(env(name)) != "" || !given.IsSet(name) {
			continue
		}
		values := []string{given.String(name)}
		if _, many := f.(*cli.StringSliceFlag); many {
			values = given.StringSlice(name)
		}
		for _, v := range values {
			line = append(line, "--"+name, quoteWord(v))
		}
	}
	return strings.Join(append(line, words...), " ")
}

// quoteWord is a word as a shell takes it.
func quoteWord(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// aimRemedies makes the remedies work in the named namespace that was looked at.
func aimRemedies(r *check.Report, netns string) {
	if netns == "" {
		return
	}
	for _, c := range r.Checks {
		for i, m := range c.Remedy {
			if m.On == "" {
				c.Remedy[i].Command = fmt.Sprintf("ip netns exec %s %s", quoteWord(netns), m.Command)
			}
		}
	}
}
