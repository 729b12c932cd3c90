package watch

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"sync"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/wire"
)

// Kernel is what is asked of the machine and of its neighbours.
type Kernel interface {
	Links() ([]host.Link, error)
	AddressesOn([]host.Link) ([]host.Address, error)
	RouteTo(netip.Addr, []host.Link) (host.Hop, error)
	Listeners() ([]host.Listener, error)
	Ask(questions []wire.Question, links []host.Link, own []host.Address, wait time.Duration) []wire.Reply
	ProbeEach(probes []wire.Probe, wait time.Duration, told func(int, wire.ProbeReply))
}

const (
	// batch is for how long probes are gathered, which then share a socket.
	batch = 10 * time.Millisecond
	// resolving is for how long answers of neighbours are waited for.
	resolving = 300 * time.Millisecond
	// fresh is for how long what was learnt of the machine counts.
	fresh = 10 * time.Second
)

// neighbours asks real servers on the wire for VIPs. It keeps what it has learnt
// of the way to each for a while, or until one does not answer.
type neighbours struct {
	Kernel
	mu        sync.Mutex
	vips      []netip.Addr // of the configuration: no probe may come from one
	links     []host.Link
	addresses []host.Address
	ways      map[netip.Addr]way
	read      time.Time
	probes    []asked  // for the next batch
	sought    []sought // the same
}

// sought is a neighbour whose Ethernet address is asked for.
type sought struct {
	link   host.Link
	server netip.Addr
	found  chan<- found
}

type found struct {
	mac net.HardwareAddr // nil: nobody answered
	err error
}

// way is how a real server is reached.
type way struct {
	hop host.Hop
	mac net.HardwareAddr // nil where it is not asked on the wire
	err error            // why it cannot be
}

// asked is a probe with who waits for it.
type asked struct {
	wire.Probe
	wait  time.Duration
	reply chan<- wire.ProbeReply
}

func newNeighbours(k Kernel) *neighbours { return &neighbours{Kernel: k} }

func (n *neighbours) setVIPs(vips []netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.vips = vips
}

// ask asks a real server for a VIP, and waits for that long. Heard tells whether
// the machine answered its neighbours meanwhile. The error says why the wire
// cannot tell: it is behind a router, or on what is no Ethernet.
func (n *neighbours) ask(ctx context.Context, server netip.Addr, vip netip.AddrPort, wait time.Duration) (o wire.Outcome, heard bool, err error) {
	w, err := n.way(server)
	switch {
	case err != nil:
		return o, false, err
	case w.hop.Local:
		o, err = n.own(vip)
		return o, true, err
	case w.mac == nil:
		return wire.Silent, false, w.err
	}
	n.mu.Lock()
	p := wire.Probe{MAC: w.mac, Target: vip}
	for _, l := range n.links {
		if l.Name == w.hop.Interface {
			p.Link = l
		}
	}
	p.Source = wire.Sender(p.Link, n.addresses, n.vips, server)
	n.mu.Unlock()
	if p.Source.IsUnspecified() {
		p.Source = w.hop.Source
	}
	reply := make(chan wire.ProbeReply, 1)
	n.queue(asked{p, wait, reply})
	select {
	case r := <-reply:
		if r.Err != nil || r.Outcome == wire.Silent {
			n.forget(server)
		}
		return r.Outcome, r.Outcome != wire.Silent, r.Err
	case <-ctx.Done():
		return wire.Silent, false, ctx.Err()
	}
}

// near reports whether a real server can be asked on the wire.
func (n *neighbours) near(server netip.Addr) bool {
	w, err := n.way(server)
	return err == nil && w.err == nil
}

// isThere reports whether a real server on the LAN answers its neighbours.
func (n *neighbours) isThere(server netip.Addr) bool {
	n.forget(server)
	w, err := n.way(server)
	return err == nil && (w.hop.Local || w.mac != nil)
}

// queue adds a probe to the batch.
func (n *neighbours) queue(a asked) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.probes = append(n.probes, a)
	if len(n.probes) == 1 {
		time.AfterFunc(batch, n.send)
	}
}

// send asks the batch. Those who wait the longest do not make others wait.
func (n *neighbours) send() {
	n.mu.Lock()
	all := n.probes
	n.probes = nil
	n.mu.Unlock()
	probes, wait := make([]wire.Probe, len(all)), time.Duration(0)
	for i, a := range all {
		probes[i], wait = a.Probe, max(wait, a.wait)
	}
	n.ProbeEach(probes, wait, func(i int, r wire.ProbeReply) { all[i].reply <- r })
}

// own is what this machine does as a real server of its own.
func (n *neighbours) own(vip netip.AddrPort) (wire.Outcome, error) {
	listeners, err := n.Listeners()
	for _, l := range listeners {
		if l.Protocol == ipvs.TCP && l.Hears(vip) {
			return wire.Served, nil
		}
	}
	return wire.Refused, err
}

func (n *neighbours) forget(server netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if w, known := n.ways[server]; known && !w.hop.Local {
		delete(n.ways, server)
	}
}

// way finds how a real server is reached. A neighbour that does not answer has no
// Ethernet address, and is asked again the next time.
func (n *neighbours) way(server netip.Addr) (way, error) {
	n.mu.Lock()
	if time.Since(n.read) > fresh {
		if err := n.look(); err != nil {
			n.mu.Unlock()
			return way{}, err
		}
	}
	w, known := n.ways[server]
	links := n.links
	n.mu.Unlock()
	if known {
		return w, nil
	}
	hop, err := n.RouteTo(server, links)
	if err != nil {
		return way{}, err
	}
	w = way{hop: hop}
	switch {
	case hop.Local:
	case hop.Gateway:
		w.err = fmt.Errorf("%s is behind a router", server)
	default:
		f := n.seek(server, hop.Interface, links)
		w.mac, w.err = f.mac, f.err
	}
	if w.hop.Local || w.err != nil || w.mac != nil {
		n.mu.Lock()
		n.ways[server] = w
		n.mu.Unlock()
	}
	return w, nil
}

// seek asks who has an address, together with others who ask.
func (n *neighbours) seek(server netip.Addr, name string, links []host.Link) found {
	answer := make(chan found, 1)
	for _, l := range links {
		if l.Name != name {
			continue
		}
		n.mu.Lock()
		n.sought = append(n.sought, sought{l, server, answer})
		if len(n.sought) == 1 {
			time.AfterFunc(batch, n.resolve)
		}
		n.mu.Unlock()
		return <-answer
	}
	return found{err: fmt.Errorf("there is no interface %s", name)}
}

func (n *neighbours) resolve() {
	n.mu.Lock()
	all, links, addresses := n.sought, n.links, n.addresses
	n.sought = nil
	n.mu.Unlock()
	index := map[string]int{}
	var questions []wire.Question
	for _, s := range all {
		i, known := index[s.link.Name]
		if !known {
			i = len(questions)
			index[s.link.Name], questions = i, append(questions, wire.Question{Link: s.link})
		}
		questions[i].Addrs = append(questions[i].Addrs, s.server)
	}
	replies := n.Ask(questions, links, addresses, resolving)
	for _, s := range all {
		r := replies[index[s.link.Name]]
		f := found{err: r.Err}
		for _, a := range r.Answers {
			if a.Addr == s.server && f.mac == nil {
				f.mac = a.MAC
			}
		}
		s.found <- f
	}
}

// look reads what the ways depend on. Those that lead to neighbours are found
// wanting by themselves.
func (n *neighbours) look() (err error) {
	if n.links, err = n.Links(); err != nil {
		return err
	}
	if n.addresses, err = n.AddressesOn(n.links); err != nil {
		return err
	}
	if n.ways == nil {
		n.ways = map[netip.Addr]way{}
	}
	maps.DeleteFunc(n.ways, func(_ netip.Addr, w way) bool { return w.mac == nil })
	n.read = time.Now()
	return nil
}
