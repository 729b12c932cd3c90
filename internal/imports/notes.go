package imports

import (
	"fmt"
	"slices"
	"strings"
)

// notes gather remarks that stand for several places of a source.
type notes struct {
	texts []string
	at    map[string]*places
}

// places are where a remark stands: the first ones of them, and how many more.
type places struct {
	first []string
	more  int
}

// mostPlaces are named of those that have the same remark.
const mostPlaces = 5

func (n *notes) add(at, text string) {
	if n.at == nil {
		n.at = map[string]*places{}
	}
	p := n.at[text]
	if p == nil {
		p = &places{}
		n.at[text] = p
		n.texts = append(n.texts, text)
	}
	switch {
	case slices.Contains(p.first, at):
	case len(p.first) < mostPlaces:
		p.first = append(p.first, at)
	default:
		p.more++
	}
}

// unsaid tells of a statement that the file has no counterpart of. Its words may
// be secret.
func (n *notes) unsaid(s statement) { n.add(s.at, "not imported: "+s.keyword()) }

// lines are the remarks, each with its places.
func (n *notes) lines() (all []string) {
	for _, text := range n.texts {
		at := strings.Join(n.at[text].first, ", ")
		if more := n.at[text].more; more > 0 {
			at += fmt.Sprintf(" and %d more", more)
		}
		if !strings.HasPrefix(text, "not imported") {
			at += ":"
		}
		all = append(all, at+" "+text)
	}
	return all
}
