package netfilter

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// arpRules are [ARP] by nf_tables.
type arpRules struct {
	bases  ruleset
	legacy bool
}

// ARPRules reads what is asked about packets of ARP. EPERM: CAP_NET_ADMIN is
// missing.
func (Filter) ARPRules() (ARP, error) {
	bases, err := nftBases(unix.NFPROTO_ARP)
	if err != nil {
		return nil, err
	}
	names, err := os.ReadFile("/proc/thread-self/net/arp_tables_names")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return arpRules{bases, strings.TrimSpace(string(names)) != ""}, nil
}

// Operations of ARP (RFC 826).
const arpRequest, arpReply = 1, 2

func (r arpRules) Answers(addr netip.Addr, link string) (bool, error) {
	question := &view{Packet: Packet{Dst: addr, In: link}, hook: Input, arp: arpRequest}
	answer := &view{Packet: Packet{Src: addr, Out: link}, hook: Output, arp: arpReply}
	for _, v := range []*view{question, answer} {
		if dropped, renamed, err := r.fate(v); dropped || renamed || err != nil {
			return false, err
		}
	}
	return true, r.complete()
}

func (r arpRules) Renames(addr netip.Addr, link string) (bool, error) {
	dropped, renamed, err := r.fate(&view{Packet: Packet{Src: addr, Out: link}, hook: Output, arp: arpRequest})
	if renamed && !dropped || err != nil {
		return true, err
	}
	return false, r.complete()
}

// fate is what becomes of all packets that look like v.
func (r arpRules) fate(v *view) (dropped, renamed bool, err error) {
	for _, b := range r.bases.at(v.hook) {
		w, err := b.follow(v)
		if err != nil {
			return false, false, err
		}
		if !w.accepts {
			dropped, renamed = dropped || w.drops != "", renamed || w.redirects
		}
	}
	return dropped, renamed, nil
}

// complete is no error if these are all rules that there are.
func (r arpRules) complete() error {
	if r.legacy {
		return ErrLegacyARP
	}
	return nil
}

// arpHeader is that of ARP for IPv4 over Ethernet (RFC 826).
func (v *view) arpHeader() bits {
	b := unknown(28)
	b.set(0, binary.BigEndian.AppendUint16(nil, 1)...)
	b.set(2, binary.BigEndian.AppendUint16(nil, unix.ETH_P_IP)...)
	b.set(4, 6, 4, 0, v.arp)
	const sender, target = 14, 24
	if v.Src.IsValid() {
		b.put(sender, v.source())
	}
	if v.Dst.IsValid() {
		b.put(target, v.dest())
	}
	return b
}

// write is a change to the packet. That of an address in a packet of ARP makes it
// one about somebody else.
func (m *machine) write(a attributes) {
	const sender, size = 14, 4
	if m.view.arp != 0 && a.uint32(unix.NFTA_PAYLOAD_BASE) == unix.NFT_PAYLOAD_NETWORK_HEADER &&
		a.uint32(unix.NFTA_PAYLOAD_OFFSET) == sender && a.uint32(unix.NFTA_PAYLOAD_LEN) == size {
		m.add(effect{do: redirect})
	}
}
