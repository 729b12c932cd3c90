package netfilter

import "golang.org/x/sys/unix"

// registerBytes is the size of all registers together: sixteen of 32 bits, of
// which four each are one of the older kind.
const registerBytes = 64

// machine is the state of a rule of nf_tables while a packet goes through its
// expressions.
type machine struct {
	view      *view
	table     *nftTable
	registers bits
	never     map[int][]byte // what a register with that offset is not
	when      truth          // whether the packet has come this far
	effects   []effect
}

// expression is what an expression of that name does. It tells whether the
// packet passes.
func expression(name string) func(*machine, attributes) truth {
	switch name {
	case "bitwise":
		return (*machine).bitwise
	case "byteorder":
		return (*machine).byteorder
	case "cmp":
		return (*machine).compare
	case "ct":
		return (*machine).ct
	case "immediate":
		return (*machine).immediate
	case "lookup":
		return (*machine).lookup
	case "match":
		return (*machine).xtMatch
	case "meta":
		return (*machine).meta
	case "nat":
		return (*machine).translate
	case "payload":
		return (*machine).payload
	case "range":
		return (*machine).inRange
	case "target":
		return (*machine).xtTarget

	case "masq", "queue", "synproxy": // queue asks a program, synproxy makes a handshake before the client's
		return does(accept)
	case "notrack":
		return does(untrack)
	case "redir", "tproxy":
		return does(redirect)
	case "reject", "fwd": // fwd sends it out of another interface
		return does(drop)
	case "counter", "dup", "last", "log":
		return does(proceed)
	case "connlimit", "dynset", "limit", "numgen", "quota": // on who sends how much
		return (*machine).forget
	}
	return (*machine).guess
}

// effects returns what a rule with these expressions does.
func (t *nftTable) effects(list []byte) func(*view) []effect {
	type evaluation struct {
		eval func(*machine, attributes) truth
		data attributes
	}
	var all []evaluation
	for _, one := range listAttributes(list) {
		a := parseAttributes(one.Data)
		all = append(all, evaluation{expression(a.text(unix.NFTA_EXPR_NAME)), a.nest(unix.NFTA_EXPR_DATA)})
	}
	return func(v *view) []effect {
		m := &machine{view: v, table: t, registers: unknown(registerBytes), never: map[int][]byte{}, when: yes}
		for _, e := range all {
			if m.when = min(m.when, e.eval(m, e.data)); m.when == no {
				break
			}
		}
		return m.effects
	}
}

// guess is an expression that is not understood: it may have changed any
// register.
func (m *machine) guess(a attributes) truth {
	m.view.guess = true
	return m.forget(a)
}

// forget is an expression whose outcome is not to be known.
func (m *machine) forget(attributes) truth {
	m.registers, m.never = unknown(registerBytes), map[int][]byte{}
	return depends
}

// does is an expression that only does something.
func does(what action) func(*machine, attributes) truth {
	return func(m *machine, _ attributes) truth {
		if what != proceed {
			m.add(effect{do: what})
		}
		return yes
	}
}

// add adds an effect on those packets that have come this far.
func (m *machine) add(e effect) {
	e.when = m.when
	m.effects = append(m.effects, e)
}

// offset is where a register begins.
func offset(register uint32) (at int, ok bool) {
	switch {
	case unix.NFT_REG_1 <= register && register <= unix.NFT_REG_4:
		return int(register-unix.NFT_REG_1) * 16, true
	case unix.NFT_REG32_00 <= register && register <= unix.NFT_REG32_15:
		return int(register-unix.NFT_REG32_00) * 4, true
	}
	return 0, false
}

// load puts bytes into a register, and zeros into what is left of its last word.
func (m *machine) load(register uint32, b bits) {
	at, ok := offset(register)
	if !ok || at+len(b.value) > registerBytes {
		return
	}
	for other := range m.never {
		if other < at+len(b.value) && at < other+16 {
			delete(m.never, other)
		}
	}
	m.never[at] = b.never
	n := copy(m.registers.value[at:], b.value)
	copy(m.registers.known[at:], b.known)
	for i := at + n; i%4 != 0; i++ {
		m.registers.set(i, 0)
	}
}

// register are the bytes from where a register begins.
func (m *machine) register(number uint32, size int) bits {
	at, ok := offset(number)
	if !ok || size > registerBytes {
		return unknown(min(size, registerBytes))
	}
	b := m.registers.part(at, size)
	b.never = m.never[at]
	return b
}
