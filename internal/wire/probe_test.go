package wire

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/bpf"

	"lvsdr/internal/host"
)

// The VIPs of the tests, which no LAN's network contains.
const vip4, vip6 = "172.16.0.100", "fd01::100"

// asking for a VIP from port 40000, with these numbers of sequence.
var (
	syn4 = segment{netip.MustParseAddrPort("10.0.0.8:40000"), netip.MustParseAddrPort(vip4 + ":80"), 0x01020304}
	syn6 = segment{netip.MustParseAddrPort("[fd00::8]:40000"), netip.MustParseAddrPort("[" + vip6 + "]:80"), 0x01020304}
)

const (
	syn4Bytes = "4500002c 0000 4000 01 06 c350 0a000008 ac100064" + syn4TCP
	syn4TCP   = "9c40 0050 01020304 00000000 6002 faf0 4713 0000 020404c4"
	syn6Bytes = "60000000 0018 06 02 fd000000000000000000000000000008 fd010000000000000000000000000100" +
		"9c40 0050 01020304 00000000 6002 faf0 0285 0000 020404c4"
)

// TestSegments compares with packets whose checksums another program made.
func TestSegments(t *testing.T) {
	last := syn6
	last.number = 0xffffffff // and 0 after it
	for _, tt := range []struct {
		name      string
		got, want string
	}{
		{"SYN", hex.EncodeToString(syn4.packet(flagSYN, oneHop)), syn4Bytes},
		{"SYN of IPv6", hex.EncodeToString(syn6.packet(flagSYN, twoHops)), syn6Bytes},
		{"RST", hex.EncodeToString(syn4.reset(oneHop)),
			"45000028 0000 4000 01 06 c354 0a000008 ac100064 9c40 0050 01020305 00000000 5004 0000 58cd 0000"},
		{"RST of IPv6", hex.EncodeToString(last.reset(oneHop)),
			"60000000 0014 06 01 fd000000000000000000000000000008 fd010000000000000000000000000100 9c40 0050 00000000 00000000 5004 0000 1846 0000"},
	} {
		if d := cmp.Diff(strings.ReplaceAll(tt.want, " ", ""), tt.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

const (
	head4 = "45000028 0000 4000 40 06 0000 ac100064 0a000008"
	head6 = "60000000 0014 06 40 fd010000000000000000000000000100 fd000000000000000000000000000008"
	icmp4 = "45c00048 1234 0000 40 01 0000 0a000007 0a000008"
	icmp6 = "60000000 0048 3a 40 fd000000000000000000000000000007 fd000000000000000000000000000008"
	tail  = " faf0 0000 0000"
)

// answers are packets that answer one of the SYNs, and what does not.
var answers = []struct {
	name string
	b    string
	want string // "" is no answer
}{
	{"SYN/ACK", head4 + "0050 9c40 11111111 01020305 5012" + tail, "0 by 172.16.0.100 about IPv4"},
	{"SYN/ACK with options and padding", strings.Replace(head4, "0028", "002c", 1) + "0050 9c40 11111111 01020305 6012" + tail + "020405b4 0000", "0 by 172.16.0.100 about IPv4"},
	{"SYN/ACK, ECN", head4 + "0050 9c40 11111111 01020305 5052" + tail, "0 by 172.16.0.100 about IPv4"},
	{"SYN/ACK of IPv6", head6 + "0050 9c40 11111111 01020305 5012" + tail, "0 by fd01::100 about IPv6"},
	{"RST", head4 + "0050 9c40 00000000 01020305 5014" + tail, "1 by 172.16.0.100 about IPv4"},
	{"RST of IPv6", head6 + "0050 9c40 00000000 01020305 5014" + tail, "1 by fd01::100 about IPv6"},
	{"the SYN itself", syn4Bytes, "4 by 10.0.0.8 about IPv4"},
	{"the SYN itself, of IPv6", syn6Bytes, "4 by fd00::8 about IPv6"},
	{"time exceeded", icmp4 + "0b00 0000 00000000" + syn4Bytes, "2 by 10.0.0.7 about IPv4"},
	{"time exceeded, eight bytes quoted", icmp4 + "0b00 0000 00000000 4500002c 0000 4000 00 06 c450 0a000008 ac100064 9c40 0050 01020304", "2 by 10.0.0.7 about IPv4"},
	{"time exceeded of IPv6", icmp6 + "0300 0000 00000000" + syn6Bytes, "2 by fd00::7 about IPv6"},
	{"unreachable", icmp4 + "030d 0000 00000000" + syn4Bytes, "3 by 10.0.0.7 about IPv4"},
	{"unreachable of IPv6", icmp6 + "0104 0000 00000000" + syn6Bytes, "3 by fd00::7 about IPv6"},

	{"SYN/ACK of another SYN", head4 + "0050 9c40 11111111 01020304 5012" + tail, ""},
	{"SYN/ACK of another port", head4 + "0051 9c40 11111111 01020305 5012" + tail, ""},
	{"ACK", head4 + "0050 9c40 11111111 01020305 5010" + tail, ""},
	{"RST that acknowledges nothing", head4 + "0050 9c40 01020305 01020305 5004" + tail, ""},
	{"FIN", head4 + "0050 9c40 11111111 01020305 5011" + tail, ""},
	{"cut short", head4 + "0050 9c40 11111111 01020305 5012", ""},
	{"header cut short", head4[:18], ""},
	{"header of IPv6 cut short", head6[:40], ""},
	{"header longer than the packet", strings.Replace(head4, "45", "4f", 1) + "0050 9c40 11111111 01020305 5012" + tail, ""},
	{"header too short", strings.Replace(head4, "45", "44", 1) + "0050 9c40 11111111 01020305 5012" + tail, ""},
	{"length less than the header", strings.Replace(head4, "0028", "0012", 1) + "0050 9c40 11111111 01020305 5012" + tail, ""},
	{"a later fragment", strings.Replace(head4, "4000", "2001", 1) + "0050 9c40 11111111 01020305 5012" + tail, ""},
	{"UDP", strings.Replace(head4, "40 06", "40 11", 1) + "0050 9c40 11111111 01020305 5012" + tail, ""},
	{"ICMP with IPv6's number", strings.Replace(icmp4, "40 01", "40 3a", 1) + "0300 0000 00000000" + syn4Bytes, ""},
	{"ICMPv6 with IPv4's number", strings.Replace(icmp6, "3a 40", "01 40", 1) + "0b00 0000 00000000" + syn6Bytes, ""},
	{"fragments lost", icmp4 + "0b01 0000 00000000" + syn4Bytes, ""},
	{"echo", icmp4 + "0000 0000 00000000" + syn4Bytes, ""},
	{"quote of nothing", icmp4 + "0b00 0000 00000000", ""},
	{"quote cut short", icmp4 + "0b00 0000 00000000 4500002c 0000 4000 00 06 c450 0a000008 ac100064 9c40 0050 010203", ""},
	{"quote of UDP", icmp4 + "0b00 0000 00000000 4500002c 0000 4000 00 11 c450 0a000008 ac100064 9c40 0050 01020304", ""},
	{"ICMP cut short", icmp4 + "0b00 0000 0000", ""},
	{"nothing", "", ""},
}

func TestHear(t *testing.T) {
	for _, tt := range answers {
		got := ""
		says, by, about, ok := hear(bytesOf(t, tt.b))
		switch {
		case ok && about == syn4:
			got = "IPv4"
		case ok && about == syn6:
			got = "IPv6"
		}
		if got != "" {
			got = string(rune('0'+says)) + " by " + by.String() + " about " + got
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// asked4 is an exchange that asks the neighbour 7 by syn4, and 17 as well.
func asked4(t testing.TB) (x *exchange, first, second *ProbeReply) {
	t.Helper()
	x, first, second = new(exchange), new(ProbeReply), new(ProbeReply)
	p := Probe{host.Link{Index: 2}, lastMAC(7), syn4.from.Addr(), syn4.to}
	x.add(p, syn4.from.Port(), first, func() {})
	p.MAC = lastMAC(17)
	x.add(p, 40001, second, func() {})
	delete(x.sent, x.probes[0].syn)
	x.probes[0].syn = syn4
	x.sent[syn4] = x.probes[0]
	return x, first, second
}

// again is an answer to syn4 that answers another SYN instead.
func again(b []byte, number uint32) []byte {
	old := binary.BigEndian.AppendUint32(nil, syn4.number)
	quoted := binary.BigEndian.AppendUint32(nil, number)
	acknowledged := binary.BigEndian.AppendUint32(nil, number+1)
	text := strings.ReplaceAll(string(b), string(old), string(quoted))
	return []byte(strings.ReplaceAll(text, "\x01\x02\x03\x05", string(acknowledged)))
}

func TestExchange(t *testing.T) {
	const (
		synAck      = head4 + "0050 9c40 11111111 01020305 5012" + tail
		rst         = head4 + "0050 9c40 11111111 01020305 5014" + tail
		exceededBy  = "0b00 0000 00000000" + syn4Bytes
		rejectedBy  = "030d 0000 00000000" + syn4Bytes
		fromVIP     = "45c00048 1234 0000 40 01 0000 ac100064 0a000008"
		neighbour   = 7
		somebody    = 9
		answersSYN  = "RST of the SYN with 1 hop"
		answersNext = "RST of the next SYN with 2 hops"
	)
	for _, tt := range []struct {
		name    string
		packets []string
		from    byte
		want    Outcome
		replies string
		waiting int // of two probes
	}{
		{"nothing", nil, neighbour, Silent, "", 2},
		{"SYN/ACK", []string{synAck}, neighbour, Served, answersSYN, 1},
		{"SYN/ACK by way of a router", []string{synAck}, somebody, Served, answersSYN, 1},
		{"SYN/ACK twice", []string{synAck, synAck}, neighbour, Served, answersSYN + "; " + answersSYN, 1},
		{"RST", []string{rst}, neighbour, Refused, "", 1},
		{"RST, then SYN/ACK", []string{rst, synAck}, neighbour, Refused, answersSYN, 1},
		{"rejected by itself", []string{fromVIP + rejectedBy}, neighbour, Rejected, "", 1},
		{"unreachable", []string{icmp4 + rejectedBy}, neighbour, Unrouted, "", 1},
		{"forwarded", []string{icmp4 + exceededBy}, neighbour, Forwarded, "", 1},
		{"passed on", []string{fromVIP + exceededBy}, neighbour, PassedOn, "the next SYN with 2 hops", 2},
		{"passed on, told twice", []string{fromVIP + exceededBy, fromVIP + exceededBy}, neighbour, PassedOn, "the next SYN with 2 hops", 2},
		{"passed on, late SYN/ACK", []string{fromVIP + exceededBy, synAck}, neighbour, PassedOn, "the next SYN with 2 hops; RST of the SYN with 2 hops", 2},
		{"translated", []string{fromVIP + exceededBy, "next " + synAck}, neighbour, Served, "the next SYN with 2 hops; " + answersNext, 1},
		{"translated, and refused", []string{fromVIP + exceededBy, "next " + rst}, neighbour, Refused, "the next SYN with 2 hops", 1},
		{"scheduled", []string{fromVIP + exceededBy, "next from another " + synAck}, neighbour, Scheduled, "the next SYN with 2 hops; " + answersNext, 1},
		{"scheduled, and refused", []string{fromVIP + exceededBy, "next from another " + rst}, neighbour, Scheduled, "the next SYN with 2 hops", 1},
		{"scheduled to this machine", []string{fromVIP + exceededBy, "next " + syn4Bytes}, neighbour, Scheduled, "the next SYN with 2 hops; " + answersNext, 1},
		{"passed on twice", []string{fromVIP + exceededBy, "next " + fromVIP + exceededBy}, neighbour, PassedOn, "the next SYN with 2 hops", 1},
		{"another's answer", []string{strings.Replace(synAck, "01020305", "01020306", 1)}, neighbour, Silent, "", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x, first, second := asked4(t)
			var replies []string
			for _, text := range tt.packets {
				from := tt.from
				text, next := strings.CutPrefix(text, "next ")
				text, another := strings.CutPrefix(text, "from another ")
				b := bytesOf(t, text)
				if next {
					b = again(b, x.probes[0].syn.number)
				}
				if another {
					from = somebody
				}
				for _, f := range x.take(b, lastMAC(from)) {
					replies = append(replies, describe(t, f, x.probes[0].syn))
				}
			}
			if got := strings.Join(replies, "; "); got != tt.replies {
				t.Errorf("replies: %s; want %s", got, tt.replies)
			}
			if *first != (ProbeReply{Outcome: tt.want}) || *second != (ProbeReply{}) || x.waiting != tt.waiting {
				t.Errorf("%v, %v, %d wait; want %v, nothing, %d", *first, *second, x.waiting, tt.want, tt.waiting)
			}
			frames, of := x.questions()
			if len(frames) != tt.waiting || len(of) != tt.waiting || len(x.endings()) != tt.waiting {
				t.Errorf("%d questions, %d endings; want %d", len(frames), len(x.endings()), tt.waiting)
			}
		})
	}
}

// describe reads a frame to the neighbour 7.
func describe(t *testing.T, f frame, next segment) string {
	t.Helper()
	d, ok := readIP(f.packet)
	if !ok || f.link != 2 || f.to.String() != lastMAC(7).String() {
		t.Fatalf("frame %+v", f)
	}
	words, s := "", sent(d)
	if d.payload[13] == flagRST {
		words = "RST of "
		s.number--
	}
	switch s {
	case syn4:
		words += "the SYN"
	case next:
		words += "the next SYN"
	default:
		words += "an unknown SYN"
	}
	return words + map[byte]string{1: " with 1 hop", 2: " with 2 hops"}[f.packet[8]]
}

// The filter lets every answer pass, and what is for another address not.
func TestProbeFilter(t *testing.T) {
	var x exchange
	for _, s := range []segment{{from: netip.MustParseAddrPort("10.9.0.8:1"), to: syn4.to}, syn4, syn4} {
		x.add(Probe{Source: s.from.Addr(), Target: s.to}, s.from.Port(), new(ProbeReply), func() {})
	}
	var x6 exchange
	x6.add(Probe{Source: syn6.from.Addr(), Target: syn6.to}, syn6.from.Port(), new(ProbeReply), func() {})
	for _, tt := range answers {
		if tt.want == "" {
			continue
		}
		program := x.filter()
		if strings.Contains(tt.want, "IPv6") {
			program = x6.filter()
		}
		b := bytesOf(t, tt.b)
		if !run(t, program, b) {
			t.Errorf("%s does not pass", tt.name)
		}
		other := strings.NewReplacer("\x0a\x00\x00\x08", "\x0a\x00\x00\x09", "\x00\x08", "\x00\x09").Replace(string(b))
		if run(t, program, []byte(other)) {
			t.Errorf("%s passes with another address", tt.name)
		}
	}
	if n := len(x.filter()); n != 2*2*3+1 {
		t.Errorf("%d instructions for two sources", n)
	}
}

// FuzzHear: packets are anybody's. None is taken for an answer that does not
// have the SYN's number, and what is read stays inside of it.
func FuzzHear(f *testing.F) {
	for _, tt := range answers {
		f.Add(bytesOf(f, tt.b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, by, about, ok := hear(b)
		if ok && (!by.IsValid() || about.from.Addr().Is4() != about.to.Addr().Is4()) {
			t.Errorf("%x: %v by %s", b, about, by)
		}
		x, first, second := asked4(t)
		frames := x.take(b, lastMAC(7))
		if (x.waiting != 2 || frames != nil) && about != syn4 || *second != (ProbeReply{}) && about != x.probes[1].syn {
			t.Errorf("%x: %v, %v, %v", b, *first, *second, frames)
		}
	})
}

func run(t *testing.T, program []bpf.Instruction, b []byte) bool {
	t.Helper()
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	n, err := vm.Run(b)
	return err == nil && n > 0
}
