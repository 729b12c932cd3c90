//go:build !linux

package netfilter

import (
	"errors"

	"lvsdr/internal/ipvs"
)

// FilterRules is a part of Linux.
func (Filter) FilterRules() (int, error) { return 0, errors.ErrUnsupported }

// FlushFilter is a part of Linux.
func (Filter) FlushFilter() error { return errors.ErrUnsupported }

// Rules is a part of Linux.
func (Filter) Rules(family ipvs.AddressFamily) (Rules, error) { return nil, errors.ErrUnsupported }

// Redirection is a part of Linux.
func (Filter) Redirection(p Packet) (string, error) { return "", errors.ErrUnsupported }
