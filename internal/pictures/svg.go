package main

import (
	"fmt"
	"html"
	"strings"
)

// A character of a picture.
const (
	wide, high = 8.4, 18
	margin     = 12
)

const svgStyle = `text { font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; fill: #1b1b1b }
.paper { fill: #fff; stroke: #ccc } .bold, .reverse { font-weight: 700 } .mark { fill: #d8d8d8 }
.red { fill: #b00020 } .green { fill: #0b6b2b } .yellow { fill: #7a4b00 } .cyan { fill: #005f7a }
@media (prefers-color-scheme: dark) {
text { fill: #eee } .paper { fill: #161616; stroke: #444 } .mark { fill: #444 }
.red { fill: #ff8389 } .green { fill: #6fdc8c } .yellow { fill: #f1c21b } .cyan { fill: #6fcfe8 }
}`

// svg is a picture of a screen. Each stretch of text is as wide as its columns,
// whatever font is found.
func (s *screen) svg(title string) (string, error) {
	var b strings.Builder
	width, height := 2*margin+wide*float64(s.columns), 2*margin+high*s.rows
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%.0f\" height=\"%d\" viewBox=\"0 0 %.0[1]f %[2]d\">\n<title>%s</title>\n<style>%s</style>\n",
		width, height, html.EscapeString(title), svgStyle)
	fmt.Fprintf(&b, "<rect class=\"paper\" x=\".5\" y=\".5\" width=\"%.0f\" height=\"%d\" rx=\"6\"/>\n", width-1, height-1)
	for y, line := range s.cells {
		for x := 0; x < len(line); {
			from, style := x, line[x].style
			var text strings.Builder
			for ; x < len(line) && line[x].style == style; x++ {
				text.WriteString(line[x].text)
			}
			if strings.Contains(style, "unknown") {
				return "", fmt.Errorf("line %d has a style that is %s", y+1, style)
			}
			left, top := margin+wide*float64(from), margin+high*y
			if strings.Contains(style, "reverse") {
				fmt.Fprintf(&b, "<rect class=\"mark\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", left, top, wide*float64(x-from), high)
			}
			seen := strings.TrimRight(text.String(), " ")
			for _, part := range spread(seen) {
				fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\" textLength=\"%.1f\"", left+wide*float64(part.at), top+14, wide*float64(len([]rune(part.text))))
				if style != "" {
					fmt.Fprintf(&b, " class=\"%s\"", style)
				}
				fmt.Fprintf(&b, ">%s</text>\n", html.EscapeString(part.text))
			}
		}
	}
	b.WriteString("</svg>\n")
	return b.String(), nil
}

// stretch is text with no more than one blank at a time, and its place.
type stretch struct {
	at   int
	text string
}

// spread takes a text apart where blanks are many: a browser may not keep them.
func spread(text string) (parts []stretch) {
	runes := []rune(text)
	for at := 0; at < len(runes); {
		if runes[at] == ' ' {
			at++
			continue
		}
		end := at
		for end < len(runes) && !(runes[end] == ' ' && (end+1 == len(runes) || runes[end+1] == ' ')) {
			end++
		}
		parts = append(parts, stretch{at, string(runes[at:end])})
		at = end
	}
	return parts
}
