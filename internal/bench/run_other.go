//go:build !linux

package main

import (
	"errors"
	"io"
)

func run(options, io.Writer) error { return errors.New("not supported on this system") }

func serveGuest() {}
