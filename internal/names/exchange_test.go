package names

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
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
		conn.WriteTo(nil, from)
		conn.WriteTo([]byte("not a message"), from)
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

// Replies that are not to the question are passed over; a bad one over TCP is
// final, and so the next server or attempt follows.
func TestWrongReplies(t *testing.T) {
	tests := []struct {
		name string
		edit func(*dnsmessage.Message)
		want string // the address, if the reply is taken
	}{
		{"as it should be", func(m *dnsmessage.Message) {}, "10.9.0.3"},
		{"other number", func(m *dnsmessage.Message) { m.ID++ }, ""},
		{"not a response", func(m *dnsmessage.Message) { m.Response = false }, ""},
		{"other name", func(m *dnsmessage.Message) { m.Questions[0].Name = dnsmessage.MustNewName("x.test.") }, ""},
		{"other case", func(m *dnsmessage.Message) { m.Questions[0].Name = dnsmessage.MustNewName("WEB.test.") }, "10.9.0.3"},
		{"other type", func(m *dnsmessage.Message) { m.Questions[0].Type = dnsmessage.TypeAAAA }, ""},
		{"no question", func(m *dnsmessage.Message) { m.Questions = nil }, ""},
		{"other class", func(m *dnsmessage.Message) { m.Answers[0].Header.Class = dnsmessage.ClassCHAOS }, ""},
	}
	for _, tt := range tests {
		for _, option := range []string{"", "use-vc"} {
			t.Run(tt.name+option, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newResolver(t, map[string]string{
						"nsswitch.conf": "hosts: dns\n",
						"resolv.conf":   "nameserver 192.0.2.1\noptions " + option + "\n",
					})
					r.dial = func(network string, _ netip.AddrPort, deadline time.Time) (io.ReadWriteCloser, error) {
						client, server := net.Pipe()
						client.SetDeadline(deadline)
						go replyOnce(network, server, tt.edit)
						return client, nil
					}
					checkHost4(t, r, "web.test.", tt.want)
				})
			})
		}
	}
}

// replyOnce answers one question for web.test, after the edit.
func replyOnce(network string, conn io.ReadWriteCloser, edit func(*dnsmessage.Message)) {
	question, err := receive(network, conn)
	if err != nil {
		return
	}
	var m dnsmessage.Message
	if err := m.Unpack(zone{"web.test A": "web.test A 10.9.0.3"}.respond(network, question)); err != nil {
		panic(err)
	}
	edit(&m)
	reply, err := m.Pack()
	if err != nil {
		panic(err)
	}
	send(network, conn, reply)
}
