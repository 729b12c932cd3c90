package ipvs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
)

// A list is a word: each service or destination a letter, small ones IPv6, a
// blank between two datagrams of netlink.

// letter is the service of a letter.
func letter(c rune) Service {
	s := Service{Family: INET, Protocol: TCP, Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(c)}), Port: 80, Scheduler: "rr"}
	if c >= 'a' {
		s.Family, s.Addr = INET6, netip.AddrFrom16([16]byte{0xfd, 15: byte(c)})
	}
	return s
}

// word is the opposite: what was read.
func word[E any](list []E, addr func(*E) netip.Addr) string {
	var b strings.Builder
	for i := range list {
		text := addr(&list[i]).AsSlice()
		b.WriteByte(text[len(text)-1])
	}
	return b.String()
}

// datagrams are the answer to a dump of a word.
func datagrams(r request, text string, attrs func(rune) []byte) (all []any) {
	for piece := range strings.SplitSeq(text, " ") {
		var b []byte
		for _, c := range piece {
			b = append(b, answer(r, attrs(c))...)
		}
		if len(b) > 0 {
			all = append(all, b)
		}
	}
	return append(all, done(r, 0))
}

func serviceOf(c rune) []byte {
	s := letter(c)
	parts := serviceParts()
	parts[svcFamily] = appendU16(nil, svcFamily, uint16(s.Family))
	parts[svcAddr] = appendAddr(nil, svcAddr, s.Addr)
	return nestOf(attrService, joined(parts))
}

func destinationOf(c rune) []byte {
	s := letter(c)
	parts := destinationParts()
	parts[destFamily] = appendU16(nil, destFamily, uint16(s.Family))
	parts[destAddr] = appendAddr(nil, destAddr, s.Addr)
	return nestOf(attrDest, joined(parts))
}

// teller is the older interface of a kernel with these IPv4 services.
type teller struct {
	services string
	calls    int
	err      error
}

func (*teller) Close() error          { return nil }
func (*teller) Set(int, []byte) error { return syscall.EPERM }

func (k *teller) Get(option int, b []byte) error {
	k.calls++
	if option != soGetServices || k.err != nil {
		return errors.Join(k.err, syscall.EINVAL)
	}
	for i, c := range k.services {
		if i == int(binary.NativeEndian.Uint32(b)) {
			break
		}
		s := letter(c)
		s.Protocol = UDP // as serviceParts has it
		s.Port = 53
		putIdentity(b[getServicesHead+i*serviceSize:], &s)
	}
	return nil
}

func TestTornServices(t *testing.T) {
	const whole = "ABCDE FGHIJ"
	for _, c := range []struct {
		name     string
		readings []string // the last one again and again
		told     string   // by the older interface; empty: as without blanks the last one
		mute     bool     // it does not answer
		detail   Detail
		reads    int // of those
		calls    int // of the older interface
		torn     bool
	}{
		{name: "nothing", readings: []string{""}, reads: 1},
		{name: "one datagram", readings: []string{"ABC"}, reads: 1, calls: 1},
		{name: "one datagram, and one more since", readings: []string{"ABC"}, told: "ABCD", reads: 1, calls: 1},
		{name: "whole", readings: []string{whole}, reads: 1, calls: 1},
		{name: "passed over at the end", readings: []string{"ABCDE FGHI", whole}, reads: 2, calls: 2},
		{name: "passed over in the middle", readings: []string{"ABCDE GHIJ", whole}, reads: 2, calls: 2},
		{name: "passed over at the beginning", readings: []string{"BCDE FGHIJ", whole}, reads: 2, calls: 2},
		{name: "twice", readings: []string{"ABCDE EFGHIJ", whole}, reads: 2, calls: 2},
		{name: "twice at the end", readings: []string{"ABCDE FGHIJ J", whole}, reads: 2, calls: 2},
		{name: "one passed over, another twice", readings: []string{"ABCDE DGHIJ", whole}, reads: 2, calls: 2},
		{name: "torn three times", readings: []string{"ABCDE GHIJ", "ABCDE GHIJ", "ABCDE EFGHIJ", whole}, reads: 4, calls: 4},
		{name: "for ever", readings: []string{"ABCDE GHIJ"}, told: "ABCDEFGHIJ", reads: maxReadings, calls: maxReadings, torn: true},
		{name: "for a decision", readings: []string{whole}, detail: Certain, reads: 3, calls: 3},
		{name: "a small one for a decision", readings: []string{"ABC"}, detail: Certain, reads: 1, calls: 1},

		{name: "IPv6 in one datagram", readings: []string{"abc"}, reads: 1},
		{name: "IPv6", readings: []string{"abcde fghij"}, detail: Kept, reads: 3, calls: 3},
		{name: "IPv6 passed over", readings: []string{"abcde ghij", "abcde fghij"}, detail: Kept, reads: 4, calls: 4},
		{name: "IPv6 passed over alike", readings: []string{"abcde ghij", "abcde ghij", "abcde fghij"}, detail: Kept, reads: 5, calls: 5},
		{name: "IPv6 twice", readings: []string{"abcde efghij", "abcde efghij", "abcde fghij"}, detail: Kept, reads: 5, calls: 5},
		{name: "IPv6 for ever", readings: []string{"abcde efghij"}, detail: Kept, reads: maxReadings, calls: maxReadings, torn: true},
		{name: "IPv6 to look at", readings: []string{"abcde ghij"}, reads: 1, calls: 1},
		{name: "IPv6 to look at, twice", readings: []string{"abcde efghij", "abcde fghij"}, reads: 2, calls: 2},
		{name: "both families", readings: []string{"AbCdE fGhIj"}, detail: Kept, reads: 3, calls: 3},
		{name: "both families, IPv6 passed over", readings: []string{"AbCdE GhIj", "AbCdE fGhIj"}, detail: Kept, reads: 4, calls: 4},
		{name: "both families, IPv4 passed over", readings: []string{"AbCdE fhIj", "AbCdE fGhIj"}, detail: Kept, reads: 4, calls: 4},
		{name: "all of IPv6 passed over, for a decision", readings: []string{"ABCDE GHI", "ABCDE fGHI"}, detail: Certain, reads: 4, calls: 4},
		{name: "all of IPv4 passed over", readings: []string{"abcde ghij", "abcde Fghij"}, detail: Kept, reads: 4, calls: 4},

		{name: "without the older interface", readings: []string{whole}, mute: true, reads: 3, calls: 3},
		{name: "without it, passed over", readings: []string{"ABCDE GHIJ", whole}, mute: true, reads: 4, calls: 4},
		{name: "without it, twice", readings: []string{"ABCDE EFGHIJ", "ABCDE EFGHIJ", whole}, mute: true, reads: 5, calls: 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			var last string
			conn, _ := fakeConn(t, func(r request) []any {
				last = c.readings[min(n, len(c.readings)-1)]
				n++
				return datagrams(r, last, serviceOf)
			})
			final := strings.ReplaceAll(c.readings[len(c.readings)-1], " ", "")
			k := &teller{services: c.told}
			if c.told == "" {
				k.services = strings.Map(func(r rune) rune { // IPv4 alone
					if r >= 'a' {
						return -1
					}
					return r
				}, final)
			}
			if c.mute {
				k.err = syscall.ENOPROTOOPT
			}
			conn.short = &shortcut{sockopt: k}
			list, err := conn.Services(c.detail)
			if errors.Is(err, ErrTorn) != c.torn || err != nil && !c.torn {
				t.Fatalf("error %v", err)
			}
			got := word(list, func(e *ServiceEntry) netip.Addr { return e.Addr })
			if want := strings.ReplaceAll(last, " ", ""); got != want || n != c.reads || k.calls != c.calls {
				t.Errorf("%q after %d readings and %d calls; want %q, %d, %d", got, n, k.calls, want, c.reads, c.calls)
			}
		})
	}
}

// TestTornServicesByNetlink: a connection that reads by netlink alone asks the
// older interface only to bear witness, and only where that is needed.
func TestTornServicesByNetlink(t *testing.T) {
	for _, c := range []struct {
		readings     []string
		reads, calls int
	}{
		{[]string{"ABC"}, 1, 0},
		{[]string{"ABCDE FGHIJ"}, 1, 1},
		{[]string{"ABCDE GHIJ", "ABCDE FGHIJ"}, 2, 2},
	} {
		n := 0
		conn, _ := fakeConn(t, func(r request) []any {
			n++
			return datagrams(r, c.readings[min(n, len(c.readings))-1], serviceOf)
		})
		k := &teller{services: "ABCDEFGHIJ"}
		conn.short = &shortcut{sockopt: k, witness: true}
		list, err := conn.Services(0)
		if err != nil || n != c.reads || k.calls != c.calls {
			t.Errorf("%q: %d services, %v, after %d readings and %d calls; want %d, %d", c.readings, len(list), err, n, k.calls, c.reads, c.calls)
		}
		conn.Destinations(&list[0], 0, nil)
		if k.calls != c.calls {
			t.Errorf("%q: the older interface was asked for destinations", c.readings)
		}
	}
}

func TestTornDestinations(t *testing.T) {
	before := []DestinationEntry{{Active: 1}}
	for _, c := range []struct {
		name     string
		readings []string
		count    count
		detail   Detail
		reads    int
		torn     bool
	}{
		{"none", []string{""}, count{}, 0, 1, false},
		{"one datagram", []string{"ABC"}, count{}, 0, 1, false},
		{"whole", []string{"ABCDE FGHIJ"}, count{}, Kept, 3, false},
		{"passed over", []string{"ABCDE GHIJ", "ABCDE FGHIJ"}, count{}, Kept, 4, false},
		{"twice", []string{"ABCDE EFGHIJ", "ABCDE EFGHIJ", "ABCDE FGHIJ"}, count{}, Kept, 5, false},
		{"IPv6", []string{"abcde ghij", "abcde fghij"}, count{}, Kept, 4, false},
		{"IPv6 to look at, twice", []string{"abcde efghij", "abcde fghij"}, count{}, 0, 2, false},
		{"for ever", []string{"ABCDE EFGHIJ"}, count{}, Kept, maxReadings, true},
		{"as many as are known", []string{"ABCDE FGHIJ"}, known(10), Rates, 1, false},
		{"as many, for a decision", []string{"ABCDE FGHIJ"}, known(10), Everything, 3, false},
		{"as many, one twice", []string{"ABCDE EFGHI", "ABCDE FGHIJ"}, known(10), Rates, 2, false},
		{"fewer than are known", []string{"ABCDE GHIJ", "ABCDE FGHIJ"}, known(10), Rates, 2, false},
		{"fewer since they were counted", []string{"ABCDE FGHIJ"}, known(11), Rates, 3, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			conn, _ := fakeConn(t, func(r request) []any {
				n++
				return datagrams(r, c.readings[min(n, len(c.readings))-1], destinationOf)
			})
			list, err := conn.Destinations(&ServiceEntry{Service: letter('a'), count: c.count}, c.detail, before)
			if errors.Is(err, ErrTorn) != c.torn || err != nil && !c.torn {
				t.Fatalf("error %v", err)
			}
			got := word(list[1:], func(e *DestinationEntry) netip.Addr { return e.Addr })
			if want := strings.ReplaceAll(c.readings[len(c.readings)-1], " ", ""); got != want || n != c.reads || list[0].Active != 1 {
				t.Errorf("%q after %d readings; want %q, %d", got, n, want, c.reads)
			}
		})
	}
}

// The words of what is not whole are the C library's for ipvsadm, ours for lvsdr.
func TestTornIsAnErrno(t *testing.T) {
	if err := fmt.Errorf("read the ipvs table: %w", ErrTorn); !errors.Is(err, syscall.EAGAIN) || !strings.HasSuffix(err.Error(), ": it is being changed: readings do not agree") {
		t.Error(err)
	}
}
