// Package stack makes room for the first goroutine before other packages are
// initialised.
//
// A stack begins small. Each time it does not suffice, the runtime takes a piece
// twice as large out of a fresh pool, all of which it touches, and reads its
// tables for every pointer in the frames that it moves. Initialisation alone gets
// there four times. Here it gets all of that room at once, while there is hardly
// anything to move.
//
// The language initialises packages in the order of their import paths, as far as
// their imports allow. With no imports this one comes before those that need
// math, os or regexp.
package stack

// room is as much as most calls need; it makes a stack of 32 kB.
type room [14 << 10]byte

func init() {
	var r room
	touch(&r)
}

// touch is not inlined, lest the array vanish.
//
//go:noinline
func touch(r *room) { r[0] = 1 }
