package lab

import (
	"net"
	"net/netip"

	"lvsdr/internal/lab/vnet"
)

// handshake picks the packets of the first three-way handshake with service
// out of a capture, in the order in which they crossed the switch: the SYN,
// its answer, and the ACK of that. Direct routing sends the client's packets
// across it twice, once to the director and once to the real server.
func handshake(frames []vnet.Frame, service netip.AddrPort) []segment {
	var shake []segment
	var client netip.AddrPort
	var syn, answer segment
	for _, f := range frames {
		s, ok := decodeFrame(f.Data)
		switch {
		case !ok:
		case s.destination == service && s.flags == synFlag && (len(shake) == 0 || s.source == client):
			client, syn = s.source, s
			shake = append(shake, s)
		case len(shake) == 0:
		case s.source == service && s.destination == client && s.flags == synFlag|ackFlag:
			answer = s
			shake = append(shake, s)
		case s.source == client && s.destination == service && acknowledges(s, syn, answer):
			shake = append(shake, s)
		}
	}
	return shake
}

// acknowledges reports whether s is the last packet of a handshake: what
// follows has other numbers, or carries something.
func acknowledges(s, syn, answer segment) bool {
	return s.flags == ackFlag && s.payload == 0 && answer.flags != 0 && s.seq == syn.seq+1 && s.ack == answer.seq+1
}

// packets names the hosts of segments by their Ethernet addresses.
func packets(segments []segment, hostOf func(net.HardwareAddr) string) []Packet {
	all := make([]Packet, len(segments))
	for i, s := range segments {
		all[i] = Packet{
			Number: i + 1, Flags: s.flags.String(),
			From: hostOf(s.from), FromMAC: s.from.String(), To: hostOf(s.to), ToMAC: s.to.String(),
			Source: s.source, Destination: s.destination,
		}
	}
	return all
}
