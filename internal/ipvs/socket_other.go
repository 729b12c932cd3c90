//go:build !linux

package ipvs

import (
	"errors"
)

// Open says that IPVS is a part of Linux.
func Open() (*Conn, error) { return nil, errors.ErrUnsupported }

func dialNetlink() (socket, error)  { return nil, errors.ErrUnsupported }
func dialSockopt() (sockopt, error) { return nil, errors.ErrUnsupported }
