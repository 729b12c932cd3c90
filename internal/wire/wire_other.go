//go:build !linux

package wire

import (
	"errors"
	"net/netip"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// Announce is a part of Linux.
func (Wire) Announce(l host.Link, vip netip.Addr) error { return errors.ErrUnsupported }

// Ask is a part of Linux.
func (Wire) Ask(l host.Link, addrs []netip.Addr, wait time.Duration) ([]Answer, error) {
	return nil, errors.ErrUnsupported
}

// Connect is a part of Linux.
func (Wire) Connect(p ipvs.Protocol, addrs []netip.AddrPort, wait time.Duration) ([]error, error) {
	return nil, errors.ErrUnsupported
}
