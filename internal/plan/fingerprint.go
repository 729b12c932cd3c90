package plan

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"lvsdr/internal/ipvs"
)

// fingerprint is a short word for an entry with its destinations. Their order counts
// where the scheduler goes by it.
func (e *Entry) fingerprint() string {
	lines := []string{serviceLine("-A", &e.Service)}
	for i := range e.Destinations {
		lines = append(lines, destinationLine("-a", &e.Service, &e.Destinations[i].Destination))
	}
	if e.Scheduler != ipvs.MaglevHash {
		slices.Sort(lines)
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, "\n"))))[:12]
}
