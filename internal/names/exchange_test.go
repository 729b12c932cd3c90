package names

import (
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lvsdr/internal/namestest"
)

// The in-memory name servers of the other tests, once over real sockets: a long
// answer comes by TCP, and where nothing listens the next server is asked at once.
func TestSockets(t *testing.T) {
	stream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	packets, err := net.ListenPacket("udp", stream.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stream.Close(); packets.Close() })
	z := zone{"big.test A": "long big.test A 10.8.0.0", "1.1.9.10.in-addr.arpa PTR": "1.1.9.10.in-addr.arpa PTR plain.test"}
	go servePackets(packets, z)
	go serveStream(stream, z)

	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	r := newResolver(t, map[string]string{
		"nsswitch.conf": "hosts: dns\n",
		"resolv.conf":   "nameserver 192.0.2.95\nnameserver 192.0.2.1\n",
	})
	r.dial = func(network string, server netip.AddrPort, deadline time.Time) (io.ReadWriteCloser, error) {
		to := stream.Addr().String()
		if server.String() == "192.0.2.95:53" {
			to = closed.LocalAddr().String()
		}
		return dial(network, netip.MustParseAddrPort(to), deadline)
	}
	checkHost4(t, r, "big.test", "10.8.0.0")
	checkHost4(t, r, "nosuch.test", "")
	checkHostName(t, r, "10.9.1.1", "plain.test")
}

func servePackets(conn net.PacketConn, z zone) {
	buf := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		conn.WriteTo([]byte("not an answer"), from)
		conn.WriteTo(z.respond("udp", buf[:n]), from)
	}
}

func serveStream(listener net.Listener, z zone) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if question, err := receive("tcp", conn); err == nil {
			send("tcp", conn, z.respond("tcp", question))
		}
		conn.Close()
	}
}

// What becomes of an answer that is not as it should be: it is taken, ends the
// search, has the next server asked at once, or is passed over until the time is
// up. Over TCP nobody waits. compat/ shows the same of the C library.
func TestMalformed(t *testing.T) {
	want := map[string]string{ // over UDP, over TCP: one word where both are the same
		"empty": "next", "one byte": "next", "eleven bytes": "next",
		"the question itself": "next end", "other number": "wait next",
		"no response": "taken", "no response, nothing": "end", "other operation": "taken", "reserved bit": "taken",
		"format error": "end", "format error with answer": "end",
		"server failure": "next end", "server failure with answer": "next end",
		"no such name": "end", "no such name with answer": "end",
		"not implemented": "next end", "refused": "next end", "code 6": "end", "code 15": "end",
		"nothing": "end", "nothing, from authority": "end",
		"lame": "next end", "lame with authority records": "next end", "lame with additional records": "end",
		"cut short": "taken", "cut short, nothing": "end", "cut short, lame": "next end",
		"cut short, server failure": "next end", "cut short, no such name": "end",

		"other name": "wait taken", "other type": "wait taken", "other class of question": "wait taken",
		"other name, server failure": "wait end",
		"unreadable":                 "end", "unreadable, other number": "wait next", "unreadable, nothing": "end",
		"unreadable, server failure": "next end", "unreadable, no such name": "end", "unreadable, cut short": "end",
		"label of 64": "end", "pointer to itself": "end",
		"none": "wait end", "none, no such name": "wait end", "none, format error": "wait end",
		"none, server failure": "next end", "none, not implemented": "next end", "none, refused": "next end",
		"none, code 6": "wait end", "none, server failure with answer": "wait end",
		"two": "wait end", "two, server failure": "wait end",

		"five promised": "end", "record cut": "end", "records missing": "end",
		"junk behind": "taken", "bad authority record": "taken",
		"bad owner": "end", "bad owner, then good": "end", "good, then bad owner": "end", "good, then other's too long": "end",
		"other class": "end", "other owner": "end",
		"data of three": "end", "data of three, then good": "taken", "data of none, then good": "taken", "data beyond the end": "end",
		"bad alias, then good": "end", "good, then bad alias": "end", "other's bad alias, then good": "end",
		"bad alias of other class, then good": "taken", "alias longer than its name": "taken", "alias to the root": "taken",
	}
	for _, a := range namestest.Malformed {
		overUDP, overTCP, both := strings.Cut(want[a.Name], " ")
		if !both {
			overTCP = overUDP
		}
		for option, want := range map[string]string{"": overUDP, "use-vc": overTCP} {
			t.Run(strings.TrimSpace(a.Name+" "+option), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					if got := becomes(t, a, option); got != want {
						t.Errorf("%s, want %s", got, want)
					}
				})
			})
		}
	}
}

// becomes is what becomes of an answer for an address.
func becomes(t *testing.T, a namestest.Answer, option string) string {
	r := newResolver(t, map[string]string{
		"nsswitch.conf": "hosts: dns\n",
		"resolv.conf":   "nameserver 192.0.2.1\nnameserver 192.0.2.2\noptions timeout:1 attempts:1 " + option + "\n",
	})
	start, second := time.Now(), ""
	r.dial = func(network string, to netip.AddrPort, deadline time.Time) (io.ReadWriteCloser, error) {
		if to.Addr() == netip.MustParseAddr("192.0.2.2") {
			second = "next"
			if time.Since(start) > 0 {
				second = "wait"
			}
		}
		client, server := net.Pipe()
		client.SetDeadline(deadline)
		go func() {
			defer func() { // a stream ends, a datagram leaves the socket open
				if network == "tcp" {
					server.Close()
				}
			}()
			question, err := receive(network, server)
			if err != nil {
				return
			}
			answer := namestest.Good(question)
			if second == "" {
				answer = a.Make(question)
			}
			if network == "tcp" && len(answer) > 2 {
				answer[2] &^= 2 // what is cut short over UDP is whole here
			}
			send(network, server, answer)
		}()
		return client, nil
	}
	addr, ok := r.Host4("web.test.")
	switch {
	case second != "":
		return second
	case !ok:
		return "end"
	case addr != netip.AddrFrom4(namestest.Addr):
		t.Errorf("address %v, want %v", addr, namestest.Addr)
	}
	return "taken"
}
