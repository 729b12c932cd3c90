//go:build !linux

package wire

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// Announce is a part of Linux.
func (Wire) Announce(l host.Link, vip netip.Addr) error { return errors.ErrUnsupported }

// Ask is a part of Linux.
func (Wire) Ask(questions []Question, links []host.Link, own []host.Address, wait time.Duration) []Reply {
	return slices.Repeat([]Reply{{Err: errors.ErrUnsupported}}, len(questions))
}

// Connect is a part of Linux.
func (Wire) Connect(p ipvs.Protocol, addrs []netip.AddrPort, wait time.Duration) ([]error, error) {
	return nil, errors.ErrUnsupported
}
