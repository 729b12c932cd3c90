package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// threadNet is /proc/net of the calling thread; /proc/net itself is of the
// process's first thread.
const threadNet = "/proc/thread-self/net/"

// socketTables are the files with the machine's sockets. Only the first two
// are there on a kernel without IPv6 and SCTP.
var socketTables = []struct {
	name     string
	protocol Protocol
	optional bool
}{
	{"tcp", TCP, false},
	{"udp", UDP, false},
	{"tcp6", TCP, true},
	{"udp6", UDP, true},
	{"sctp/eps", SCTP, true},
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

func listenersIn(name string, p Protocol) (found []Listener, err error) {
	f, err := os.Open(threadNet + name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if p == SCTP {
		found, err = readEndpoints(f)
	} else {
		found, err = readSockets(f, p)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name(), err)
	}
	return found, nil
}
