package netfilter

import "golang.org/x/sys/unix"

func (m *machine) immediate(a attributes) truth {
	data := a.nest(unix.NFTA_IMMEDIATE_DATA)
	if a.uint32(unix.NFTA_IMMEDIATE_DREG) != unix.NFT_REG_VERDICT {
		m.load(a.uint32(unix.NFTA_IMMEDIATE_DREG), known(data[unix.NFTA_DATA_VALUE]))
		return yes
	}
	m.add(m.table.verdict(data.nest(unix.NFTA_DATA_VERDICT)))
	return yes
}

// verdict reads struct nft_verdict.
func (t *nftTable) verdict(a attributes) effect {
	to := t.chains[a.text(unix.NFTA_VERDICT_CHAIN)]
	switch code := int32(a.uint32(unix.NFTA_VERDICT_CODE)); {
	case code == 0: // NF_DROP
		return effect{do: drop}
	case code > 0: // NF_ACCEPT; or NF_QUEUE: to a program that may accept
		return effect{do: accept}
	case code == unix.NFT_JUMP && to != nil:
		return effect{do: call, to: to}
	case code == unix.NFT_GOTO && to != nil:
		return effect{do: replace, to: to}
	case code == unix.NFT_RETURN:
		return effect{do: leave}
	}
	return effect{do: proceed}
}

// lookup asks a set, or does what a verdict map has for the packet.
func (m *machine) lookup(a attributes) truth {
	set := m.table.sets[a.text(unix.NFTA_LOOKUP_SET)]
	if set == nil {
		return m.guess(a)
	}
	for _, e := range set.elements {
		m.view.mayBePort(e.key)
	}
	in, jumps := no, a.has(unix.NFTA_LOOKUP_DREG) && a.uint32(unix.NFTA_LOOKUP_DREG) == unix.NFT_REG_VERDICT
	for _, e := range set.lookup(m.register(a.uint32(unix.NFTA_LOOKUP_SREG), registerBytes)) {
		in = max(in, e.when)
		if jumps {
			when := min(e.when, m.when)
			m.effects = append(m.effects, effect{when: when, do: e.do, to: e.to})
		}
		if in == yes {
			break
		}
	}
	if a.has(unix.NFTA_LOOKUP_DREG) && !jumps {
		m.forget(a) // what the map has for the key
	}
	const inverted = 1 // NFT_LOOKUP_F_INV
	return invert(in, a.uint32(unix.NFTA_LOOKUP_FLAGS), inverted)
}

// Attributes of linux/netfilter/nf_tables_compat.h: of the expressions "match"
// and "target", which are those of x_tables.
const (
	compatName     = 1 // NFTA_MATCH_NAME, NFTA_TARGET_NAME
	compatRevision = 2
	compatInfo     = 3
)

func (m *machine) xtMatch(a attributes) truth {
	return xtMatch(m.view, a.text(compatName), uint8(a.uint32(compatRevision)), a[compatInfo])
}

func (m *machine) xtTarget(a attributes) truth {
	if by := xtMarking(a.text(compatName), uint8(a.uint32(compatRevision)), a[compatInfo]); by != nil {
		m.add(effect{do: mark, by: *by})
	}
	return does(xtAction(a.text(compatName), a[compatInfo]))(m, a)
}

// translate is a translation of addresses: of the source or the destination.
func (m *machine) translate(a attributes) truth {
	if a.uint32(unix.NFTA_NAT_TYPE) == unix.NFT_NAT_DNAT {
		return does(redirect)(m, a)
	}
	return does(accept)(m, a)
}
