package watch

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/internal/sorry"
)

// A page answers for as long as the table may lead clients to it.
func TestPageStays(t *testing.T) {
	page, err := sorry.Load(config.Sorry{Page: config.DefaultPage})
	must(err)
	local := netip.MustParseAddr("127.0.0.1")
	server, err := sorry.ListenBeside(page, netip.AddrPortFrom(local, 80), local)
	must(err)
	w := Watch{Site: &book{}, Kernel: newLAN()}
	w.begin(load(two))
	defer w.pages.close()
	w.pages[web] = server
	to := server.Destination()
	answers := plan.Health{Services: map[string]plan.ServiceHealth{web: {Sorry: []ipvs.Destination{to}}}}
	for _, tt := range []struct {
		name  string
		after Applied
		stays bool
	}{
		{"it answers", Applied{Health: answers}, true},
		{"its entry may be there", Applied{Failed: errors.New("ipvsadm -d: no such device")}, true},
		{"its entry is gone", Applied{}, false},
	} {
		w.take(outcome{Applied: tt.after, roster: w.roster})
		if stays := w.pages[web] != nil; stays != tt.stays {
			t.Errorf("%s: it stays: %v, want %v", tt.name, stays, tt.stays)
		}
		if !tt.stays {
			continue
		}
		client, err := net.Dial("tcp", to.Key().String())
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		client.Close()
	}
}
