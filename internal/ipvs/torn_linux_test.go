package ipvs

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"testing"
)

var readingsOfTorn = flag.Int("torn", 100, "how many lists TestKernelTorn reads")

// stirred is a socket beside which the table of another network namespace
// changes, now and then between two datagrams.
type stirred struct {
	socket
	stir func()
}

func (s stirred) Receive(b []byte) (int, error) {
	if rand.N(10) == 0 {
		s.stir()
	}
	return s.socket.Receive(b)
}

// stirrer fills the table of another namespace by some services, or empties it. The
// kernel's hash has neighbouring addresses side by side, and where depends on the
// namespace: these are far from one another, some of them early in a dump.
func stirrer(t *testing.T) (stir func()) {
	other := openShort(t)
	n := 0
	return func() {
		if n > 0 {
			must(t, other.Flush())
			n = 0
			return
		}
		n = 1 + rand.N(10)
		for i := range n {
			must(t, other.AddService(numbered(INET, 1000+rand.N(25)+25*i)))
		}
	}
}

// numbered is one of many services.
func numbered(family AddressFamily, i int) Service {
	s := Service{Family: family, Protocol: TCP, Port: 80, Scheduler: "rr", Netmask: SingleClients(family)}
	s.Addr = netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
	if family == INET6 {
		s.Addr = netip.AddrFrom16([16]byte{0xfd, 14: byte(i >> 8), 15: byte(i)})
	}
	return s
}

// shared reports whether this kernel keeps the services of all network namespaces
// in one table, of which a dump tells a namespace its own. Those that have
// net.ipv4.vs.svc_lfactor (Linux 7) do not: no other one tears a dump there, but a
// table that grows changes its order once more.
func shared(t *testing.T) bool {
	_, err := os.Stat("/proc/sys/net/ipv4/vs/svc_lfactor")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err != nil
}

// told are the services of a list, sorted.
func told(list []ServiceEntry) (all []string) {
	for _, s := range list {
		all = append(all, fmt.Sprint(s.Key()))
	}
	slices.Sort(all)
	return all
}

// TestKernelTorn: a table that lies still is read whole while another one changes,
// though a single dump often is not.
func TestKernelTorn(t *testing.T) {
	for _, c := range []struct {
		name   string
		open   func(*testing.T) *Conn
		v4, v6 int
		detail Detail
	}{
		{"IPv4", openShort, 330, 0, 0},
		{"IPv4 by netlink", open, 330, 0, 0},
		{"IPv4 for a decision", open, 330, 0, Everything},
		{"IPv6 that is kept", openShort, 0, 330, Kept},
		{"both, for a decision", open, 170, 170, Everything},
		{"one of IPv6, for a decision", open, 330, 1, Everything},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := c.open(t)
			for i := range c.v4 {
				must(t, conn.AddService(numbered(INET, i)))
			}
			for i := range c.v6 {
				must(t, conn.AddService(numbered(INET6, i)))
			}
			list, err := conn.Services(c.detail)
			must(t, err)
			want := told(list)
			if len(want) != c.v4+c.v6 || conn.pieces < 2 {
				t.Fatalf("%d services in %d datagrams", len(want), conn.pieces)
			}
			conn.sock = stirred{conn.sock, stirrer(t)}
			torn := 0
			read := func(n int, services func() ([]ServiceEntry, error)) {
				torn = 0
				for range n {
					list, err := services()
					must(t, err)
					if !slices.Equal(told(list), want) {
						torn++
					}
				}
			}
			read(*readingsOfTorn, func() ([]ServiceEntry, error) { return conn.readServices(c.detail, nil) })
			if torn == 0 && shared(t) {
				t.Error("no dump was torn: this proves nothing")
			}
			said := fmt.Sprintf("%d of %d dumps were torn", torn, *readingsOfTorn)
			read(*readingsOfTorn, func() ([]ServiceEntry, error) { return conn.Services(c.detail) })
			t.Logf("%s, %d lists", said, torn)
			if torn > 0 {
				t.Errorf("%d of %d lists are torn", torn, *readingsOfTorn)
			}
		})
	}
}

// TestKernelTornShort: a list whose first datagram is full ends there where all
// that the kernel had counted is gone; it is read again.
func TestKernelTornShort(t *testing.T) {
	for _, family := range []AddressFamily{INET, INET6} {
		t.Run(fmt.Sprint(family), func(t *testing.T) {
			conn := openShort(t)
			const ours, others = 330, 2000
			for i := range ours {
				must(t, conn.AddService(numbered(family, i)))
			}
			list, err := conn.Services(Kept)
			must(t, err)
			other := openShort(t)
			fill := func() {
				for i := range others {
					must(t, other.AddService(numbered(INET, i)))
				}
			}
			fill()
			conn.sock = &emptied{socket: conn.sock, empty: func() { must(t, other.Flush()) }}
			short, err := conn.readServices(Kept, nil)
			must(t, err)
			if early := conn.pieces == 1 && len(short) < ours; early != shared(t) {
				t.Fatalf("%d services in %d datagrams; one table for all namespaces: %v", len(short), conn.pieces, shared(t))
			}
			fill()
			conn.sock.(*emptied).done = false
			got, err := conn.Services(Kept)
			must(t, err)
			if !slices.Equal(told(got), told(list)) {
				t.Errorf("%d services of %d", len(got), len(list))
			}
		})
	}
}

// emptied is a socket beside which, once, a table is emptied after the first
// datagram.
type emptied struct {
	socket
	empty func()
	done  bool
}

func (e *emptied) Send(b []byte) error {
	err := e.socket.Send(b)
	if !e.done {
		e.done = true
		e.empty()
	}
	return err
}
