// Package stack enlarges the stack of the first goroutine before other packages are
// initialised.
//
// A stack starts small. Whenever it is too small, the runtime allocates one twice as
// large from a fresh pool, touches all of that pool, and reads its tables for every
// pointer in the frames that it moves. Initialisation alone causes this four times.
// Here the stack grows to its full size at once, while there is hardly anything to
// move.
//
// The language initialises packages in the order of their import paths, as far as
// their imports allow. This package imports nothing, so it comes before those that
// need math, os or regexp.
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
