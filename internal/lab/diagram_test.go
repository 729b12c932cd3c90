package lab

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestDiagram compares the drawing with the table of hosts.
func TestDiagram(t *testing.T) {
	for _, h := range hosts {
		texts := []string{"│ " + h.name + " "}
		if h.gateway != "" {
			texts = append(texts, "default via "+h.gateway+" ")
		}
		for _, l := range h.links {
			texts = append(texts, "│ "+l.name+" "+l.addresses[0]+" ", " "+l.mac+" ")
			for _, more := range l.addresses[1:] {
				texts = append(texts, "│      "+more+" ")
			}
		}
		for _, text := range texts {
			if !strings.Contains(diagram, text) {
				t.Errorf("%s: %q is not in the diagram", h.name, text)
			}
		}
	}
	if n := strings.Count(diagram, "lo:1 "+vip+"/32  VIP"); n != 3 {
		t.Errorf("%d VIPs, want those of lvs, rs1 and rs2", n)
	}
}

func TestDiagramFits(t *testing.T) {
	for line := range strings.Lines(diagram) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
