package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"

	"github.com/mdlayher/socket"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// packetSocket sends and hears packets of one EtherType on all interfaces,
// without their Ethernet header (packet(7), SOCK_DGRAM). A packet that comes in
// by a port of a bridge or bond, or with a VLAN's tag, is heard once, on the
// interface that it is for.
type packetSocket struct {
	*socket.Conn
	protocol uint16 // the EtherType as packet(7) wants it, in network byte order
}

// frame is a packet that leaves by an interface, to an Ethernet address.
type frame struct {
	link   int
	to     net.HardwareAddr
	packet []byte
}

// listen opens a socket for the packets that pass a filter. EPERM: CAP_NET_RAW
// is missing.
func listen(etherType int, program []bpf.Instruction) (*packetSocket, error) {
	filter, err := bpf.Assemble(program)
	if err != nil {
		return nil, err
	}
	conn, err := socket.Socket(unix.AF_PACKET, unix.SOCK_DGRAM, 0, "packet", nil)
	if err != nil {
		return nil, err
	}
	const room = 4 << 20 // for the answers of all interfaces at once
	protocol := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, uint16(etherType)))
	err = errors.Join(conn.SetBPF(filter), conn.SetReadBuffer(room), conn.Bind(&unix.SockaddrLinklayer{Protocol: protocol}))
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &packetSocket{conn, protocol}, nil
}

func (s *packetSocket) send(f frame) error {
	to := &unix.SockaddrLinklayer{Protocol: s.protocol, Ifindex: f.link, Halen: ethernetLen}
	copy(to.Addr[:], f.to)
	return s.Sendto(context.Background(), f.packet, 0, to)
}

// receive takes the packets that arrive up to the socket's deadline, with the
// Ethernet address and the number of the interface that they came from, until
// take has enough. The packets are take's only while it runs.
func (s *packetSocket) receive(take func(packet []byte, from *unix.SockaddrLinklayer) (more bool)) error {
	buf := make([]byte, 2048)
	for {
		n, from, err := s.Recvfrom(context.Background(), buf, 0)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		if link, ok := from.(*unix.SockaddrLinklayer); ok && !take(buf[:n], link) {
			return nil
		}
	}
}
