package lab

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"lvsdr/internal/wire"
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

const (
	icmpLen       = 8
	icmpEcho      = 8
	icmpEchoReply = 0
	echoData      = 56 // what ping(8) sends
)

// ping sends one echo request from the network namespace of the calling
// thread, and waits at most that long for the answer.
func ping(ctx context.Context, to netip.Addr, wait time.Duration) (pong, error) {
	socket, err := net.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		return pong{}, err
	}
	defer socket.Close()
	conn := socket.(*net.IPConn)
	if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
		return pong{}, err
	}
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })()
	request := echoRequest(uint16(os.Getpid()))
	sent := time.Now()
	if _, err := conn.WriteTo(request, &net.IPAddr{IP: to.AsSlice()}); err != nil {
		return pong{}, err
	}
	answer, err := awaitPong(conn, to, request)
	answer.time = time.Since(sent)
	switch {
	case ctx.Err() != nil:
		return pong{}, ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return pong{}, fmt.Errorf("no answer in %v", wait)
	}
	return answer, err
}

// echoRequest is the first of those with that identifier (RFC 792).
func echoRequest(id uint16) []byte {
	b := make([]byte, icmpLen+echoData)
	b[0] = icmpEcho
	binary.BigEndian.PutUint16(b[4:], id)
	binary.BigEndian.PutUint16(b[6:], 1)
	binary.BigEndian.PutUint16(b[2:], wire.Checksum(b))
	return b
}

// awaitPong reads until the answer comes: a raw socket hears every ICMP packet
// of its host, with its IP header (raw(7)).
func awaitPong(conn *net.IPConn, to netip.Addr, request []byte) (pong, error) {
	b := make([]byte, 1500)
	for {
		n, _, _, from, err := conn.ReadMsgIP(b, nil)
		if err != nil {
			return pong{}, err
		}
		if addr, ok := netip.AddrFromSlice(from.IP); !ok || addr.Unmap() != to {
			continue
		}
		if size, ttl, ok := echoReply(b[:n], request); ok {
			return pong{from: to, bytes: size, ttl: ttl}, nil
		}
	}
}

// echoReply reads an IPv4 packet that answers the request.
func echoReply(b, request []byte) (size, ttl int, ok bool) {
	const shortest = 20
	if len(b) < shortest {
		return 0, 0, false
	}
	ttl = int(b[8])
	if b = b[min(len(b), int(b[0]&0xf)*4):]; len(b) < icmpLen || b[0] != icmpEchoReply {
		return 0, 0, false
	}
	return len(b), ttl, bytes.Equal(b[4:icmpLen], request[4:icmpLen]) // identifier and number
}
