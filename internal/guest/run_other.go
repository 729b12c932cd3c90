//go:build !linux

package guest

import "errors"

// Run is not supported here: IPVS is part of Linux.
func Run([]string) (int, error) { return statusFailed, errors.New("not supported on this system") }

// Boot is not supported here.
func Boot([]string) (int, error) { return Run(nil) }

// BootStock is not supported here.
func BootStock([]string) (int, error) { return Run(nil) }

// Exec is not supported here.
func Exec([]string) (int, error) { return Run(nil) }

// Native says no.
func Native() bool { return false }

// Init is not supported here.
func Init([]string) error { return errors.New("not supported on this system") }
