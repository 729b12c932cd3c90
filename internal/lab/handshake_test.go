package lab

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/lab/vnet"
)

// The hosts of the tests' captures; the last byte of their Ethernet addresses.
const (
	atRouter = 0xd3
	atLVS    = 0x73
	atRS1    = 0x2b
)

// tcp is a frame of the tutorial's network.
type tcp struct {
	from, to    byte
	back        bool // from the service to the client
	port        uint16
	flags       tcpFlags
	seq, ack    uint32
	payload     int
	destination byte // last byte of the service's address, if it is another one
}

func (p tcp) frame() vnet.Frame {
	b := append(changed(46, 0x50)[:54], make([]byte, p.payload)...)
	b[5], b[11] = p.to, p.from
	binary.BigEndian.PutUint16(b[16:], uint16(len(b)-ethernetHeader))
	if p.destination != 0 {
		b[33] = p.destination
	}
	binary.BigEndian.PutUint16(b[34:], p.port)
	if p.back {
		client, service := string(b[26:30])+string(b[34:36]), string(b[30:34])+string(b[36:38])
		copy(b[26:], service[:4]+client[:4]+service[4:]+client[4:])
	}
	binary.BigEndian.PutUint32(b[38:], p.seq)
	binary.BigEndian.PutUint32(b[42:], p.ack)
	b[47] = byte(p.flags)
	return vnet.Frame{Data: b, Length: len(b)}
}

// Pieces of a connection from port 5000; the client counts from 100, the
// service from 900.
var (
	syn1     = tcp{from: atRouter, to: atLVS, port: 5000, flags: synFlag, seq: 100}
	syn2     = tcp{from: atLVS, to: atRS1, port: 5000, flags: synFlag, seq: 100}
	synAck   = tcp{from: atRS1, to: atRouter, back: true, port: 5000, flags: synFlag | ackFlag, seq: 900, ack: 101}
	ack1     = tcp{from: atRouter, to: atLVS, port: 5000, flags: ackFlag, seq: 101, ack: 901}
	ack2     = tcp{from: atLVS, to: atRS1, port: 5000, flags: ackFlag, seq: 101, ack: 901}
	get1     = tcp{from: atRouter, to: atLVS, port: 5000, flags: pshFlag | ackFlag, seq: 101, ack: 901, payload: 60}
	get2     = tcp{from: atLVS, to: atRS1, port: 5000, flags: pshFlag | ackFlag, seq: 101, ack: 901, payload: 60}
	answer   = tcp{from: atRS1, to: atRouter, back: true, port: 5000, flags: ackFlag, seq: 901, ack: 161}
	later    = tcp{from: atRouter, to: atLVS, port: 5000, flags: ackFlag, seq: 161, ack: 950}
	otherSyn = tcp{from: atRouter, to: atLVS, port: 6000, flags: synFlag, seq: 7}
	otherAck = tcp{from: atRouter, to: atLVS, port: 6000, flags: ackFlag, seq: 101, ack: 901}
	toRIP    = tcp{from: atRouter, to: atRS1, port: 5000, flags: synFlag, seq: 100, destination: 7}
	stray    = tcp{from: atRS1, to: atRouter, back: true, port: 5000, flags: synFlag | ackFlag, seq: 1, ack: 2}
)

func TestHandshake(t *testing.T) {
	five := []string{
		"SYN d3→73 192.168.0.6:5000→172.16.0.100:80",
		"SYN 73→2b 192.168.0.6:5000→172.16.0.100:80",
		"SYN,ACK 2b→d3 172.16.0.100:80→192.168.0.6:5000",
		"ACK d3→73 192.168.0.6:5000→172.16.0.100:80",
		"ACK 73→2b 192.168.0.6:5000→172.16.0.100:80",
	}
	for _, c := range []struct {
		name    string
		capture []tcp
		want    []string
	}{
		{"nothing", nil, nil},
		{"a whole request", []tcp{syn1, syn2, synAck, ack1, ack2, get1, get2, answer, later}, five},
		{"the request overtakes the last packet", []tcp{syn1, syn2, synAck, ack1, get1, ack2, get2}, five},
		{"another connection between", []tcp{syn1, otherSyn, syn2, synAck, otherAck, ack1, ack2}, five},
		{"the rest of an earlier one before", []tcp{stray, later, answer, syn1, syn2, synAck, ack1, ack2}, five},
		{"straight to a real server", []tcp{toRIP, answer}, nil},
		{"no answer, and a second attempt", []tcp{syn1, syn2, syn1, syn2, ack1},
			[]string{five[0], five[1], five[0], five[1]}},
	} {
		frames := []vnet.Frame{{}, {Data: []byte("not a frame")}}
		for _, p := range c.capture {
			frames = append(frames, p.frame())
		}
		var got []string
		for _, s := range handshake(frames, netip.MustParseAddrPort("172.16.0.100:80")) {
			got = append(got, fmt.Sprintf("%s %x→%x %s→%s", s.flags, s.from[5], s.to[5], s.source, s.destination))
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestPacketsNamesHosts(t *testing.T) {
	hostOf := func(mac net.HardwareAddr) string { return map[byte]string{atRouter: "router", atLVS: "lvs"}[mac[5]] }
	segments := handshake([]vnet.Frame{syn1.frame(), syn2.frame()}, netip.MustParseAddrPort("172.16.0.100:80"))
	client, service := netip.MustParseAddrPort("192.168.0.6:5000"), netip.MustParseAddrPort("172.16.0.100:80")
	want := []Packet{
		{1, "SYN", "router", "00:0c:29:91:72:d3", "lvs", "00:0c:29:19:bf:73", client, service},
		{2, "SYN", "lvs", "00:0c:29:91:72:73", "", "00:0c:29:19:bf:2b", client, service},
	}
	if d := cmp.Diff(want, packets(segments, hostOf), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
