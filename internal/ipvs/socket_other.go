//go:build !linux

package ipvs

import (
	"errors"
)

// Open says that IPVS is a part of Linux.
func Open() (*Conn, error) { return nil, errors.ErrUnsupported }

func newSockopt() sockopt { return noSockopt{} }

type noSockopt struct{}

func (noSockopt) Get(int, []byte) error { return errors.ErrUnsupported }
func (noSockopt) Set(int, []byte) error { return errors.ErrUnsupported }
