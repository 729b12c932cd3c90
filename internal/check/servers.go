package check

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// judgeOnLink looks for routers between the director and its real servers.
func judgeOnLink(m *facts, f *finding) error {
	if m.links.err != nil {
		return m.links.err
	}
	for _, r := range m.servers {
		if r.drained || !r.direct() {
			continue
		}
		hop, err := m.hops[r.addr].get()
		switch {
		case err == nil && hop.Local:
			f.pass("%s is this machine", r.addr)
		case err == nil && !hop.Gateway:
			f.pass("%s is on %s", r.addr, hop.Interface)
		default:
			if err := m.reportDistant(r.addr, err, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// reportDistant is about a real server behind a router, or without a route to it.
// If a route hides the network that it is in, that route can go. Otherwise only another
// place or another forwarding method helps, and it gets no connections meanwhile.
func (m *facts) reportDistant(addr netip.Addr, noWay error, f *finding) error {
	if noWay != nil {
		f.fail("there is no route to %s (%v)", addr, noWay)
	} else {
		f.fail("%s is behind a router", addr)
	}
	routes, err := m.routes.get()
	if err != nil {
		return err
	}
	if hiding := hidingRoute(addr, routes); hiding.IsValid() {
		f.mend(fmt.Sprintf("ip route del %s", hiding))
		return nil
	}
	f.mend(m.Lvsdr("vs", "drain", addr.String()))
	return nil
}

// hidingRoute is a route by way of a router to a part of a network that is on
// the link.
func hidingRoute(addr netip.Addr, routes []host.Route) netip.Prefix {
	var hiding netip.Prefix
	onLink := -1
	for _, r := range routes {
		if !r.Prefix.Contains(addr) {
			continue
		}
		switch {
		case !r.Gateway:
			onLink = max(onLink, r.Prefix.Bits())
		case !hiding.IsValid() || r.Prefix.Bits() > hiding.Bits():
			hiding = r.Prefix
		}
	}
	if onLink > 0 && hiding.IsValid() && hiding.Bits() > onLink {
		return hiding
	}
	return netip.Prefix{}
}

// reachable are the real servers that could take a connection: who does not
// even answer its neighbours is not tried.
func (m *facts) reachable() []server {
	return slices.DeleteFunc(slices.Clone(m.servers), func(r server) bool {
		link, near := m.onLink(r.addr)
		return r.drained || near && m.answers.err == nil && !m.answered(r.addr, link)
	})
}

// connect tries a connection to every endpoint that may take one.
func (m *facts) connect(k Kernel, wait time.Duration) map[endpoint]fact[error] {
	connections := map[endpoint]fact[error]{}
	if !m.mayConnect() {
		return connections
	}
	for _, protocol := range []ipvs.Protocol{ipvs.TCP, ipvs.SCTP} {
		var addrs []netip.AddrPort
		for _, r := range m.reachable() {
			for _, e := range r.endpoints() {
				switch {
				case e.protocol != protocol:
				case m.holdsBack(e.packet(), r.addr, onward...):
					connections[e] = fact[error]{err: errHeldBack}
				default:
					addrs = append(addrs, e.addr)
				}
			}
		}
		if addrs == nil {
			continue
		}
		results, err := k.Connect(protocol, addrs, wait)
		for i, addr := range addrs {
			connection := fact[error]{err: err}
			if err == nil {
				connection.value = results[i]
			}
			connections[endpoint{protocol, addr}] = connection
		}
	}
	return connections
}

// mayConnect reports whether it is known who can be connected to. Asking the
// neighbours needs permission that connections do not.
func (m *facts) mayConnect() bool {
	return m.answers.err == nil || errors.Is(m.answers.err, syscall.EPERM)
}

// judgePorts is about connections to the real servers, and about what they serve
// on VIPs that they keep to themselves.
func judgePorts(m *facts, f *finding) error {
	if !m.mayConnect() {
		return m.answers.err
	}
	for _, protocol := range []ipvs.Protocol{ipvs.UDP, ipvs.TCP, ipvs.SCTP} {
		for _, r := range m.reachable() {
			own, vips := m.asked(r)
			for _, e := range own {
				if e.protocol != protocol {
					continue
				}
				if err := m.judgeConnection(e, f); err != nil {
					return err
				}
			}
			if protocol == ipvs.TCP && vips != nil {
				m.judgeServed(r, vips, f)
			}
		}
	}
	return nil
}

func (m *facts) judgeConnection(e endpoint, f *finding) error {
	if e.protocol == ipvs.UDP {
		f.unknown("%s: a udp port cannot be probed", e)
		return nil
	}
	connection, err := m.connections[e].get()
	switch {
	case err != nil:
		return err
	case connection == nil:
		f.pass("%s accepts", e)
	case errors.Is(connection, syscall.EPROTONOSUPPORT):
		f.unknown("%s: this kernel has no %s loaded to connect with", e, ipvs.Protocols.Name(e.protocol))
	default:
		f.fail("%s: %v", e, connection).mend(m.Lvsdr("vs", "drain", e.addr.Addr().String()))
	}
	return nil
}
