package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"lvsdr/internal/ipvs"
)

// threadNet is /proc/net of the calling thread; /proc/net itself is of the
// process's first thread.
const threadNet = "/proc/thread-self/net/"

// socketTables are the files with the machine's sockets. Only the first two
// are there on a kernel without IPv6 and SCTP.
var socketTables = []struct {
	name     string
	protocol ipvs.Protocol
	optional bool
}{
	{"tcp", ipvs.TCP, false},
	{"udp", ipvs.UDP, false},
	{"tcp6", ipvs.TCP, true},
	{"udp6", ipvs.UDP, true},
	{"sctp/eps", ipvs.SCTP, true},
}

// Listeners returns the sockets on which the machine can be spoken to, in the
// kernel's order. Sockets that are bound to an interface look as if they heard
// all of them.
func (h *Host) Listeners() ([]Listener, error) {
	var all []Listener
	for _, t := range socketTables {
		found, err := listenersIn(t.name, t.protocol)
		if t.optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	markV6Only(all)
	return all, nil
}

// VRRP reports whether a program on this machine takes part in VRRP, as
// keepalived does: it has a raw socket for that protocol (RFC 9568, 5.1.1.4).
// Such a program moves addresses between machines.
func (h *Host) VRRP() (bool, error) {
	const protocol = 112 // in /proc/net/raw it stands where a port would
	for _, name := range []string{"raw", "raw6"} {
		found, err := listenersIn(name, ipvs.UDP) // whose sockets have the same state
		if name == "raw6" && errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(found, func(l Listener) bool { return l.Addr.Port() == protocol }) {
			return true, nil
		}
	}
	return false, nil
}

func listenersIn(name string, p ipvs.Protocol) (found []Listener, err error) {
	f, err := os.Open(threadNet + name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if p == ipvs.SCTP {
		found, err = readEndpoints(f)
	} else {
		found, err = readSockets(f, p)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return found, nil
}
