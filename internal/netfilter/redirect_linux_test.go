package netfilter

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"lvsdr/internal/ipvs"
)

// The command that is advised has the effect, whichever variant of iptables
// this kernel takes, and what is asked before leaves nothing behind.
func TestKernelRedirection(t *testing.T) {
	fresh(t)
	for _, vip := range []string{"172.16.0.100", "fd00::100"} {
		p := Packet{Protocol: ipvs.TCP, Dst: netip.MustParseAddr(vip), Port: 80}
		command, err := Filter{}.Redirection(p)
		must(t, err)
		if rules, err := (Filter{}).FilterRules(); rules != 0 || err != nil {
			t.Errorf("%d rules, %v", rules, err)
		}
		if is, err := rulesFor(t, p).Redirects(p); is || err != nil {
			t.Errorf("%s is redirected at first, %v", vip, err)
		}
		words := strings.Fields(command)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		if is, err := rulesFor(t, p).Redirects(p); !is || err != nil {
			t.Errorf("%s is not redirected after %s, %v", vip, command, err)
		}
		p.Port = 443
		if is, err := rulesFor(t, p).Redirects(p); is || err != nil {
			t.Errorf("another port of %s is redirected, %v", vip, err)
		}
		t.Log(command)
	}
}
