//go:build !linux

package vnet

import (
	"errors"
	"os"
	"time"
)

// Folder is where Linux has it.
const Folder = "/run/netns"

// AddNamespace is a part of Linux.
func AddNamespace(name string) error { return errors.ErrUnsupported }

// DeleteNamespace is a part of Linux.
func DeleteNamespace(name string) error { return errors.ErrUnsupported }

// RemoveFolder is a part of Linux.
func RemoveFolder() error { return errors.ErrUnsupported }

// HasNamespace says no: namespaces are a part of Linux.
func HasNamespace(name string) bool { return false }

// In is a part of Linux.
func In(name string, do func() error) error { return errors.ErrUnsupported }

// Processes is a part of Linux.
func Processes(inside *os.File) ([]int, error) { return nil, errors.ErrUnsupported }

// Inside says no.
func Inside(name string) bool { return false }

// SetUp is a part of Linux.
func SetUp(link string) error { return errors.ErrUnsupported }

// AddBridge is a part of Linux.
func AddBridge(name string) error { return errors.ErrUnsupported }

// AddVeth is a part of Linux.
func AddVeth(a, b End) error { return errors.ErrUnsupported }

// Plug is a part of Linux.
func Plug(link, bridge string) error { return errors.ErrUnsupported }

// AddRoute is a part of Linux.
func AddRoute(r Route) error { return errors.ErrUnsupported }

// ReplaceRoute is a part of Linux.
func ReplaceRoute(r Route) error { return errors.ErrUnsupported }

// DeleteRoute is a part of Linux.
func DeleteRoute(r Route) error { return errors.ErrUnsupported }

// Routes is a part of Linux.
func Routes() ([]Route, error) { return nil, errors.ErrUnsupported }

// Capture is a part of Linux.
type Capture struct{}

// OpenCapture is a part of Linux.
func OpenCapture(link string) (*Capture, error) { return nil, errors.ErrUnsupported }

// Next is a part of Linux.
func (c *Capture) Next(deadline time.Time) (Frame, error) { return Frame{}, errors.ErrUnsupported }

// Close is a part of Linux.
func (c *Capture) Close() error { return errors.ErrUnsupported }
