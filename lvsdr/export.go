package lvsdr

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/hint"
	"lvsdr/internal/keepalived"
)

// exportCommand is "lvsdr export".
func exportCommand() *cli.Command {
	return &cli.Command{
		Name:        "export",
		Usage:       "print the configuration for keepalived",
		Subcommands: []*cli.Command{exportKeepalivedCommand()},
	}
}

func exportKeepalivedCommand() *cli.Command {
	return &cli.Command{
		Name:  "keepalived",
		Usage: "print a keepalived.conf for two directors",
		Description: "It has the same virtual services, real servers and health checks, and a VIP that\n" +
			"moves to the second director when the first one is lost. Its comments say what\n" +
			"remains to be done, and what keepalived cannot do.",
		Flags: append(append(globalFlags(), configFlags()...),
			&cli.StringFlag{Name: "interface", Usage: "`INTERFACE` of the VIP and between the directors", DefaultText: "where vs start announces the VIP"},
			&cli.StringFlag{Name: "router-id", Usage: "`NUMBER` that VRRP knows the directors by, 1 to 255", Value: "51"},
			&cli.StringFlag{Name: "priority", Usage: "`NUMBER` of this director, 1 to 254; the highest gets the VIP", Value: "100"},
			&cli.BoolFlag{Name: "vrrp-only", Usage: "only move the VIP: vs watch keeps the services on both directors"},
			&cli.StringSliceFlag{Name: "peer", Usage: "`ADDRESS` of the other director, for VRRP without multicast; repeatable: IPv4, IPv6"},
			&cli.StringFlag{Name: "check", Usage: "tcp[:PORT] or http[:PORT][/PATH] (`CHECK`); port 443 is checked over TLS", DefaultText: "the file's, else tcp"},
			&cli.StringSliceFlag{Name: "sorry-server", Usage: "`ADDR[:PORT]` that answers when all real servers are down; repeatable: IPv4, IPv6"}),
		Action: exportKeepalived,
	}
}

func exportKeepalived(c *cli.Context) error {
	if boolOf(c, "json") {
		return usageError("export keepalived: --json, expected none: it is a file of keepalived's")
	}
	cfg, err := configOf(c)
	if err == nil {
		err = requireComplete(c, cfg, config.Config.Validate)
	}
	if err != nil {
		return err
	}
	o, err := exportOptions(c, cfg)
	if err != nil {
		return exitError{statusUsage, err}
	}
	lost, err := keepalived.Write(c.App.Writer, cfg, o)
	if err == nil && lost > 0 {
		fmt.Fprintf(c.App.ErrWriter, "lvsdr: export keepalived: warning: %s of the file that keepalived does not do: see the comments \"Not exported\"\n", things(lost))
	}
	return err
}

// exportOptions are the options that the flags make.
func exportOptions(c *cli.Context, cfg config.Config) (o keepalived.Options, err error) {
	id, err := config.ParseNumber("--router-id", c.String("router-id"), 1, 255)
	if err != nil {
		return o, err
	}
	priority, err := config.ParseNumber("--priority", c.String("priority"), 1, 254)
	if err != nil {
		return o, err
	}
	o = keepalived.Options{RouterID: uint8(id), Priority: uint8(priority)}
	if word := c.String("check"); word != "" {
		check, wrong := keepalived.ParseCheck(word)
		if wrong != "" {
			return o, fmt.Errorf("--check %q: %s, expected %s", word, wrong, keepalived.CheckForms)
		}
		o.Check = &check
	}
	o.VRRPOnly = c.Bool("vrrp-only")
	for _, word := range c.StringSlice("peer") {
		peer, err := config.ParseAddress("--peer", word)
		if err != nil {
			return o, err
		}
		o.Peers = append(o.Peers, peer)
	}
	for _, flag := range []string{"check", "sorry-server"} {
		if o.VRRPOnly && c.IsSet(flag) {
			return o, fmt.Errorf("--%s with --vrrp-only, expected one of them: vs watch asks the real servers", flag)
		}
	}
	for _, word := range c.StringSlice("sorry-server") {
		server, err := config.ParseServer("--sorry-server", word)
		if err != nil {
			return o, err
		}
		o.Sorry = append(o.Sorry, server)
	}
	if o.Interface, err = exportInterface(c, cfg.AllVIPs()); err != nil {
		return o, err
	}
	return o, o.Validate(cfg)
}

// exportInterface is the interface that --interface names or, on a machine that
// has just one such, where its neighbours look for the VIPs.
func exportInterface(c *cli.Context, vips []netip.Addr) (string, error) {
	if word := c.String("interface"); word != "" {
		return config.ParseInterface("--interface", word)
	}
	found, err := facing(c, vips)
	if err == nil && len(found) == 1 {
		return found[0], nil
	}
	switch {
	case err != nil:
		err = fmt.Errorf("export keepalived: find the interface for the VIP: %w", err)
	case len(found) == 0:
		err = errors.New("export keepalived: no interface of this machine faces the clients of the VIP")
	default:
		err = fmt.Errorf("export keepalived: the VIP could be on %s", strings.Join(found, " or "))
	}
	return "", hint.Add(err, "say which: --interface NAME")
}

// facing are the interfaces of this machine that face the clients of the VIPs.
func facing(c *cli.Context, vips []netip.Addr) ([]string, error) {
	if err := enterNamespace(stringOf(c, "netns")); err != nil {
		return nil, err
	}
	m, err := systemOf(c).openMachine(noTable)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, vip := range vips {
		links, err := m.Facing(vip)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if !slices.Contains(names, l.Name) {
				names = append(names, l.Name)
			}
		}
	}
	return names, nil
}
