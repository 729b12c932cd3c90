package health

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// shorten has a listener keep as few connections as it can.
func shorten(t testing.TB, fd int) {
	t.Helper()
	must(t, syscall.Listen(fd, 0))
}

func TestTCP(t *testing.T) {
	dialogue := func(send, receive string) func(*config.Check) {
		return func(c *config.Check) { c.Send, c.Receive = send, receive }
	}
	banner := func(words ...string) func(net.Conn) {
		return func(conn net.Conn) {
			for _, w := range words {
				io.WriteString(conn, w)
				time.Sleep(20 * time.Millisecond)
			}
			silent(conn)
		}
	}
	echo := func(conn net.Conn) { io.Copy(conn, conn) }
	flood := func(conn net.Conn) {
		for b := bytes.Repeat([]byte("x"), 1<<16); ; {
			if _, err := conn.Write(b); err != nil {
				return
			}
		}
	}
	for _, tt := range []struct {
		name   string
		server func(net.Conn)
		check  *config.Check
		want   want
	}{
		{"connects", silent, check(config.CheckTCP), good},
		{"closes at once", func(net.Conn) {}, check(config.CheckTCP), good},
		{"greets", banner("220 ready\r\n"), check(config.CheckTCP, dialogue("", `^220 .*\r\n$`)), good},
		{"greets in pieces", banner("2", "20", " rea", "dy\r\n"), check(config.CheckTCP, dialogue("", `^220 ready\r\n$`)), good},
		{"answers", echo, check(config.CheckTCP, dialogue("PING\r\n", "PING")), good},
		{"answers bytes", echo, check(config.CheckTCP, dialogue("\x00\x01", "^\x00\x01$")), good},
		{"is told, and asked nothing", silent, check(config.CheckTCP, dialogue("QUIT\r\n", "")), good},
		{"greets with something else", banner("554 no\r\n"), check(config.CheckTCP, within(soon), dialogue("", "^220 ")),
			bad(`answer does not match "^220 ": "554 no\r\n"`)},
		{"greets and closes", says("554 \x1b[31mno\r\n"), check(config.CheckTCP, dialogue("hi", "^220 ")),
			bad(`answer does not match "^220 ": "554 \x1b[31mno\r\n"`)},
		{"is silent", silent, check(config.CheckTCP, within(soon), dialogue("", "^220 ")),
			bad("connected, but no complete answer in 300ms")},
		{"closes before the answer", says(""), check(config.CheckTCP, dialogue("hi", "^220 ")), bad("connection closed without an answer")},
		{"drips", drips(".", 5*time.Millisecond), check(config.CheckTCP, within(100*time.Millisecond), dialogue("", "220")),
			want{alive: true}},
		{"floods", flood, check(config.CheckTCP, dialogue("", "220")),
			bad(`answer does not match "220": "` + strings.Repeat("x", 60) + `"`)},
		{"resets", func(conn net.Conn) { conn.Read(make([]byte, 2)); conn.(*net.TCPConn).SetLinger(0) },
			check(config.CheckTCP, dialogue("hello", "220")), bad("connection reset")},
		{"no expression", banner("220\r\n"), check(config.CheckTCP, within(soon), dialogue("", "(")), bad("error parsing regexp: missing closing ): `(`")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.name == "drips" { // as many dots as there was time for
				got := Ask(t.Context(), Target{Server: serve(t, tt.server), Protocol: ipvs.TCP, Check: tt.check})
				if got.Good || !got.Alive || !strings.HasPrefix(got.Why, `answer does not match "220": "..`) || got.Took > 3*tt.check.Timeout {
					t.Errorf("%+v", got)
				}
				return
			}
			asked(t, Target{Server: serve(t, tt.server), Protocol: ipvs.TCP, Check: tt.check}, tt.want)
		})
	}
}

func TestTCPNobody(t *testing.T) {
	for _, kind := range []config.CheckType{config.CheckTCP, config.CheckTLS, config.CheckHTTP, config.CheckHTTPS} {
		asked(t, Target{Server: nobody(t), Protocol: ipvs.TCP, Check: check(kind)}, bad("connection refused"))
		asked(t, Target{Server: blackHole(t), Protocol: ipvs.TCP, Check: check(kind, within(soon))}, want{why: "no answer in 300ms"})
	}
}

func TestTCPFamilies(t *testing.T) {
	l, err := net.Listen("tcp6", "[::1]:0")
	must(t, err)
	defer l.Close()
	v4 := serve(t, silent)
	for _, server := range []netip.AddrPort{
		l.Addr().(*net.TCPAddr).AddrPort(), netip.AddrPortFrom(netip.AddrFrom16(v4.Addr().As16()), v4.Port()),
	} {
		asked(t, Target{Server: server, Protocol: ipvs.TCP, Check: check(config.CheckTCP)}, good)
	}
}
