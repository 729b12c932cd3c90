package imports

import (
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/ipvs"
)

// Machine is what was found on one.
type Machine struct {
	Services  []Service
	Addresses []Address
	Timeouts  ipvs.Timeouts
	Daemons   []ipvs.Daemon
	ARP       []ARP // of "all" and of each interface
}

// Address is an address of the machine.
type Address struct {
	Prefix    netip.Prefix
	Interface string
	Label     string
	Silent    bool // the interface is loopback, or one without ARP
}

// ARP is what an interface has of the parameters that keep it from answering for
// VIPs.
type ARP struct {
	Interface        string
	Ignore, Announce int
}

// What the kernel has where nobody says anything else (ipvsadm(8)).
var (
	defaultTimeouts = ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300}
	defaultGroup    = netip.AddrFrom4([4]byte{224, 0, 0, 81})
)

const (
	defaultSyncPort = 8848
	defaultSyncTTL  = 1
)

// Director is the draft of a machine with a table.
func (m Machine) Director() Draft {
	d := Draft{Services: m.Services, Daemons: slices.Clone(m.Daemons), InUse: true}
	if m.Timeouts != defaultTimeouts {
		d.Timeouts = m.Timeouts
	}
	for i := range d.Daemons {
		one := &d.Daemons[i]
		if one.Group == defaultGroup {
			one.Group = netip.Addr{}
		}
		if one.Port == defaultSyncPort {
			one.Port = 0
		}
		if one.TTL == defaultSyncTTL {
			one.TTL = 0
		}
	}
	for i := range d.Services {
		d.Services[i].Forward = method(d.Services[i].Destinations)
	}
	vips := d.allVIPs()
	marks := slices.ContainsFunc(d.Services, func(s Service) bool { return s.FWMark != 0 })
	for _, a := range m.Addresses {
		if !a.looksLikeVIP() && !strings.HasPrefix(a.Label, a.Interface+":") {
			continue
		}
		if !slices.Contains(vips, a.Prefix.Addr()) && !slices.Contains(d.VIPs, a.Prefix.Addr()) {
			d.VIPs = append(d.VIPs, a.Prefix.Addr())
			if !marks {
				d.remark("%s is on %s, but no service is on it: this machine may be a real server as well, of another director", a.Prefix, a.Interface)
			}
		}
	}
	m.labelDirector(&d)
	return d
}

// method is how most of some destinations are reached.
func method(all []ipvs.Destination) ipvs.Forward {
	count := map[ipvs.Forward]int{}
	most := ipvs.DirectRoute
	for _, d := range all {
		if count[d.Forward]++; count[d.Forward] > count[most] {
			most = d.Forward
		}
	}
	return most
}

// looksLikeVIP reports whether a real server would have a VIP like that: of full
// mask, where nobody asks for it.
func (a Address) looksLikeVIP() bool {
	addr := a.Prefix.Addr()
	return a.Silent && a.Prefix.IsSingleIP() && !addr.IsLoopback() && !addr.IsLinkLocalUnicast()
}

// labelDirector finds out where the VIPs are. IPv4 decides, since IPv6 has no
// labels.
func (m Machine) labelDirector(d *Draft) {
	vips := slices.Concat(d.allVIPs(), d.VIPs)
	at, strays := home(m.Addresses, vips)
	switch {
	case at.Interface == "":
		if len(vips) > 0 {
			d.remark("no VIP is on this machine: another director may have them; vs start would put them here")
		}
		return
	case at.Silent:
		d.Label = labelOf(at)
	default:
		d.DirectorLabel = labelOf(at)
	}
	for _, a := range strays {
		d.remark("%s is on %s, not on %s as others: a file has one place for VIPs; make a second file for it", a.Prefix, a.Interface, at.Interface)
	}
}

// Place has the VIPs of a director where this machine has them, if it has any.
func (d *Draft) Place(all []Address) {
	vips := slices.Concat(d.allVIPs(), d.VIPs)
	if at, _ := home(all, vips); at.Interface != "" {
		Machine{Addresses: all}.labelDirector(d)
	}
}

// RealServer is the draft of a machine without a table.
func (m Machine) RealServer() Draft {
	d := Draft{InUse: true, ARP: []string{}}
	carried := slices.DeleteFunc(slices.Clone(m.Addresses), func(a Address) bool { return !a.looksLikeVIP() })
	for _, a := range carried {
		if !slices.Contains(d.VIPs, a.Prefix.Addr()) {
			d.VIPs = append(d.VIPs, a.Prefix.Addr())
		}
	}
	at, strays := home(carried, d.VIPs)
	d.Label = labelOf(at)
	for _, a := range strays {
		d.VIPs = slices.DeleteFunc(d.VIPs, func(vip netip.Addr) bool { return vip == a.Prefix.Addr() })
		d.remark("not imported: %s is on %s, not on %s as others: a file has one place for VIPs; make a second file for it", a.Prefix, a.Interface, at.Interface)
	}
	if len(d.VIPs) > 0 {
		d.remark("a real server does not know the services: port 80 is a placeholder; better use the director's file")
	}
	for _, p := range m.ARP {
		switch {
		case p.Ignore >= 1 && p.Announce >= 2:
			d.ARP = append(d.ARP, p.Interface)
		case p.Ignore > 0 || p.Announce > 0:
			d.remark("%s has arp_ignore %d and arp_announce %d: the file raises them to at least 1 and 2, and leaves this interface out",
				p.Interface, p.Ignore, p.Announce)
		}
	}
	if len(d.ARP) == 0 && slices.ContainsFunc(d.VIPs, netip.Addr.Is4) {
		d.remark("nothing keeps this machine from answering ARP for the VIP; what does: arp: {interfaces: [all, lo]}")
	}
	return d
}

// home is the address of the interface that has most of the VIPs, and strays are
// VIPs on others.
func home(all []Address, vips []netip.Addr) (at Address, strays []Address) {
	count := map[string]int{}
	for _, v4 := range []bool{true, false} {
		for _, a := range all {
			if addr := a.Prefix.Addr(); slices.Contains(vips, addr) && addr.Is4() == v4 {
				if count[a.Interface]++; count[a.Interface] > count[at.Interface] {
					at = a
				}
			}
		}
		if at.Interface != "" {
			break
		}
	}
	for _, a := range all {
		if addr := a.Prefix.Addr(); slices.Contains(vips, addr) && addr.Is4() == at.Prefix.Addr().Is4() && a.Interface != at.Interface {
			strays = append(strays, a)
		}
	}
	return at, strays
}

// labelOf is the label of an address, or one for it; "" without an address, and
// where the interface's name leaves no room for an alias.
func labelOf(a Address) string {
	const room = 15 // IFNAMSIZ of linux/if.h, less the NUL
	label := a.Interface + ":1"
	if strings.HasPrefix(a.Label, a.Interface+":") {
		label = a.Label
	}
	if a.Interface == "" || len(label) > room {
		return ""
	}
	return label
}
