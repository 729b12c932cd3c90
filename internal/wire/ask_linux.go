package wire

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"

	"lvsdr/internal/host"
)

// Ask asks the neighbours on l who has each of addrs, as a neighbour would: by
// ARP (RFC 826), or by neighbour solicitation (RFC 4861, section 7.2). It asks
// twice, in case a packet is lost, and gathers answers for the whole of wait: two
// machines may answer for one address. Each answer counts once, and those of this
// machine's own interfaces do not count. They are in the order of addresses, then
// of Ethernet addresses. EPERM: CAP_NET_RAW is missing; ENETDOWN: l is down;
// EAFNOSUPPORT: it is no Ethernet.
func (Wire) Ask(l host.Link, addrs []netip.Addr, wait time.Duration) ([]Answer, error) {
	if err := ethernet(l); err != nil {
		return nil, err
	}
	links, err := host.NewHost().Links()
	if err != nil {
		return nil, err
	}
	own, err := host.NewHost().Addresses()
	if err != nil {
		return nil, err
	}
	addrs = unmapped(addrs)
	inquiries, err := newInquiries(l, own, addrs)
	if err != nil {
		return nil, err
	}
	answers, err := ask(l, inquiries, wait)
	answers = slices.DeleteFunc(answers, func(a Answer) bool {
		ours := slices.ContainsFunc(links, func(l host.Link) bool { return bytes.Equal(l.MAC, a.MAC) })
		return ours || !slices.Contains(addrs, a.Addr)
	})
	return distinct(answers), err
}

// unmapped makes IPv4 of what is IPv4 in IPv6's notation, and drops zones: an
// answer has none.
func unmapped(addrs []netip.Addr) []netip.Addr {
	plain := make([]netip.Addr, len(addrs))
	for i, a := range addrs {
		plain[i] = a.Unmap().WithZone("")
	}
	return plain
}

func distinct(answers []Answer) []Answer {
	slices.SortFunc(answers, func(a, b Answer) int {
		if c := a.Addr.Compare(b.Addr); c != 0 {
			return c
		}
		return bytes.Compare(a.MAC, b.MAC)
	})
	return slices.CompactFunc(answers, func(a, b Answer) bool { return a.Addr == b.Addr && bytes.Equal(a.MAC, b.MAC) })
}

// ask makes all inquiries at the same time. Their sockets are opened here, in
// the thread that is in the network namespace; who reads them does not matter.
func ask(l host.Link, inquiries []inquiry, wait time.Duration) ([]Answer, error) {
	answers, faults := make([][]Answer, len(inquiries)), make([]error, len(inquiries))
	conns := make([]*packet.Conn, len(inquiries))
	for i, in := range inquiries {
		conn, err := in.open(l)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		conns[i] = conn
	}
	var all sync.WaitGroup
	for i, in := range inquiries {
		all.Go(func() { answers[i], faults[i] = in.ask(conns[i], wait) })
	}
	all.Wait()
	return slices.Concat(answers...), errors.Join(faults...)
}

func (in inquiry) open(l host.Link) (*packet.Conn, error) {
	filter, err := bpf.Assemble(in.filter)
	if err != nil {
		return nil, err
	}
	return packet.Listen(&net.Interface{Index: l.Index, Name: l.Name}, packet.Datagram, in.etherType, &packet.Config{Filter: filter})
}

func (in inquiry) ask(conn *packet.Conn, wait time.Duration) (answers []Answer, err error) {
	const times = 2
	end := time.Now()
	for range times {
		for _, q := range in.questions {
			if _, err := conn.WriteTo(q.packet, &packet.Addr{HardwareAddr: q.to}); err != nil {
				return answers, err
			}
		}
		end = end.Add(wait / times)
		if answers, err = in.gather(conn, end, answers); err != nil {
			return answers, err
		}
	}
	return answers, nil
}

// gather appends the answers that come up to end.
func (in inquiry) gather(conn *packet.Conn, end time.Time, answers []Answer) ([]Answer, error) {
	if err := conn.SetReadDeadline(end); err != nil {
		return answers, err
	}
	buf := make([]byte, 2048)
	for {
		n, _, err := conn.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return answers, nil
		}
		if err != nil {
			return answers, err
		}
		if a, ok := in.answer(buf[:n]); ok {
			answers = append(answers, a)
		}
	}
}
