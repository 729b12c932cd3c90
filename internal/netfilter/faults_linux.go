package netfilter

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Faults finds what keeps p from its service at the given hooks: for each chain
// that is asked there at most one fault, in the order in which the kernel asks.
// The remedies of all of them together let the packet pass. EPERM:
// CAP_NET_ADMIN is missing.
func (Filter) Faults(p Packet, hooks ...Hook) ([]Fault, error) {
	bases, err := basesFor(p)
	if err != nil {
		return nil, err
	}
	return faultsIn(bases, p, hooks)
}

// Redirects tells whether the packet filter rewrites the destination of every
// such packet as it comes in (DNAT, REDIRECT): it then belongs to another
// service, and [Filter.Faults] says nothing about that. EPERM: CAP_NET_ADMIN is
// missing.
func (Filter) Redirects(p Packet) (bool, error) {
	bases, err := basesFor(p)
	if err != nil {
		return false, err
	}
	return redirectedIn(bases, p)
}

// basesFor reads all that is asked about packets of p's family.
func basesFor(p Packet) ([]base, error) {
	family, legacy := uint8(unix.NFPROTO_IPV4), xtIPv4()
	switch {
	case !p.Dst.IsValid():
		return nil, fmt.Errorf("packet without a destination: %w", unix.EINVAL)
	case p.Dst.Is6():
		family, legacy = unix.NFPROTO_IPV6, xtIPv6()
	}
	bases, err := nftBases(family, unix.NFPROTO_INET)
	if err != nil {
		return nil, fmt.Errorf("nf_tables: %w", err)
	}
	old, err := legacy.bases()
	if err != nil {
		return nil, fmt.Errorf("x_tables: %w", err)
	}
	return append(bases, old...), nil
}
