package filter

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
	outcomes  []outcome
}

// expressions are those that are understood, by name. Each tells whether the
// packet passes it.
var expressions = map[string]func(*machine, attributes) truth{
	"bitwise":   (*machine).bitwise,
	"byteorder": (*machine).byteorder,
	"cmp":       (*machine).compare,
	"ct":        (*machine).ct,
	"immediate": (*machine).immediate,
	"lookup":    (*machine).lookup,
	"match":     (*machine).xtMatch,
	"meta":      (*machine).meta,
	"nat":       (*machine).translate,
	"payload":   (*machine).payload,
	"range":     (*machine).inRange,
	"target":    (*machine).xtTarget,

	"masq":     does(accept),
	"notrack":  does(untrack),
	"queue":    does(accept), // by a program
	"redir":    does(redirect),
	"reject":   does(drop),
	"synproxy": does(accept), // a handshake before the client's
	"counter":  does(proceed),
	"dup":      does(proceed),
	"last":     does(proceed),
	"log":      does(proceed),
}

// outcomes returns what a rule with these expressions does.
func (t *nftTable) outcomes(list []byte) func(*view) []outcome {
	type expression struct {
		name string
		data attributes
	}
	var all []expression
	for _, one := range listAttributes(list) {
		a := parseAttributes(one.Data)
		all = append(all, expression{a.text(unix.NFTA_EXPR_NAME), a.nest(unix.NFTA_EXPR_DATA)})
	}
	return func(v *view) []outcome {
		m := &machine{view: v, table: t, registers: unknown(registerBytes), never: map[int][]byte{}, when: yes}
		for _, e := range all {
			eval, ok := expressions[e.name]
			if !ok {
				eval = (*machine).guess
			}
			if m.when = min(m.when, eval(m, e.data)); m.when == no {
				break
			}
		}
		return m.outcomes
	}
}

// guess is an expression that is not understood: it may have changed any
// register.
func (m *machine) guess(attributes) truth {
	m.registers, m.never = unknown(registerBytes), map[int][]byte{}
	return depends
}

// does is an expression that only does something.
func does(what action) func(*machine, attributes) truth {
	return func(m *machine, _ attributes) truth {
		if what != proceed {
			m.outcome(outcome{do: what})
		}
		return yes
	}
}

// outcome is reached by those packets that have come this far.
func (m *machine) outcome(o outcome) {
	o.when = m.when
	m.outcomes = append(m.outcomes, o)
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
