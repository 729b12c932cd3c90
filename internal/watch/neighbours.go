package watch

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
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
	probes    map[time.Duration][]asked // for the next batch, by how long they wait
	// sought are real servers to which a way is looked for, with those who wait.
	sought map[netip.Addr][]chan<- way
}

// way is how a real server is reached.
type way struct {
	hop  host.Hop
	link host.Link        // of its interface
	mac  net.HardwareAddr // nil where nobody answered, or it is not asked on the wire
	err  error            // why it cannot be
}

// asked is a probe with who waits for it.
type asked struct {
	wire.Probe
	reply chan<- wire.ProbeReply
}

func newNeighbours(k Kernel) *neighbours {
	return &neighbours{Kernel: k, probes: map[time.Duration][]asked{}}
}

func (n *neighbours) setVIPs(vips []netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.vips = vips
}

// ask asks a real server for a VIP, and waits for that long. heard reports whether
// the machine answered its neighbours meanwhile. The error says why the wire cannot
// be used: the real server is behind a router, or on a link without Ethernet.
func (n *neighbours) ask(ctx context.Context, server netip.Addr, w way, vip netip.AddrPort, wait time.Duration) (o wire.Outcome, heard bool, err error) {
	switch {
	case w.hop.Local:
		o, err = n.own(vip)
		return o, true, err
	case w.mac == nil:
		return wire.Silent, false, w.err
	}
	p := wire.Probe{MAC: w.mac, Target: vip, Link: w.link}
	n.mu.Lock()
	p.Source = wire.Sender(p.Link, n.addresses, n.vips, server)
	n.mu.Unlock()
	if p.Source.IsUnspecified() {
		p.Source = w.hop.Source
	}
	reply := make(chan wire.ProbeReply, 1)
	n.queue(asked{p, reply}, wait)
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

// queue adds a probe to the batch of those that wait as long: who is silent is told
// apart only when the time of a batch is over.
func (n *neighbours) queue(a asked, wait time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.probes[wait] = append(n.probes[wait], a)
	if len(n.probes[wait]) == 1 {
		time.AfterFunc(batch, func() { n.send(wait) })
	}
}

// send asks a batch.
func (n *neighbours) send(wait time.Duration) {
	n.mu.Lock()
	all := n.probes[wait]
	delete(n.probes, wait)
	n.mu.Unlock()
	probes := make([]wire.Probe, len(all))
	for i, a := range all {
		probes[i] = a.Probe
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
func (n *neighbours) way(server netip.Addr) way {
	n.mu.Lock()
	if time.Since(n.read) > fresh {
		if err := n.look(); err != nil {
			n.mu.Unlock()
			return way{err: err}
		}
	}
	if w, known := n.ways[server]; known {
		n.mu.Unlock()
		return w
	}
	if len(n.sought) == 0 {
		n.sought = map[netip.Addr][]chan<- way{}
		time.AfterFunc(batch, n.seek)
	}
	answer := make(chan way, 1)
	n.sought[server] = append(n.sought[server], answer)
	n.mu.Unlock()
	return <-answer
}

// seek finds the ways to the real servers that are sought. One goroutine asks the
// kernel for the routes, because that takes a large stack; then the wire is asked for
// all neighbours at once.
func (n *neighbours) seek() {
	n.mu.Lock()
	all, links, addresses := n.sought, n.links, n.addresses
	n.sought = nil
	n.mu.Unlock()
	tell := func(server netip.Addr, w way) {
		if w.hop.Local || w.err != nil || w.mac != nil {
			n.mu.Lock()
			n.ways[server] = w
			n.mu.Unlock()
		}
		for _, answer := range all[server] {
			answer <- w
		}
	}
	onLAN := map[string]*wire.Question{} // by interface
	ways := map[netip.Addr]way{}
	for server := range all {
		w := route(n.Kernel, server, links)
		if w.hop.Local || w.err != nil {
			tell(server, w)
			continue
		}
		ways[server] = w
		if onLAN[w.link.Name] == nil {
			onLAN[w.link.Name] = &wire.Question{Link: w.link}
		}
		onLAN[w.link.Name].Addrs = append(onLAN[w.link.Name].Addrs, server)
	}
	if len(ways) == 0 {
		return
	}
	var questions []wire.Question
	for _, q := range onLAN {
		questions = append(questions, *q)
	}
	for i, r := range n.Ask(questions, links, addresses, resolving) {
		for _, server := range questions[i].Addrs {
			w := ways[server]
			w.err = r.Err
			if at := slices.IndexFunc(r.Answers, func(a wire.Answer) bool { return a.Addr == server }); at >= 0 {
				w.mac = r.Answers[at].MAC
			}
			tell(server, w)
		}
	}
}

// route is the way to a real server as far as the kernel knows it.
func route(k Kernel, server netip.Addr, links []host.Link) (w way) {
	if w.hop, w.err = k.RouteTo(server, links); w.err != nil || w.hop.Local {
		return w
	}
	i := slices.IndexFunc(links, func(l host.Link) bool { return l.Name == w.hop.Interface })
	switch {
	case w.hop.Gateway:
		w.err = fmt.Errorf("%s is behind a router", server)
	case i < 0:
		w.err = fmt.Errorf("there is no interface %s", w.hop.Interface)
	default:
		w.link = links[i]
	}
	return w
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
