package lvsdr

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/imports"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/names"
	"lvsdr/internal/plan"
)

// importCommand is "lvsdr import".
func importCommand() *cli.Command {
	return &cli.Command{
		Name:  "import",
		Usage: "turn what runs here, or another program's file, into lvsdr.yaml",
		Description: "Of a director: its table, VIPs, timeouts and synchronisation; of a real server: its VIPs\n" +
			"and ARP settings. What the configuration cannot say is a comment in it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "netns", Usage: "work inside the network namespace `NAME`"},
			&cli.StringSliceFlag{Name: "vip", Usage: "VIP (`ADDRESS`) that firewall marks stand for; repeatable"},
			&cli.StringFlag{Name: "rules", Usage: "read a `FILE` of rules saved by ipvsadm -S"},
			&cli.StringFlag{Name: "ldirectord", Usage: "read a `FILE` of ldirectord"},
			&cli.StringFlag{Name: "keepalived", Usage: "read a `FILE` of keepalived, and those it includes"},
			&cli.StringFlag{Name: "script", Usage: "read a shell script, `FILE`, without running it"},
		},
		Action: func(c *cli.Context) error {
			netns := stringOf(c, "netns")
			return failIn("import", netns, runImport(c, netns))
		},
	}
}

func runImport(c *cli.Context, netns string) error {
	from, file, err := importFrom(c, netns)
	if err == nil {
		err = file.Err()
	}
	if err != nil {
		return err
	}
	text := file.YAML(from)
	if _, err := config.Load("", text); err != nil { // each service was tried alone
		return fmt.Errorf("its settings contradict each other: %w", err)
	}
	if _, err := c.App.Writer.Write(text); err != nil {
		return err
	}
	if n := len(file.Remarks); n > 0 && !boolOf(c, "quiet") {
		fmt.Fprintf(c.App.ErrWriter, "lvsdr: import: %s the file cannot express or that you should check: see its comments\n", things(n))
	}
	return nil
}

func things(n int) string {
	if n == 1 {
		return "1 thing"
	}
	return fmt.Sprintf("%d things", n)
}

// A source is a flag that names a file of others, and who reads that.
type source struct {
	flag string
	read func(path string, names imports.Names) (imports.Draft, error)
	here bool // it does not tell where the VIPs are: this machine may
}

var sources = []source{
	{"rules", ofText(imports.Rules), true},
	{"ldirectord", ofText(imports.Ldirectord), true},
	{"keepalived", ofKeepalived, true},
	{"script", ofScript, false},
}

// ofText reads a file that is all of its source.
func ofText(read func(text string, names imports.Names) imports.Draft) func(string, imports.Names) (imports.Draft, error) {
	return func(path string, names imports.Names) (imports.Draft, error) {
		text, err := readText(path)
		return read(text, names), err
	}
}

// ofKeepalived reads a file and, as it asks for them, those that it includes.
func ofKeepalived(path string, _ imports.Names) (imports.Draft, error) {
	text, err := readText(path)
	return imports.Keepalived(imports.Text{Path: path, Text: text}, filesLike), err
}

func ofScript(path string, names imports.Names) (imports.Draft, error) {
	text, err := readText(path)
	if err != nil {
		return imports.Draft{}, err
	}
	draft, err := imports.Script(text, names)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return draft, err
}

// readText is the text of a file, which may also be a device or a pipe.
func readText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, imports.MostText+1))
	if err != nil {
		return "", err
	}
	text, err := imports.Decode(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// filesLike are the files that match a pattern of the shell.
func filesLike(pattern string) (all []imports.Text, err error) {
	paths, err := filepath.Glob(pattern)
	for _, path := range paths {
		text, err := readText(path)
		if err != nil {
			return nil, err
		}
		all = append(all, imports.Text{Path: path, Text: text})
	}
	return all, err
}

// importFrom is what runs here, or what the one file says that a flag names.
func importFrom(c *cli.Context, netns string) (from string, f imports.File, err error) {
	var given []source
	for _, s := range sources {
		if c.IsSet(s.flag) {
			given = append(given, s)
		}
	}
	vips, err := config.Overrides{VIPs: stringsOf(c, "vip")}.Apply(config.Default())
	switch {
	case err != nil:
		return "", f, exitError{statusUsage, err}
	case len(given) > 1:
		return "", f, usageError("import: --%s and --%s: one source at a time", given[0].flag, given[1].flag)
	case len(given) == 1 && timesOf(c, given[0].flag) > 1:
		return "", f, usageError("import: --%s twice: one source at a time", given[0].flag)
	case len(given) == 0:
		return importMachine(c, netns, vips.VIPs)
	}
	path := c.String(given[0].flag)
	draft, err := given[0].read(path, names.System())
	if err != nil {
		return "", f, err
	}
	draft.Mark(vips.VIPs)
	if given[0].here {
		if err := placeHere(c, netns, &draft); err != nil {
			return "", f, err
		}
	}
	if len(draft.Services) == 0 && len(draft.VIPs) == 0 {
		return "", f, fmt.Errorf("%s: neither a virtual service nor a VIP is in it%s", path, because(draft.Remarks))
	}
	return path, draft.File(), nil
}

// timesOf is how often a flag is on the command line: the library keeps the last one.
func timesOf(c *cli.Context, flag string) (n int) {
	for _, word := range c.App.Metadata[argumentsKey].([]string) {
		name, isFlag := strings.CutPrefix(word, "-")
		name, _, _ = strings.Cut(strings.TrimPrefix(name, "-"), "=")
		if isFlag && name == flag {
			n++
		}
	}
	return n
}

// because tells the first thing that was not understood.
func because(remarks []string) string {
	if len(remarks) == 0 {
		return ""
	}
	return "; " + remarks[0]
}

// importMachine is what runs here.
func importMachine(c *cli.Context, netns string, vips []netip.Addr) (from string, f imports.File, err error) {
	if err := enterNamespace(netns); err != nil {
		return "", f, err
	}
	found, err := findMachine(systemOf(c))
	if err != nil {
		return "", f, err
	}
	role, draft := plan.Director, found.Director()
	if len(found.Services) == 0 {
		role, draft = plan.RealServer, found.RealServer()
		if len(draft.VIPs) == 0 {
			return "", f, errors.New("neither a virtual service nor a VIP is here")
		}
	}
	draft.Mark(vips)
	f = draft.File()
	if len(f.Config.AllVIPs()) > 0 {
		rehearse(c, role, &f)
	}
	return wordsOf(role).machine, f, nil
}

// placeHere has the VIPs where this machine has them, if it has.
func placeHere(c *cli.Context, netns string, draft *imports.Draft) error {
	if err := enterNamespace(netns); err != nil {
		return err
	}
	m, err := systemOf(c).openMachine(noTable)
	if err != nil {
		return err
	}
	defer m.Close()
	addresses, _, err := findAddresses(m)
	if err == nil {
		draft.Place(addresses)
	}
	return err
}

// findMachine takes from a machine what a configuration says.
func findMachine(sys system) (found imports.Machine, err error) {
	m, err := sys.openMachine(anyTable)
	if err != nil {
		return found, err
	}
	defer m.Close()
	if found.Services, err = findServices(m); err != nil {
		return found, fmt.Errorf("read the ipvs table: %w", err)
	}
	if found.Timeouts, err = m.Timeouts(); err != nil {
		return found, fmt.Errorf("read the timeouts of connections: %w", err)
	}
	if found.Daemons, err = m.Daemons(); err != nil {
		return found, fmt.Errorf("read the synchronisation daemons: %w", err)
	}
	addresses, parameters, err := findAddresses(m)
	if err != nil {
		return found, err
	}
	found.Addresses = addresses
	for _, name := range parameters {
		one := imports.ARP{Interface: name}
		if one.Ignore, err = m.Get(host.LinkParameter(name, "arp_ignore")); err == nil {
			one.Announce, err = m.Get(host.LinkParameter(name, "arp_announce"))
		}
		if err != nil {
			return found, fmt.Errorf("read the ARP settings of %s: %w", name, err)
		}
		found.ARP = append(found.ARP, one)
	}
	return found, nil
}

// findAddresses are the addresses of a machine, and the names that its interfaces
// have among the parameters of the kernel.
func findAddresses(m machine) (all []imports.Address, parameters []string, err error) {
	links, err := m.Links()
	if err != nil {
		return nil, nil, fmt.Errorf("read interfaces: %w", err)
	}
	addresses, err := m.AddressesOn(links)
	if err != nil {
		return nil, nil, fmt.Errorf("read addresses: %w", err)
	}
	silent := map[string]bool{}
	parameters = []string{"all"}
	for _, l := range links {
		silent[l.Name] = l.Silent()
		parameters = append(parameters, l.Name)
	}
	for _, a := range addresses {
		all = append(all, imports.Address{Prefix: a.Prefix, Interface: a.Interface, Label: a.Label, Silent: silent[a.Interface]})
	}
	return all, parameters, nil
}

// findServices are the services of the table, and their real servers oldest
// first.
func findServices(t plan.Table) (all []imports.Service, err error) {
	entries, err := t.Services(ipvs.Everything)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		destinations, err := t.Destinations(&e, ipvs.Everything, nil)
		if err != nil {
			return nil, err
		}
		s := imports.Service{Service: e.Service}
		for _, d := range slices.Backward(destinations) {
			s.Destinations = append(s.Destinations, d.Destination)
		}
		all = append(all, s)
	}
	return all, nil
}

// rehearse adds to the remarks what start would still do with the file.
func rehearse(c *cli.Context, role plan.Role, f *imports.File) {
	o := order{
		Claimant: plan.Claimant{Role: role}, verb: "import", config: f.Config, system: systemOf(c),
		stdout: io.Discard, stderr: io.Discard, warnings: io.Discard,
	}
	verb := string(role) + " start"
	s, err := o.here()
	if err == nil {
		err = s.open(anyTable)
	}
	var p plan.Plan
	if err == nil {
		p, err = s.compare(plan.Start)
	}
	if err != nil {
		f.Remark(fmt.Sprintf("%s would fail: %s", verb, lines(err)[0]))
	}
	for _, change := range p.Changes {
		f.Remark(fmt.Sprintf("%s would do: %s", verb, change.Line))
	}
}
