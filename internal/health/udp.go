package health

import (
	"context"
	"net"
	"net/netip"
)

// maxDatagram is how much of a datagram is looked at.
const maxDatagram = 4 << 10

// askUDP sends a datagram. The first that comes back decides; without receive,
// silence is good as well.
func askUDP(ctx context.Context, t Target) (alive bool, err error) {
	conn, err := t.dialUDP(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	defer endWith(ctx, conn)()
	if _, err := conn.Write([]byte(t.Check.Send)); err != nil {
		return false, err
	}
	buffer := make([]byte, maxDatagram)
	n, err := conn.Read(buffer)
	switch {
	case t.Check.Receive == "" && late(err): // or the context ended, which Ask sees
		return false, nil
	case err != nil:
		return false, err
	}
	return true, match("answer", t.Check.Receive, buffer[:n])
}

func (t Target) dialUDP(ctx context.Context) (*net.UDPConn, error) {
	return new(net.Dialer).DialUDP(ctx, "udp", netip.AddrPortFrom(t.From, 0), t.Server)
}
