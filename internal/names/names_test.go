package names

import (
	"net/netip"
	"testing"
)

func TestSystemLocalhost(t *testing.T) {
	got, ok := System().Host4("localhost")
	if want := netip.MustParseAddr("127.0.0.1"); !ok || got != want {
		t.Errorf("Host4(localhost) = %v, %v; want %v", got, ok, want)
	}
}
