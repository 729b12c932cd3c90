//go:build !linux

package umlinux

import "errors"

// Run is not supported here: IPVS is part of Linux.
func Run([]string) (int, error) { return statusFailed, errors.New("not supported on this system") }

// RunGuest is not supported here.
func RunGuest([]string) (int, error) { return Run(nil) }

// Exec is not supported here.
func Exec([]string) (int, error) { return Run(nil) }

// Native says no.
func Native() bool { return false }

// Guest is not supported here.
func Guest() error { return errors.New("not supported on this system") }
