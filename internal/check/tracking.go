package check

import (
	"errors"
	"io/fs"
	"slices"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
)

// tracking is how a director tracks connections.
//
// Measured on Linux 6.1 with a rule of nft for each state at each hook: IPVS makes
// connection tracking forget what it sends on, unless net.ipv4.vs.conntrack is set.
// Each later packet of TCP is therefore NEW, picked up in the middle of its connection.
// With nf_conntrack_tcp_loose at 0 it is INVALID, like an unexpected SYN with ACK or
// FIN. With direct routing and tunnels the director never sees an answer: a tracked
// connection waits for it for ever, and its later packets are INVALID; nothing is ever
// ESTABLISHED. A tunnel's own packets are NEW.
type tracking struct {
	tracked bool // net.ipv4.vs.conntrack
	loose   bool // nf_conntrack_tcp_loose
}

func (m *facts) tracking() (tracking, error) {
	tracked, err := m.optional(conntrack, 0)
	if err != nil {
		return tracking{}, err
	}
	loose, err := m.optional(tcpLoose, 1)
	return tracking{tracked != 0, loose != 0}, err
}

// ofClient are the states of a client's packet as it comes in, and as it is sent
// on.
func (t tracking) ofClient(s stream, stage netfilter.Stage) (in, out netfilter.State) {
	answered := func(d ipvs.Destination) bool { return d.Forward == ipvs.Masquerade }
	switch {
	case stage == netfilter.First && !t.tracked:
		return netfilter.New, netfilter.Untracked
	case stage == netfilter.First:
		return netfilter.New, netfilter.New
	case t.tracked && slices.ContainsFunc(s.service.Destinations, answered):
		if !slices.ContainsFunc(s.service.Destinations, func(d ipvs.Destination) bool { return !answered(d) }) {
			return netfilter.Established, netfilter.Established
		}
		return netfilter.Established | netfilter.Invalid, netfilter.Established | netfilter.Invalid
	case s.protocol != ipvs.TCP: // not measured
		return netfilter.New | netfilter.Invalid, netfilter.New | netfilter.Invalid | netfilter.Untracked
	case stage == netfilter.Later && t.loose && !t.tracked:
		return netfilter.New, netfilter.Untracked
	}
	return netfilter.Invalid, netfilter.Invalid
}

// ofAnswer are the states of the answer of a real server that is masqueraded, as it
// comes in and as it goes out.
func (t tracking) ofAnswer(p ipvs.Protocol, stage netfilter.Stage) (in, out netfilter.State) {
	switch {
	case t.tracked:
		return netfilter.Established, netfilter.Established
	case p == ipvs.TCP && (stage == netfilter.Answer || !t.loose):
		return netfilter.Invalid, netfilter.Invalid
	case p == ipvs.TCP, p == ipvs.UDP:
		return netfilter.New, netfilter.Untracked
	}
	return netfilter.New | netfilter.Invalid, netfilter.New | netfilter.Invalid | netfilter.Untracked
}

// optional is a parameter that a kernel may do without.
func (m *facts) optional(name string, otherwise int) (int, error) {
	value, err := m.sysctl(name)
	if errors.Is(err, fs.ErrNotExist) {
		return otherwise, nil
	}
	return value, err
}
