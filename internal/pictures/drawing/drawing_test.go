package drawing

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/lab"
)

var update = flag.Bool("update", false, "draw the pictures of the documents anew")

// TestDiagrams: the drawings of the documents are those of the walk that "make pictures"
// recorded.
func TestDiagrams(t *testing.T) {
	drawn, err := Diagrams(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, picture := range drawn {
		file := "../../../docs/pictures/" + name
		if *update {
			if err := os.WriteFile(file, []byte(picture), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		committed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(committed), picture); d != "" {
			t.Errorf("%s (-committed +drawn):\n%s", name, d)
		}
	}
}

// TestDiagramsFollow: what the walk saw is what is drawn.
func TestDiagramsFollow(t *testing.T) {
	for _, c := range []struct {
		name, picture, want string
		change              func(*lab.Report)
	}{
		{"an Ethernet address", "five-packets.svg", "00:0c:29:00:00:01", func(r *lab.Report) { r.Packets[0].FromMAC = "00:0c:29:00:00:01" }},
		{"the other real server", "five-packets.svg", "real server rs1", func(r *lab.Report) {
			for i := range r.Packets {
				r.Packets[i].From = strings.ReplaceAll(r.Packets[i].From, "rs2", "rs1")
				r.Packets[i].To = strings.ReplaceAll(r.Packets[i].To, "rs2", "rs1")
			}
		}},
		{"all answer", "arp.svg", "lvs and rs1 and rs2 answer", func(r *lab.Report) { answered(r, "lvs, rs1").Seen = "lvs, rs1, rs2" }},
		{"only the director answers", "arp.svg", "only lvs answers", func(r *lab.Report) {}},
	} {
		walk := recorded(t)
		c.change(&walk)
		if drawn, err := Diagrams(walk); err != nil || !strings.Contains(drawn[c.picture], c.want) {
			t.Errorf("%s: %v, want %q in\n%s", c.name, err, c.want, drawn[c.picture])
		}
	}
}

// TestDiagramsRefuse: nothing is drawn of a walk that did not see it all.
func TestDiagramsRefuse(t *testing.T) {
	for name, change := range map[string]func(*lab.Report){
		"not as expected":          func(r *lab.Report) { r.OK = false },
		"a packet is missing":      func(r *lab.Report) { r.Packets = r.Packets[:4] },
		"nobody asked for the VIP": func(r *lab.Report) { r.Steps = r.Steps[:5] },
	} {
		walk := recorded(t)
		change(&walk)
		if drawn, err := Diagrams(walk); err == nil {
			t.Errorf("%s: drawn are %v", name, drawn)
		}
	}
}

// answered is the expectation that saw that answer.
func answered(r *lab.Report, seen string) *lab.Expectation {
	for i := range r.Steps {
		for j := range r.Steps[i].Expectations {
			if e := &r.Steps[i].Expectations[j]; e.Seen == seen {
				return e
			}
		}
	}
	panic("nobody saw " + seen)
}

func recorded(t *testing.T) (walk lab.Report) {
	t.Helper()
	data, err := os.ReadFile("testdata/walk.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &walk); err != nil {
		t.Fatal(err)
	}
	return walk
}
