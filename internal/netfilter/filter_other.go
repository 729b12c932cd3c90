//go:build !linux

package netfilter

import "errors"

// FilterRules is a part of Linux.
func (Filter) FilterRules() (int, error) { return 0, errors.ErrUnsupported }

// FlushFilter is a part of Linux.
func (Filter) FlushFilter() error { return errors.ErrUnsupported }

// Faults is a part of Linux.
func (Filter) Faults(p Packet, hooks ...Hook) ([]Fault, error) { return nil, errors.ErrUnsupported }

// Redirects is a part of Linux.
func (Filter) Redirects(p Packet) (bool, error) { return false, errors.ErrUnsupported }

// Redirection is a part of Linux.
func (Filter) Redirection(p Packet) (string, error) { return "", errors.ErrUnsupported }
