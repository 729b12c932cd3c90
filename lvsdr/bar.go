package lvsdr

import (
	"fmt"
	"io"
	"strings"
)

// bar shows on a terminal how far a drain has come.
type bar struct {
	w     io.Writer
	shown bool
	most  uint32 // connections at most so far
}

func newBar(w io.Writer, shown bool) *bar { return &bar{w: w, shown: shown} }

const barWidth = 30

// show draws the bar over the last one: full when nothing is left.
func (b *bar) show(left uint32) {
	if !b.shown {
		return
	}
	b.most = max(b.most, left)
	full := barWidth
	if b.most > 0 {
		full = int(uint64(barWidth) * uint64(b.most-left) / uint64(b.most))
	}
	fmt.Fprintf(b.w, "\r[%s%s] %s left \x1b[K",
		strings.Repeat("#", full), strings.Repeat(".", barWidth-full), connections(left))
}

// connections says how many active ones there are.
func connections(n uint32) string {
	if n == 1 {
		return "1 active connection"
	}
	return fmt.Sprintf("%d active connections", n)
}

// end leaves the bar's line, once.
func (b *bar) end() {
	if b.shown {
		fmt.Fprintln(b.w)
	}
	b.shown = false
}
