//go:build !linux

package host

import (
	"errors"
	"net/netip"
)

// Addresses is a part of Linux.
func (h *Host) Addresses() ([]Address, error) { return nil, errors.ErrUnsupported }

// AddressesOn is a part of Linux.
func (h *Host) AddressesOn(links []Link) ([]Address, error) { return nil, errors.ErrUnsupported }

// AddAddress is a part of Linux.
func (h *Host) AddAddress(a Address) error { return errors.ErrUnsupported }

// DeleteAddress is a part of Linux.
func (h *Host) DeleteAddress(a Address) error { return errors.ErrUnsupported }

// Links is a part of Linux.
func (h *Host) Links() ([]Link, error) { return nil, errors.ErrUnsupported }

// Routes is a part of Linux.
func (h *Host) Routes(links []Link) ([]Route, error) { return nil, errors.ErrUnsupported }

// Facing is a part of Linux.
func (h *Host) Facing(vip netip.Addr) ([]Link, error) { return nil, errors.ErrUnsupported }

// EnterNetNS says that network namespaces are a part of Linux.
func EnterNetNS(name string) (restore func() error, err error) { return nil, errors.ErrUnsupported }

// NamespaceID says that network namespaces are a part of Linux.
func NamespaceID() (uint64, error) { return 0, errors.ErrUnsupported }

// Neighbours is a part of Linux.
func (h *Host) Neighbours(links []Link) ([]Neighbour, error) { return nil, errors.ErrUnsupported }

// RouteTo is a part of Linux.
func (h *Host) RouteTo(addr netip.Addr, links []Link) (Hop, error) {
	return Hop{}, errors.ErrUnsupported
}

// VRRP is a part of Linux.
func (h *Host) VRRP() (bool, error) { return false, errors.ErrUnsupported }

// Listeners is a part of Linux.
func (h *Host) Listeners() ([]Listener, error) { return nil, errors.ErrUnsupported }

// Release is of Linux only.
func (h *Host) Release() (string, error) { return "", errors.ErrUnsupported }
