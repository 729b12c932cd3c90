package ipvs

import (
	"net/netip"
	"slices"
	"syscall"
)

// The kernel gives a list over netlink in datagrams of up to 32 KiB, and lets
// others change tables between two of them. It finds its place by counting the
// services of all network namespaces, or the destinations of the service. If
// something is added before that place, the kernel repeats entries; if something is
// deleted, it skips some, or all the rest. A dump whose entries came in one datagram
// with room for more is whole: the kernel holds its lock while it fills one.
//
// Any other list needs a witness. For IPv4 that is the older interface, which lists
// all services under the lock: both orders must be the same ([shortcut.count]; it is
// asked for the numbers of destinations anyway). IPv6 has no witness but other
// readings with the same result.

// maxReadings is how often a list is read that never is whole. Changes at full
// speed in another namespace spoil one reading of 300 services in ten; of
// 10 000 services, six in seven.
const maxReadings = 100

// unanimous is how many readings in a row have to say the same. Two may lack the
// same service: where half of all dumps were torn, 1 pair in 2500 did
// (TestKernelTorn).
const unanimous = 3

// ErrTorn is a table that changed during each of many readings. What was read
// last may lack entries or have them twice.
var ErrTorn error = tornError{}

type tornError struct{}

func (tornError) Error() string { return "it is being changed: readings do not agree" }
func (tornError) Unwrap() error { return syscall.EAGAIN }

// witness is what the older interface says of a list.
type witness int

const (
	silent      witness = iota // it was not asked, or does not answer
	confirmed                  // these are the IPv4 services
	contradicts                // they are not
)

// readings compares one reading of a list with the next: what identifies its
// entries.
type readings[K comparable] struct {
	last []K
	n    int
}

// distinct reports whether no entry is there twice.
func distinct[K comparable](keys []K) bool {
	seen := make(map[K]bool, len(keys))
	for _, k := range keys {
		seen[k] = true
	}
	return len(seen) == len(keys)
}

// agree reports whether a reading has no entry twice and is the last of enough
// that are the same.
func (r *readings[K]) agree(keys []K) bool {
	if !distinct(keys) {
		r.n = 0
		return false
	}
	if !slices.Equal(r.last, keys) {
		r.n = 0
	}
	r.last, r.n = keys, r.n+1
	return r.n == unanimous
}

// unwitnessed are the services of a list that the older interface does not tell.
func unwitnessed(list []ServiceEntry, w witness) (keys []Key) {
	for i := range list {
		if w == silent || list[i].Family != INET {
			keys = append(keys, list[i].Key())
		}
	}
	return keys
}

// settleServices reads services until the list is whole.
func (c *Conn) settleServices(detail Detail, list []ServiceEntry) ([]ServiceEntry, error) {
	var others readings[Key]
	for range maxReadings {
		var err error
		if list, err = c.readServices(detail, list[:0]); err != nil {
			return list, err
		}
		w, err := c.short.count(list, c.whole)
		if err != nil || c.whole {
			return list, err
		}
		if w == contradicts {
			continue
		}
		keys := unwitnessed(list, w)
		if w == confirmed && detail&Certain == 0 && (len(keys) == 0 || detail&Kept == 0 && distinct(keys)) {
			return list, nil
		}
		if others.agree(keys) {
			return list, nil
		}
	}
	return list, ErrTorn
}

// settleDestinations reads the destinations of a service until the list is
// whole, and appends them to buf.
func (c *Conn) settleDestinations(s *ServiceEntry, detail Detail, buf []DestinationEntry) ([]DestinationEntry, error) {
	var list []DestinationEntry
	var all readings[netip.AddrPort]
	for range maxReadings {
		var err error
		if list, err = c.readDestinations(s, detail, buf); err != nil || c.whole {
			return list, err
		}
		var keys []netip.AddrPort
		for i := range list[len(buf):] {
			keys = append(keys, list[len(buf)+i].Key())
		}
		enough := s.count == known(uint32(len(keys))) && detail&Certain == 0 || s.Family == INET6 && !s.count.known && detail&(Certain|Kept) == 0
		if enough && distinct(keys) || all.agree(keys) {
			return list, nil
		}
	}
	return list, ErrTorn
}
