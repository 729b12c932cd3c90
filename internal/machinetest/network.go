package machinetest

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/wire"
)

// network is what a machine knows of its sockets and its neighbours: a test
// tells it.
type network struct {
	neighbours []host.Neighbour
	answers    []wire.Answer
	askError   error
	listeners  []host.Listener
	connects   map[netip.AddrPort]error
	probes     map[string]wire.Outcome // by Ethernet address and target
	release    string
	vrrp       bool
	noIPv6     bool
}

// tell is what a test says, not a call that counts.
func (m *Machine) tell(change func(*network)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.network)
}

// AddNeighbour adds to the neighbour table.
func (m *Machine) AddNeighbour(n host.Neighbour) {
	m.tell(func(w *network) { w.neighbours = append(w.neighbours, n) })
}

// AddAnswer is a machine that answers for addr on every interface.
func (m *Machine) AddAnswer(addr netip.Addr, mac net.HardwareAddr) {
	m.tell(func(w *network) { w.answers = append(w.answers, wire.Answer{Addr: addr, MAC: mac}) })
}

// SetAskError makes every Ask fail, as without CAP_NET_RAW.
func (m *Machine) SetAskError(err error) { m.tell(func(w *network) { w.askError = err }) }

// AddListener opens a socket.
func (m *Machine) AddListener(l host.Listener) {
	m.tell(func(w *network) { w.listeners = append(w.listeners, l) })
}

// SetConnect says what becomes of connections to addr: nil is that they are
// accepted. Nobody is at an address of which nothing is said: ETIMEDOUT.
func (m *Machine) SetConnect(addr netip.AddrPort, err error) {
	m.tell(func(w *network) { w.connects[addr] = err })
}

// SetProbe says what the machine with an Ethernet address does with packets for
// a VIP. One of which nothing is said is silent.
func (m *Machine) SetProbe(mac net.HardwareAddr, target netip.AddrPort, o wire.Outcome) {
	m.tell(func(w *network) { w.probes[probeOf(mac, target)] = o })
}

func probeOf(mac net.HardwareAddr, target netip.AddrPort) string {
	return mac.String() + " " + target.String()
}

// SetRelease is the release of the kernel; [New] has 6.1.0.
func (m *Machine) SetRelease(release string) { m.tell(func(w *network) { w.release = release }) }

// Neighbours is [host.Host.Neighbours].
func (m *Machine) Neighbours([]host.Link) ([]host.Neighbour, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.network.neighbours), nil
}

// Ask is [wire.Wire.Ask], at once and in the order in which the test told.
func (m *Machine) Ask(questions []wire.Question, links []host.Link, _ []host.Address, _ time.Duration) []wire.Reply {
	m.mu.Lock()
	defer m.mu.Unlock()
	replies := make([]wire.Reply, len(questions))
	for i, q := range questions {
		replies[i] = m.network.reply(q, links)
	}
	return replies
}

func (w *network) reply(q wire.Question, links []host.Link) (r wire.Reply) {
	if w.askError != nil {
		return wire.Reply{Err: w.askError}
	}
	if !q.Link.Ethernet() {
		return wire.Reply{Err: fmt.Errorf("interface %q has no Ethernet address: %w", q.Link.Name, syscall.EAFNOSUPPORT)}
	}
	for _, a := range w.answers {
		ours := slices.ContainsFunc(links, func(l host.Link) bool { return bytes.Equal(l.MAC, a.MAC) })
		if !ours && slices.Contains(q.Addrs, a.Addr) {
			r.Answers = append(r.Answers, a)
		}
	}
	return r
}

// Listeners is [host.Host.Listeners].
func (m *Machine) Listeners() ([]host.Listener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.network.listeners), nil
}

// Connect is [wire.Wire.Connect], at once.
func (m *Machine) Connect(p ipvs.Protocol, addrs []netip.AddrPort, _ time.Duration) ([]error, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p == ipvs.UDP {
		return nil, syscall.EPROTONOSUPPORT
	}
	results := make([]error, len(addrs))
	for i, addr := range addrs {
		err, told := m.network.connects[addr]
		if !told {
			err = syscall.ETIMEDOUT
		}
		results[i] = err
	}
	return results, nil
}

// Probe is [wire.Wire.Probe], at once.
func (m *Machine) Probe(probes []wire.Probe, _ time.Duration) []wire.ProbeReply {
	m.mu.Lock()
	defer m.mu.Unlock()
	replies := make([]wire.ProbeReply, len(probes))
	for i, p := range probes {
		replies[i] = wire.ProbeReply{Outcome: m.network.probes[probeOf(p.MAC, p.Target)], Err: m.network.askError}
	}
	return replies
}

// ProbeEach is [wire.Wire.ProbeEach], at once.
func (m *Machine) ProbeEach(probes []wire.Probe, wait time.Duration, told func(int, wire.ProbeReply)) {
	for i, r := range m.Probe(probes, wait) {
		told(i, r)
	}
}

// VRRP is [host.Host.VRRP].
func (m *Machine) VRRP() (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.network.vrrp, nil
}

// StartVRRP is a program that takes part in VRRP.
func (m *Machine) StartVRRP() {
	m.tell(func(w *network) { w.vrrp = true })
}

// Release is [host.Host.Release].
func (m *Machine) Release() (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.network.release, nil
}

// IPv6 is [host.Host.IPv6].
func (m *Machine) IPv6() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.network.noIPv6
}

// DisableIPv6 is ipv6.disable=1.
func (m *Machine) DisableIPv6() { m.tell(func(w *network) { w.noIPv6 = true }) }
