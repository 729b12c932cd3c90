package check

import (
	"net/netip"
	"slices"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// masquerading are the real servers on other machines whose answers this director
// forwards.
func (m *facts) masquerading() []server {
	return slices.DeleteFunc(slices.Clone(m.servers), func(r server) bool {
		return !slices.Contains(r.forwards, ipvs.Masquerade) || m.hops[r.addr].value.Local
	})
}

// forwarding is the parameter by which the kernel forwards what comes from a real
// server: for IPv4 that of the interface, for IPv6 one for all (kernel:
// ip-sysctl.rst).
func forwarding(addr netip.Addr, link string) string {
	switch {
	case addr.Is6():
		return "net.ipv6.conf.all.forwarding"
	case link == "":
		return "net.ipv4.ip_forward"
	}
	return host.LinkParameter(link, "forwarding")
}

// judgeForwarding looks whether the answers of real servers that are masqueraded
// get through this director: they come to it as to a router (measured on Linux 6.1:
// with ip_forward 0 no client gets an answer). Direct routing and tunnels need no
// forwarding.
func judgeForwarding(m *facts, f *finding) error {
	var judged []string
	for _, r := range m.masquerading() {
		name := forwarding(r.addr, m.hops[r.addr].value.Interface)
		if slices.Contains(judged, name) {
			continue
		}
		judged = append(judged, name)
		value, err := m.sysctl(name)
		switch {
		case err != nil:
			return err
		case value != 0:
			f.pass("%s is %d", name, value)
			continue
		}
		f.fail("%s is 0", name)
		if r.addr.Is4() {
			f.mend("sysctl -w net.ipv4.ip_forward=1") // which sets it for all interfaces
		} else {
			f.mend("sysctl -w " + name + "=1")
		}
	}
	if judged == nil {
		f.pass("not needed: nothing is masqueraded")
	}
	return nil
}
