package lab

import (
	"context"
	"fmt"
	"io"
	"net/netip"

	"lvsdr/internal/host"
	"lvsdr/internal/lab/vnet"
)

// deed is a part of the construction, and the command that an administrator
// would type for it.
type deed struct {
	line string
	do   func() error
}

// carryOut does one deed after the other, and prints each on w.
func carryOut(ctx context.Context, w io.Writer, deeds []deed) error {
	for _, d := range deeds {
		if err := ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintln(w, d.line)
		if err := d.do(); err != nil {
			return fmt.Errorf("%s: %w", d.line, err)
		}
	}
	return nil
}

// construction lists the deeds that build the whole network.
func construction() []deed {
	var deeds []deed
	for _, name := range namespaces() {
		deeds = append(deeds, deed{"ip netns add " + name, func() error { return vnet.AddNamespace(name) }})
	}
	deeds = append(deeds, on(switchName, "link add "+bridge+" type bridge", func() error { return vnet.AddBridge(bridge) }))
	var outside []vnet.End
	for _, h := range hosts {
		deeds = append(deeds, h.plug()...)
		for _, l := range h.links {
			if !l.inside {
				outside = append(outside, h.end(l))
			}
		}
	}
	deeds = append(deeds, cable(outside[0], outside[1]))
	for _, h := range hosts {
		deeds = append(deeds, h.configure()...)
	}
	return deeds
}

// plug gives a host its parameters, before it has interfaces, which start with the
// default's, and its cables to the switch.
func (h labHost) plug() []deed {
	deeds := []deed{h.setParameters()}
	for _, l := range h.links {
		if l.inside {
			port := vnet.End{Namespace: namespace(switchName), Link: h.name}
			deeds = append(deeds, cable(h.end(l), port),
				on(switchName, "link set "+h.name+" master "+bridge, func() error { return vnet.Plug(h.name, bridge) }),
				on(switchName, "link set "+h.name+" up", func() error { return vnet.SetUp(h.name) }))
		}
	}
	return deeds
}

func (h labHost) end(l link) vnet.End {
	return vnet.End{Namespace: namespace(h.name), Link: l.name, MAC: l.hardware()}
}

// on is a deed of ip(8) in a host's namespace.
func on(host, words string, do func() error) deed {
	name := namespace(host)
	return deed{fmt.Sprintf("ip -n %s %s", name, words), func() error { return vnet.In(name, do) }}
}

// cable makes two interfaces, wired to each other.
func cable(a, b vnet.End) deed {
	line := fmt.Sprintf("ip -n %s link add %s type veth peer name %s netns %s", a.Namespace, endWords(a), endWords(b), b.Namespace)
	return deed{line, func() error { return vnet.AddVeth(a, b) }}
}

func endWords(e vnet.End) string {
	if e.MAC == nil {
		return e.Link
	}
	return e.Link + " address " + e.MAC.String()
}

// configure sets the interfaces of a host up, and gives it addresses and its
// default route.
func (h labHost) configure() []deed {
	var deeds []deed
	for _, l := range h.links {
		deeds = append(deeds, on(h.name, "link set "+l.name+" up", func() error { return vnet.SetUp(l.name) }))
		for _, text := range l.addresses {
			a := host.Address{Prefix: netip.MustParsePrefix(text), Interface: l.name, Label: l.name}
			deeds = append(deeds, on(h.name, "addr add "+text+" dev "+l.name, func() error {
				return host.NewHost().AddAddress(a)
			}))
		}
	}
	if h.gateway != "" {
		r := vnet.Route{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr(h.gateway)}
		deeds = append(deeds, on(h.name, "route add "+r.String(), func() error { return vnet.AddRoute(r) }))
	}
	return deeds
}

// parameter is a kernel parameter with its value.
type parameter struct {
	name  string
	value int
}

// parameters are the tutorial's values, or else the kernel's defaults: a new
// namespace may inherit those of the machine that the lab is on.
func (h labHost) parameters() []parameter {
	all := []parameter{{"net.ipv4.ip_forward", h.forward}} // first, since it resets others
	for _, link := range []string{"all", "default"} {
		all = append(all, parameter{host.LinkParameter(link, "rp_filter"), h.rpFilter})
	}
	all = append(all, parameter{host.LinkParameter("lo", "rp_filter"), 0})
	for _, link := range []string{"all", "default", "lo"} {
		for _, name := range []string{"arp_ignore", "arp_announce"} {
			all = append(all, parameter{host.LinkParameter(link, name), 0})
		}
	}
	return all
}

func (h labHost) setParameters() deed {
	line := "ip netns exec " + namespace(h.name) + " sysctl -qw"
	for _, p := range h.parameters() {
		line += fmt.Sprintf(" %s=%d", p.name, p.value)
	}
	return deed{line, func() error {
		return vnet.In(namespace(h.name), func() error {
			for _, p := range h.parameters() {
				if err := (host.Sysctl{}).Set(p.name, p.value); err != nil {
					return err
				}
			}
			return nil
		})
	}}
}
