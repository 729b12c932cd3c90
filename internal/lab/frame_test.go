package lab

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// synFrame is a frame that was captured on the bridge: router → lvs, the
// client's SYN.
var synFrame = mustHex(`
000c2919bf73 000c299172d3 0800
4500 003c 1c46 4000 3f06 0000 c0a80006 ac100064
a2b0 0050 11223344 00000000 a002 faf0 0000 0000
020405b4 0402080a 00000000 00000000 01030307`)

func mustHex(text string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// changed is the frame with other bytes from an offset on.
func changed(offset int, bytes ...byte) []byte {
	b := append([]byte(nil), synFrame...)
	copy(b[offset:], bytes)
	return b
}

func TestDecodeFrame(t *testing.T) {
	s, ok := decodeFrame(synFrame)
	if !ok {
		t.Fatal("not understood")
	}
	for _, c := range []struct{ name, got, want string }{
		{"from", s.from.String(), "00:0c:29:91:72:d3"},
		{"to", s.to.String(), "00:0c:29:19:bf:73"},
		{"source", s.source.String(), "192.168.0.6:41648"},
		{"destination", s.destination.String(), "172.16.0.100:80"},
		{"flags", s.flags.String(), "SYN"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %s, want %s", c.name, c.got, c.want)
		}
	}
	if s.seq != 0x11223344 || s.ack != 0 || s.payload != 0 {
		t.Errorf("seq %#x, ack %#x, payload %d; want 0x11223344, 0, 0", s.seq, s.ack, s.payload)
	}
}

func TestDecodeFrameLengths(t *testing.T) {
	options := changed(14, 0x46, 0, 0, 64)
	options = slices.Insert(options, 34, 1, 1, 1, 1) // no operation
	for _, c := range []struct {
		name    string
		frame   []byte
		payload int
	}{
		{"a TCP header without options", changed(46, 0x50), 20},
		{"an IPv4 header with options", options, 0},
		{"padding behind", append(changed(0), 0, 0, 0, 0), 0},
	} {
		s, ok := decodeFrame(c.frame)
		if !ok || s.payload != c.payload || s.source.Port() != 41648 {
			t.Errorf("%s: %t, payload %d from port %d; want %d from 41648", c.name, ok, s.payload, s.source.Port(), c.payload)
		}
	}
}

func TestDecodeFrameRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		frame []byte
	}{
		{"nothing", nil},
		{"ARP", changed(12, 0x08, 0x06)},
		{"IPv6", changed(12, 0x86, 0xdd)},
		{"version 6 under IPv4's number", changed(14, 0x65)},
		{"UDP", changed(23, 17)},
		{"a later fragment", changed(20, 0x20, 0x01)},
		{"an IPv4 header that is too short", changed(14, 0x44)},
		{"an IPv4 header beyond the end", changed(14, 0x4f, 0, 0, 60)},
		{"a length beyond the frame", changed(16, 0, 61)},
		{"a length without a TCP header", changed(16, 0, 39)},
		{"a TCP header that is too short", changed(46, 0x40)},
		{"a TCP header beyond the end", changed(46, 0xf0)},
		{"a piece of the frame", synFrame[:50]},
	} {
		if s, ok := decodeFrame(c.frame); ok {
			t.Errorf("%s: understood as %+v", c.name, s)
		}
	}
}

func TestFlagsString(t *testing.T) {
	for flags, want := range map[tcpFlags]string{
		synFlag:           "SYN",
		synFlag | ackFlag: "SYN,ACK",
		pshFlag | ackFlag: "PSH,ACK",
		finFlag | ackFlag: "FIN,ACK",
		rstFlag:           "RST",
		0:                 "",
	} {
		if got := flags.String(); got != want {
			t.Errorf("%#x is %q, want %q", byte(flags), got, want)
		}
	}
}

func FuzzDecodeFrame(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(synFrame)
	f.Add(synFrame[:40])
	f.Add(changed(14, 0x4f))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := decodeFrame(b)
		if ok && (s.payload < 0 || s.payload > len(b) || len(s.from) != 6 || len(s.to) != 6 || !s.source.Addr().Is4()) {
			t.Errorf("%x is %+v", b, s)
		}
	})
}
