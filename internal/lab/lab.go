// Package lab is the tutorial's network on one machine: five hosts as network
// namespaces, with the tutorial's addresses, and a walk through the tutorial
// with real packets.
//
//	client eth0 ── eth1 router eth0 ──┬── eth0 lvs
//	                                  ├── eth0 rs1
//	                                  └── eth0 rs2
//
// The switch in the middle is a namespace too, with a bridge. A machine has one
// lab at a time. Its parts have fixed names: below /run/netns
// "lvsdr-lab-client" and the others, below /run/lvsdr the folder "lab".
// Therefore [Up], [Open] and [Down] may run in different processes, and cope
// with what a killed one left.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"lvsdr/internal/config"
	"lvsdr/internal/lab/vnet"
)

const (
	runFolder = "/run/lvsdr" // lvsdr's records of the machine
	folder    = runFolder + "/lab"

	readyFile  = folder + "/ready"      // the network is complete
	netnsFile  = folder + "/made-netns" // the folder of namespaces was not there before
	configFile = folder + "/lvsdr.yaml" // of the cluster
	programs   = folder + "/bin"        // names of this executable
)

// ErrNone says that no lab is up.
var ErrNone = errors.New("no lab is up")

// Lab is the network, up.
type Lab struct{}

// Up builds the lab, and prints each deed on w as an administrator would type
// it. A complete lab stays; a half-built one is taken down first. Up returns when
// the web servers answer. If something fails or ctx ends, it takes down what it
// has built.
func Up(ctx context.Context, w io.Writer) (*Lab, error) {
	l, err := Open()
	if err == nil {
		return l, l.startWebServers(ctx)
	}
	if err := dismantle(); err != nil {
		return nil, fmt.Errorf("take down what was left of another lab: %w", err)
	}
	l = new(Lab)
	err = makeFolder()
	if err == nil {
		err = carryOut(ctx, w, construction())
	}
	if err == nil {
		err = os.WriteFile(readyFile, nil, 0o644)
	}
	if err == nil {
		err = l.startWebServers(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, Down())
	}
	return l, nil
}

// makeFolder makes the lab's folder. First it records whether the folder of
// namespaces is missing: then that goes with the lab.
func makeFolder() error {
	if err := os.MkdirAll(programs, 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(vnet.Folder); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(netnsFile, nil, 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(configFile, config.Example(), 0o644); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, name := range []string{"lvsdr", "ipvsadm", "ipvsadm-save", "ipvsadm-restore"} {
		if err := os.Symlink(self, filepath.Join(programs, name)); err != nil {
			return err
		}
	}
	for host := range realServers() {
		if err := os.Mkdir(filepath.Join(folder, host), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// Open finds the lab that is up. [ErrNone]: there is none, or only a part of one.
func Open() (*Lab, error) {
	if _, err := os.Stat(readyFile); err != nil {
		return nil, ErrNone
	}
	if slices.ContainsFunc(namespaces(), func(name string) bool { return !vnet.HasNamespace(name) }) {
		return nil, ErrNone
	}
	return new(Lab), nil
}

// In does something on a host, or on the switch, as [vnet.In] does.
func (l *Lab) In(host string, do func() error) error { return vnet.In(namespace(host), do) }

// AccessLog is the access log of a real server's web server.
func (l *Lab) AccessLog(host string) string { return filepath.Join(folder, host, "access_log") }
