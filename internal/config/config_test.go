package config

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lvsdr/internal/kernel"
)

var (
	equalAddr = cmpopts.EquateComparable(netip.Addr{})
	addr      = netip.MustParseAddr
)

// tutorial is the configuration of the tutorial's two scripts.
func tutorial() Config {
	c := Default()
	c.VIPs = []netip.Addr{addr("172.16.0.100")}
	c.RealServers = []RealServer{
		{Addr: addr("10.0.0.7"), Weight: 1},
		{Addr: addr("10.0.0.17"), Weight: 1},
	}
	return c
}

func TestExample(t *testing.T) {
	c, err := Load("example.yaml", Example())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(tutorial(), c, equalAddr); d != "" {
		t.Errorf("Load(Example()) (-want +got):\n%s", d)
	}
	if err := c.Validate(); err != nil {
		t.Errorf("Validate: %v", err)
	}
}

func TestWantedTutorial(t *testing.T) {
	web := kernel.Service{
		Family: kernel.INET, Protocol: kernel.TCP, Addr: addr("172.16.0.100"), Port: 80,
		Scheduler: "wrr", Netmask: 0xffffffff,
	}
	dest := func(ip string) kernel.Destination {
		return kernel.Destination{
			Family: kernel.INET, Addr: addr(ip), Port: 80, Forward: kernel.DirectRoute, Weight: 1,
		}
	}
	want := []Wanted{{web, []kernel.Destination{dest("10.0.0.7"), dest("10.0.0.17")}}}
	if d := cmp.Diff(want, tutorial().Wanted(), equalAddr); d != "" {
		t.Errorf("Wanted (-want +got):\n%s", d)
	}
}
