package health

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// echoing is the echo of one family of addresses.
type echoing struct {
	request, reply   icmp.Type
	protocol         int
	any, raw, pinger string // address and networks of [icmp.ListenPacket]
}

var (
	echo4 = echoing{ipv4.ICMPTypeEcho, ipv4.ICMPTypeEchoReply, 1, "0.0.0.0", "ip4:icmp", "udp4"}
	echo6 = echoing{ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply, 58, "::", "ip6:ipv6-icmp", "udp6"}
)

// Alive reports whether a machine answers an ICMP echo before the context ends.
// It needs CAP_NET_RAW, or a group in net.ipv4.ping_group_range.
func Alive(ctx context.Context, machine netip.Addr) bool {
	machine = machine.Unmap()
	e, zone := echo4, machine.Zone()
	if machine.Is6() {
		e = echo6
	}
	to := net.Addr(&net.UDPAddr{IP: machine.AsSlice(), Zone: zone})
	conn, err := icmp.ListenPacket(e.pinger, e.any)
	if err != nil {
		to = &net.IPAddr{IP: machine.AsSlice(), Zone: zone}
		conn, err = icmp.ListenPacket(e.raw, e.any)
	}
	if err != nil {
		return false
	}
	defer conn.Close()
	defer endWith(ctx, conn)()
	token := binary.NativeEndian.AppendUint64(nil, rand.Uint64()) // a raw socket hears what others are answered
	request, err := (&icmp.Message{Type: e.request, Body: &icmp.Echo{Data: token}}).Marshal(nil)
	if err != nil {
		return false
	}
	if _, err := conn.WriteTo(request, to); err != nil {
		return false
	}
	for b := make([]byte, 1500); ; {
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			return false
		}
		if e.replies(b[:n], token) {
			return true
		}
	}
}

// replies reports whether a message is the reply that has the token.
func (e echoing) replies(message, token []byte) bool {
	m, err := icmp.ParseMessage(e.protocol, message)
	if err != nil || m.Type != e.reply {
		return false
	}
	echo, ok := m.Body.(*icmp.Echo)
	return ok && bytes.Equal(echo.Data, token)
}
