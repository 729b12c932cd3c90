package netfilter

import (
	"encoding/binary"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// nftFamily is the name that nft has for a protocol family.
func nftFamily(family uint8) string {
	switch family {
	case unix.NFPROTO_IPV4:
		return "ip"
	case unix.NFPROTO_IPV6:
		return "ip6"
	case unix.NFPROTO_INET:
		return "inet"
	case unix.NFPROTO_NETDEV:
		return "netdev"
	case unix.NFPROTO_ARP:
		return "arp"
	case unix.NFPROTO_BRIDGE:
		return "bridge"
	}
	return ""
}

// nftTable is a table of nf_tables by names.
type nftTable struct {
	family uint8
	name   string
	chains map[string]*chain
	sets   map[string]*nftSet
}

// decodeNFT reads the messages of [readNFT].
func decodeNFT(family uint8, messages []netlink.Message) []base {
	tables := map[string]*nftTable{}
	var bases []base
	for _, m := range messages {
		a := attributesOf(m)
		switch nftKind(m) {
		case unix.NFT_MSG_NEWTABLE:
			const dormant = 1 // NFT_TABLE_F_DORMANT
			if name := a.text(unix.NFTA_TABLE_NAME); a.uint32(unix.NFTA_TABLE_FLAGS)&dormant == 0 {
				tables[name] = &nftTable{family, name, map[string]*chain{}, map[string]*nftSet{}}
			}
		case unix.NFT_MSG_NEWCHAIN:
			if t := tables[a.text(unix.NFTA_CHAIN_TABLE)]; t != nil {
				bases = append(bases, t.addChain(a)...)
			}
		case unix.NFT_MSG_NEWSET:
			if t := tables[a.text(unix.NFTA_SET_TABLE)]; t != nil {
				t.sets[a.text(unix.NFTA_SET_NAME)] = newSet(a)
			}
		}
	}
	for _, m := range messages { // chains and sets may be named before they come
		a := attributesOf(m)
		switch nftKind(m) {
		case unix.NFT_MSG_NEWSETELEM:
			if t := tables[a.text(unix.NFTA_SET_ELEM_LIST_TABLE)]; t != nil {
				t.addElements(a)
			}
		case unix.NFT_MSG_NEWRULE:
			if t := tables[a.text(unix.NFTA_RULE_TABLE)]; t != nil {
				t.addRule(a)
			}
		}
	}
	return bases
}

// addChain returns the chain if it is a base chain.
func (t *nftTable) addChain(a attributes) []base {
	c := &chain{name: a.text(unix.NFTA_CHAIN_NAME)}
	t.chains[c.name] = c
	hook := a.nest(unix.NFTA_CHAIN_HOOK)
	number := hook.uint32(unix.NFTA_HOOK_HOOKNUM)
	if t.family == unix.NFPROTO_NETDEV {
		number += uint32(Ingress) // NF_NETDEV_INGRESS is 0, NF_NETDEV_EGRESS 1
	}
	if t.family == unix.NFPROTO_ARP {
		number = uint32(Input)
		if hook.uint32(unix.NFTA_HOOK_HOOKNUM) != 0 { // NF_ARP_IN
			number = uint32(Output)
		}
	}
	if !a.has(unix.NFTA_CHAIN_HOOK) || number > uint32(Egress) {
		return nil
	}
	b := base{
		chain: c, hook: Hook(number), priority: int32(hook.uint32(unix.NFTA_HOOK_PRIORITY)),
		nat: a.text(unix.NFTA_CHAIN_TYPE) == "nat", policy: accept,
	}
	if t.family == unix.NFPROTO_BRIDGE {
		switch b.hook {
		case Prerouting, Input:
			b.hook = Ingress
		case Output, Postrouting:
			b.hook = Egress
		default:
			return nil // what it sends on
		}
		b.bridged = true
	}
	if device := hook.text(unix.NFTA_HOOK_DEV); device != "" {
		b.devices = []string{device}
	}
	const hookDevices = 4 // NFTA_HOOK_DEVS
	for _, one := range listAttributes(hook[hookDevices]) {
		b.devices = append(b.devices, text(one.Data))
	}
	const nfDrop = 0 // NF_DROP
	if a.has(unix.NFTA_CHAIN_POLICY) && a.uint32(unix.NFTA_CHAIN_POLICY) == nfDrop {
		b.policy = drop
	}
	b.where, b.remedy, b.ofARP = fmt.Sprintf("%s, policy", t.path(c)), nftRemedy(t.path(c)), arpRemedy(t, c)
	if t.isARPTables(c) {
		b.where = fmt.Sprintf("policy of chain %s (arptables)", c.name)
	}
	if t.ofIPTables() && c.name == hookNames[b.hook] {
		b.where = fmt.Sprintf("policy of chain %s (table %s)", c.name, t.name)
		b.remedy = iptablesRemedy("nft", t.name, b.hook)
	}
	return []base{b}
}

func (t *nftTable) addRule(a attributes) {
	c := t.chains[a.text(unix.NFTA_RULE_CHAIN)]
	if c == nil {
		return
	}
	where := fmt.Sprintf("rule %d of chain %s (table %s)", len(c.rules)+1, c.name, t.name)
	if t.isARPTables(c) {
		where = fmt.Sprintf("rule %d of chain %s (arptables)", len(c.rules)+1, c.name)
	} else if handle := a[unix.NFTA_RULE_HANDLE]; !t.ofIPTables() && len(handle) == 8 {
		where = fmt.Sprintf("%s, handle %d", t.path(c), binary.BigEndian.Uint64(handle))
	}
	c.rules = append(c.rules, rule{where: where, effects: t.effects(a[unix.NFTA_RULE_EXPRESSIONS])})
}

// path is the chain as nft's commands name it.
func (t *nftTable) path(c *chain) string {
	return fmt.Sprintf("%s %s %s", nftFamily(t.family), t.name, c.name)
}

// ofIPTables tells whether the table is one that iptables makes, and its
// chains then are in capitals.
func (t *nftTable) ofIPTables() bool {
	if t.family != unix.NFPROTO_IPV4 && t.family != unix.NFPROTO_IPV6 {
		return false
	}
	for _, n := range xtNames {
		if n.name != t.name {
			continue
		}
		for _, name := range hookNames {
			if t.chains[name] != nil {
				return true
			}
		}
	}
	return false
}
