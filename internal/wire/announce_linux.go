package wire

import (
	"net"
	"net/netip"

	"github.com/mdlayher/packet"

	"lvsdr/internal/host"
)

// Announce tells the neighbours on l that this machine has vip: by gratuitous
// ARP, both as a request and as a reply, or by an unsolicited neighbour
// advertisement. EPERM: CAP_NET_RAW is missing; ENETDOWN: l is down;
// EAFNOSUPPORT: it is not Ethernet.
func (Wire) Announce(l host.Link, vip netip.Addr) error {
	if err := ethernet(l); err != nil {
		return err
	}
	a := newAnnouncement(l.MAC, vip)
	conn, err := packet.Listen(&net.Interface{Index: l.Index, Name: l.Name}, packet.Datagram, a.etherType, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, p := range a.packets {
		if _, err := conn.WriteTo(p, &packet.Addr{HardwareAddr: a.to}); err != nil {
			return err
		}
	}
	return nil
}
