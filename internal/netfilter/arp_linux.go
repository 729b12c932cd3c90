package netfilter

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
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
	bases, err := nftBases(unix.NFPROTO_ARP, unix.NFPROTO_NETDEV)
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

func (r arpRules) Faults(addr netip.Addr, link string) ([]Fault, error) {
	faults, err := r.fate(Packet{Dst: addr, In: link}, arpRequest, Ingress, Input)
	if err != nil {
		return nil, err
	}
	answer, err := r.fate(Packet{Src: addr, Out: link}, arpReply, Output, Egress)
	if err != nil {
		return nil, err
	}
	if faults = append(faults, answer...); faults != nil {
		return faults, nil
	}
	return nil, r.complete()
}

func (r arpRules) Renames(addr netip.Addr, link string) (bool, error) {
	found, err := r.fate(Packet{Src: addr, Out: link}, arpRequest, Output, Egress)
	if err != nil {
		return false, err
	}
	dropped := slices.ContainsFunc(found, func(f Fault) bool { return !f.Redirects })
	if len(found) > 0 && !dropped {
		return true, nil
	}
	return false, r.complete()
}

// fate is what keeps all packets like p from getting through as they are.
func (r arpRules) fate(p Packet, operation uint8, hooks ...Hook) (faults []Fault, err error) {
	for _, hook := range hooks {
		for _, b := range r.bases.at(hook) {
			if b.asks(p) != yes {
				continue
			}
			w, err := b.follow(&view{Packet: p, hook: hook, arp: operation})
			if err != nil {
				return nil, err
			}
			if w.accepts || w.drops == "" && !w.redirects {
				continue
			}
			faults = append(faults, Fault{Verdict: Drops, Hook: hook, Redirects: w.drops == "", Where: cmp.Or(w.drops, w.redirected), Remedy: b.ofARP(p)})
		}
	}
	return faults, nil
}

// arpRemedy is a rule in front of all others of a chain: by arptables, if that has
// made it.
func arpRemedy(t *nftTable, c *chain) func(Packet) string {
	return func(p Packet) string {
		option, word, addr := "-d", "daddr", p.Dst
		if p.Src.IsValid() {
			option, word, addr = "-s", "saddr", p.Src
		}
		if t.isARPTables(c) {
			return fmt.Sprintf("%s -I %s %s %s -j ACCEPT", installed("arptables", "nft"), c.name, option, addr)
		}
		return fmt.Sprintf("nft insert rule %s arp %s ip %s accept", t.path(c), word, addr)
	}
}

// isARPTables tells whether the chain is one that arptables makes.
func (t *nftTable) isARPTables(c *chain) bool {
	return t.family == unix.NFPROTO_ARP && t.name == filterTable && slices.Contains(hookNames[:], c.name)
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
