package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

// pong is an answer to an echo request.
type pong struct {
	from  netip.Addr
	bytes int // with the ICMP header
	ttl   int // of the packet that came; each router takes one
	time  time.Duration
}

// String is the line of ping(8).
func (p pong) String() string {
	return fmt.Sprintf("%d bytes from %s: icmp_seq=1 ttl=%d time=%.3f ms", p.bytes, p.from, p.ttl, p.time.Seconds()*1000)
}

// echoData is how many bytes ping(8) sends.
const echoData = 56

// ping sends one echo request from the network namespace of the calling
// thread, and waits at most that long for the answer.
func ping(ctx context.Context, to netip.Addr, wait time.Duration) (pong, error) {
	conn, err := icmp.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		return pong{}, err
	}
	defer conn.Close()
	if err := conn.IPv4PacketConn().SetControlMessage(ipv4.FlagTTL, true); err != nil {
		return pong{}, err
	}
	if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
		return pong{}, err
	}
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })()
	echo := &icmp.Echo{ID: os.Getpid() & 0xffff, Seq: 1, Data: make([]byte, echoData)}
	request, err := (&icmp.Message{Type: ipv4.ICMPTypeEcho, Body: echo}).Marshal(nil)
	if err != nil {
		return pong{}, err
	}
	sent := time.Now()
	if _, err := conn.WriteTo(request, &net.IPAddr{IP: to.AsSlice()}); err != nil {
		return pong{}, err
	}
	answer, err := awaitPong(conn.IPv4PacketConn(), to, echo)
	answer.time = time.Since(sent)
	switch {
	case ctx.Err() != nil:
		return pong{}, ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return pong{}, fmt.Errorf("no answer in %v", wait)
	}
	return answer, err
}

// awaitPong reads until the answer comes: a raw socket hears every ICMP packet
// of its host, its own requests to itself among them (raw(7)).
func awaitPong(conn *ipv4.PacketConn, to netip.Addr, request *icmp.Echo) (pong, error) {
	b := make([]byte, 1500)
	for {
		n, control, from, err := conn.ReadFrom(b)
		if err != nil {
			return pong{}, err
		}
		if control != nil && from.String() == to.String() && answers(b[:n], request) {
			return pong{from: to, bytes: n, ttl: control.TTL}, nil
		}
	}
}

// answers reports whether an ICMP message answers the request.
func answers(b []byte, request *icmp.Echo) bool {
	m, err := icmp.ParseMessage(ipv4.ICMPTypeEchoReply.Protocol(), b)
	if err != nil || m.Type != ipv4.ICMPTypeEchoReply {
		return false
	}
	echo, ok := m.Body.(*icmp.Echo)
	return ok && echo.ID == request.ID && echo.Seq == request.Seq
}
