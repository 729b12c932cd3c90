package plan

import (
	"net/netip"
	"testing"
)

func TestPenalty(t *testing.T) {
	one, two := netip.MustParseAddr("172.16.0.100"), netip.MustParseAddr("172.16.0.101")
	for _, tt := range []struct {
		name    string
		health  Health
		lacking int
		want    int
	}{
		{"all is well", Health{Held: map[netip.Addr]bool{one: false}}, 0, Fit},
		{"no VIP is up yet", Health{Held: map[netip.Addr]bool{one: true, two: true}}, 0, Unfit},
		{"one VIP has come with a reload", Health{Held: map[netip.Addr]bool{one: false, two: true}}, 0, lame},
		{"a service could not be made", Health{}, 1, lame},
		{"nobody is left for one, and one is missing", Health{Services: map[string]ServiceHealth{"a": {Instead: true}, "b": {}}}, 1, 2 * lame},
		{"none of many could be made", Health{}, 100, lamest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.health.Penalty(2, tt.lacking); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}
