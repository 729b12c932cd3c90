// Package drawing draws the diagrams of docs/pictures as SVG, from the lab's hosts and
// from what a walk through it saw on the wire. Only the places are chosen here.
package drawing

import (
	"fmt"
	"html"
	"strings"
)

const style = `text { font: 14px system-ui, "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #1b1b1b } .small { font-size: 12px }
.mono { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 13px } .bold { font-weight: 700 } .middle { text-anchor: middle }
.paper { fill: #fff; stroke: #ccc } .host { fill: #f2f4f8; stroke: #697077 } .line { stroke: #697077; fill: none }
.ask { stroke: #005f7a; fill: none } .answer { stroke: #0b6b2b; fill: none } .wrong { stroke: #b00020; fill: none }
.asks { fill: #005f7a } .answers { fill: #0b6b2b } .wrongs { fill: #b00020 } .ask, .answer, .wrong { stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #eee } .paper { fill: #161616; stroke: #444 } .host { fill: #262626; stroke: #8d8d8d } .line { stroke: #8d8d8d }
.ask { stroke: #6fcfe8 } .answer { stroke: #6fdc8c } .wrong { stroke: #ff8389 } .asks { fill: #6fcfe8 } .answers { fill: #6fdc8c } .wrongs { fill: #ff8389 }
}`

const width = 880

// canvas is a drawing as it grows.
type canvas struct{ b strings.Builder }

func newCanvas(height int, title string) *canvas {
	c := new(canvas)
	c.add(`<svg xmlns="http://www.w3.org/2000/svg" role="img" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d">`, width, height)
	c.add("<title>%s</title>\n<style>%s</style>", html.EscapeString(title), style)
	for _, kind := range []string{"ask", "answer", "wrong"} {
		c.add(`<marker id="%s" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="5" markerHeight="5" orient="auto"><path class="%[1]ss" d="M0 0 8 4 0 8z"/></marker>`, kind)
	}
	c.add(`<rect class="paper" x=".5" y=".5" width="%d" height="%d" rx="6"/>`, width-1, height-1)
	return c
}

func (c *canvas) add(format string, args ...any) { fmt.Fprintf(&c.b, format+"\n", args...) }

func (c *canvas) String() string { return c.b.String() + "</svg>\n" }

// box is a host: its name, and lines below it.
func (c *canvas) box(x, y, width int, name string, lines ...string) {
	c.add(`<rect class="host" x="%d" y="%d" width="%d" height="%d" rx="6"/>`, x, y, width, boxHeight(len(lines)))
	c.text(x+width/2, y+22, "middle bold", name)
	for i, line := range lines {
		c.text(x+width/2, y+40+18*i, "middle mono", line)
	}
}

// boxHeight is that of a host with so many lines below its name.
func boxHeight(lines int) int { return 36 + 18*lines }

func (c *canvas) text(x, y int, class, text string) {
	c.add(`<text x="%d" y="%d" class="%s">%s</text>`, x, y, class, html.EscapeString(text))
}

// line is a cable: path is that of SVG.
func (c *canvas) line(path string, args ...any) {
	c.add(`<path class="line" d="%s"/>`, fmt.Sprintf(path, args...))
}

// arrow is the way of a packet; kind is ask, answer or wrong.
func (c *canvas) arrow(kind, path string, args ...any) {
	c.add(`<path class="%s" d="%s" marker-end="url(#%[1]s)"/>`, kind, fmt.Sprintf(path, args...))
}
