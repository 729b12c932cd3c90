//go:build !linux

package umlinux

import "errors"

// Run is not supported here: IPVS is part of Linux.
func Run([]string) (int, error) { return statusFailed, errors.New("not supported on this system") }

// Guest is not supported here.
func Guest() error { return errors.New("not supported on this system") }
