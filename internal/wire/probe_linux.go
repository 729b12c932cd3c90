package wire

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Probe sends all probes at the same time, and waits at most that long for all of
// them. Each is a SYN in a frame to the neighbour. It bypasses the routes, the packet
// filter and the IPVS of this machine (but not tc(8), nor nft's hooks of a device); so
// does the answer, which is read before they see it. A SYN that is not answered is
// sent twice. The replies are in the order of the probes. EPERM: CAP_NET_RAW is
// missing; ENETDOWN: the link is down; EAFNOSUPPORT: it is not Ethernet;
// EADDRNOTAVAIL: this machine does not have the source.
//
// The SYN lives for one hop. With more, a neighbour without the VIP that
// forwards would send it on to the director, and another real server's answer
// would look like its own. Only an answer that acknowledges the SYN's random
// number, or quotes it, counts.
//
// Nothing stays half open there: a SYN/ACK is answered at once by an RST, and a
// SYN without an answer by one in the end, all in frames to the neighbour. The
// server behind the port sees no connection. If an RST is lost, half a connection
// remains for as long as the neighbour repeats its SYN/ACK (Linux: 63 s).
//
// The neighbour has to know the source's Ethernet address, as it does after it was
// asked for its own ([Wire.Ask]). A neighbour that asks in the VIP's name
// (arp_announce 0) gets no answer from a machine that has the VIP itself.
//
// It works on whatever carries Ethernet: VLANs, bonds, bridges, macvlan, gretap and
// vxlan were tried beside veth. Tunnels of IP have no Ethernet address to ask.
//
// IPVS of this machine does not notice, with one exception: with IPv6 a
// neighbour that is a director may schedule the SYN to this machine, which takes
// it for a client's.
func (w Wire) Probe(probes []Probe, wait time.Duration) []ProbeReply {
	replies := make([]ProbeReply, len(probes))
	w.ProbeEach(probes, wait, func(i int, r ProbeReply) { replies[i] = r })
	return replies
}

// ProbeEach is Probe without waiting for all replies: it calls told with the reply
// of each probe, once, as soon as it is known, from several goroutines, and not after
// ProbeEach has returned.
func (Wire) ProbeEach(probes []Probe, wait time.Duration, told func(i int, r ProbeReply)) {
	replies := make([]ProbeReply, len(probes))
	families := map[int]*exchange{etherIPv4: {}, etherIPv6: {}}
	reserved := reservation{}
	defer reserved.release()
	for i, p := range probes {
		p = p.plain()
		port, err := reserved.port(p)
		if err != nil {
			told(i, ProbeReply{Err: err})
			continue
		}
		families[p.etherType()].add(p, port, &replies[i], func() { told(i, replies[i]) })
	}
	var all sync.WaitGroup
	for etherType, x := range families {
		if x.waiting == 0 {
			continue
		}
		s, err := listen(etherType, x.filter())
		if err != nil {
			x.fail(err)
			continue
		}
		defer s.Close()
		all.Go(func() { x.run(s, wait) })
	}
	all.Wait()
}

func (p Probe) etherType() int {
	if p.Source.Is4() {
		return etherIPv4
	}
	return etherIPv6
}

// fail keeps why the probes that wait could not be asked.
func (x *exchange) fail(err error) {
	for _, p := range x.probes {
		if !p.decided {
			p.Err = err
			p.decide()
		}
	}
	x.waiting = 0
}

// run asks twice, and waits each time for half of wait or until every probe is
// answered. What is sent must not wait for what is received, nor the other way
// round: thousands of answers come as fast as they are asked for.
func (x *exchange) run(s *packetSocket, wait time.Duration) {
	const times = 2
	for range times {
		if x.waiting == 0 {
			return
		}
		frames, of := x.questions()
		sent := make(chan []error)
		err := s.SetReadDeadline(time.Time{})
		go func() {
			errs := s.sendAll(frames)
			s.SetReadDeadline(time.Now().Add(wait / times))
			sent <- errs
		}()
		err = errors.Join(err, x.receive(s))
		for i, err := range <-sent {
			x.unsent(of[i], err)
		}
		if err != nil {
			x.fail(err)
		}
	}
	s.sendAll(x.endings()) // an error here is nobody's: the probe is over
	for _, p := range x.probes {
		if !p.decided {
			p.told()
		}
	}
}

func (x *exchange) receive(s *packetSocket) error {
	return s.receive(func(packet []byte, from *unix.SockaddrLinklayer) bool {
		s.sendAll(x.take(packet, net.HardwareAddr(from.Addr[:ethernetLen])))
		return x.waiting > 0
	})
}

// unsent is a probe whose SYN did not leave for an error. A full queue is a
// packet that is lost, and sent again.
func (x *exchange) unsent(p *probing, err error) {
	if err == nil || p.decided || errors.Is(err, unix.ENOBUFS) {
		return
	}
	p.Err = err
	x.waiting--
	p.decide()
}

// sendAll sends frames; the errors are in their order.
func (s *packetSocket) sendAll(frames []frame) []error {
	errs := make([]error, len(frames))
	for i, f := range frames {
		errs[i] = s.send(f)
	}
	return errs
}

// reservation is ports of TCP that nothing else uses while it holds them: each
// has a socket that is bound and never connected.
type reservation struct {
	ports map[netip.Addr][]uint16
	asked map[segment]int // how often
	fds   []int
}

// port is one of the probe's source, which no other probe of the same target
// has: two neighbours may be one machine.
func (r *reservation) port(p Probe) (uint16, error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	if r.asked == nil {
		r.ports, r.asked = map[netip.Addr][]uint16{}, map[segment]int{}
	}
	key := segment{from: netip.AddrPortFrom(p.Source, 0), to: p.Target}
	n := r.asked[key]
	if n == len(r.ports[p.Source]) {
		port, err := r.bind(p.Source, p.Link.Index)
		if err != nil {
			return 0, err
		}
		r.ports[p.Source] = append(r.ports[p.Source], port)
	}
	r.asked[key]++
	return r.ports[p.Source][n], nil
}

// bind has the kernel choose a port of an address; a link-local one is of an
// interface.
func (r *reservation) bind(a netip.Addr, link int) (uint16, error) {
	family, to := sockaddr(netip.AddrPortFrom(a, 0))
	if v6, ok := to.(*unix.SockaddrInet6); ok && a.IsLinkLocalUnicast() {
		v6.ZoneId = uint32(link)
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	r.fds = append(r.fds, fd)
	if err := unix.Bind(fd, to); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	switch bound := bound.(type) {
	case *unix.SockaddrInet4:
		return uint16(bound.Port), nil
	case *unix.SockaddrInet6:
		return uint16(bound.Port), nil
	}
	return 0, unix.EAFNOSUPPORT
}

func (r *reservation) release() {
	for _, fd := range r.fds {
		unix.Close(fd)
	}
}
