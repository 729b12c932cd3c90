package netfilter

import (
	"fmt"

	"golang.org/x/sys/unix"

	"lvsdr/internal/ipvs"
)

// Rules reads all that is asked about packets of a family. EPERM: CAP_NET_ADMIN
// is missing; EINVAL: there is no such family.
func (Filter) Rules(family ipvs.AddressFamily) (Rules, error) {
	var protocols uint8
	var legacy *xtFamily
	switch family {
	case ipvs.INET:
		protocols, legacy = unix.NFPROTO_IPV4, xtIPv4()
	case ipvs.INET6:
		protocols, legacy = unix.NFPROTO_IPV6, xtIPv6()
	default:
		return nil, fmt.Errorf("packets of family %d: %w", family, unix.EINVAL)
	}
	bases, err := nftBases(protocols, unix.NFPROTO_INET, unix.NFPROTO_NETDEV, unix.NFPROTO_BRIDGE)
	if err != nil {
		return nil, fmt.Errorf("nf_tables: %w", err)
	}
	old, err := legacy.bases()
	if err != nil {
		return nil, fmt.Errorf("x_tables: %w", err)
	}
	return ruleset(append(bases, old...)), nil
}
