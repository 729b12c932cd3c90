package health

import (
	"net"
	"net/netip"
	"testing"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// replies is a socket of UDP that answers each datagram, until the test ends.
func replies(t testing.TB, answer func(asked []byte) [][]byte) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	go func() {
		for b := make([]byte, 1500); ; {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			for _, datagram := range answer(b[:n]) {
				conn.WriteToUDPAddrPort(datagram, from)
			}
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestUDP(t *testing.T) {
	echo := replies(t, func(asked []byte) [][]byte { return [][]byte{asked} })
	said := func(send, receive string) func(*config.Check) {
		return func(c *config.Check) { c.Send, c.Receive = send, receive }
	}
	inTime := func(change func(*config.Check)) func(*config.Check) {
		return func(c *config.Check) { change(c); c.Timeout = soon }
	}
	for _, tt := range []struct {
		name   string
		server netip.AddrPort
		change func(*config.Check)
		want   want
	}{
		{"answers", echo, said("ping", "^ping$"), good},
		{"answers, whatever", echo, said("ping", ""), good},
		{"answers with nothing", echo, said("", ""), good},
		{"answers with something else", echo, said("ping", "^pong$"), bad(`answer does not match "^pong$": "ping"`)},
		{"is silent, which is good", mute(t), inTime(said("ping", "")), want{good: true}},
		{"is silent", mute(t), inTime(said("ping", "^ping$")), want{why: "no answer in 300ms"}},
		{"nobody, who would be silent", nobody(t), said("ping", ""), bad("port unreachable")},
		{"nobody", nobody(t), said("ping", "pong"), bad("port unreachable")},
		{"no expression", echo, said("ping", "("), bad("error parsing regexp: missing closing ): `(`")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked(t, Target{Server: tt.server, Protocol: ipvs.UDP, Check: check(config.CheckUDP, tt.change)}, tt.want)
		})
	}
}
