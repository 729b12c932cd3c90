package lvsdr

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"syscall"

	"lvsdr/internal/check"
	"lvsdr/internal/hint"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/modprobe"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/plan"
	"lvsdr/internal/watch"
	"lvsdr/internal/wire"
)

// machine is what the verbs need of the machine they run on.
type machine interface {
	plan.Machine
	check.Kernel
	watch.Kernel
	Close() error // the connection to IPVS
	Addresses() ([]host.Address, error)
	IPv6() bool
	Facing(vip netip.Addr) ([]host.Link, error)
}

// thisMachine is the machine of the current network namespace.
type thisMachine struct {
	plan.Table
	*host.Host
	host.Sysctl
	wire.Wire
	netfilter.Filter
}

// Close closes the connection to IPVS, if there is one.
func (m thisMachine) Close() error {
	if conn, ok := m.Table.(io.Closer); ok {
		return conn.Close()
	}
	return nil
}

// need is what a verb needs of the machine's IPVS.
type need int

const (
	noTable    need = iota
	knownTable      // a real server may be a director as well, if we may know
	anyTable        // without IPVS there is nothing to stop
	shownTable      // as seenTable, for who looks at it again and again
	seenTable       // it is needed, but for its sake the machine is not changed
	theTable        // the kernel may load IPVS
)

// openMachine opens the doors that a verb needs.
func openMachine(n need) (machine, error) {
	m := thisMachine{Table: plan.NoTable{}, Host: host.NewHost()}
	if n == noTable {
		return m, nil
	}
	conn, err := openIPVS(n)
	switch {
	case err == nil:
		m.Table = conn
	case n == knownTable:
	case !errors.Is(err, syscall.ENOPROTOOPT):
		return nil, hint.Try(hint.Table, "", fmt.Errorf("ipvs: %w", err))
	case n != anyTable:
		return nil, withoutIPVS()
	}
	return m, nil
}

var errNoIPVS = errors.New("ipvs: this kernel has none loaded")

// withoutIPVS is the error of a kernel that has no IPVS.
func withoutIPVS() error {
	return hint.Add(errNoIPVS, "modprobe ip_vs; to try lvsdr anyway: lvsdr lab kernel -- bash")
}

// openConnections opens the kernel's list of connections, which is there with
// IPVS alone.
func openConnections() (io.ReadCloser, error) {
	in, err := ipvs.ThreadConnections()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, withoutIPVS()
	}
	return in, err
}

// openIPVS connects to IPVS, as far as a verb needs it. Where the kernel may load
// it, to ask for it over netlink is enough for that, if the kernel can run modprobe.
func openIPVS(n need) (*ipvs.Conn, error) {
	switch {
	case n != theTable && !ipvs.Present():
		return nil, syscall.ENOPROTOOPT
	case n == shownTable:
		return ipvs.OpenShort(false)
	}
	conn, err := ipvs.Open()
	if err != nil && n == theTable && modprobe.Load(nil, nil, nil) {
		conn, err = ipvs.Open()
	}
	return conn, err
}
