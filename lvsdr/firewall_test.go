package lvsdr

import (
	"strings"
	"syscall"
	"testing"
)

func TestFlushFirewall(t *testing.T) {
	d := newDesk(t, tutorial)
	d.machine.SetFilterRules(2)
	d.succeed("vs start")
	if text := d.machine.String(); !strings.Contains(text, "filter rules 2\n") {
		t.Errorf("flushed without being asked:\n%s", text)
	}
	d.expect("vs start --flush-firewall --dry-run", result{"iptables -F\n", "", 3})
	d.expect("vs start --flush-firewall", result{vsReady, "iptables -F\n", 0})
	d.expect("vs start --flush-firewall", result{vsReady, vsNothing, 0})
	if text := d.machine.String(); strings.Contains(text, "filter rules") {
		t.Errorf("not flushed:\n%s", text)
	}
}

// A start that fails has not lost the rules yet.
func TestFlushFirewallComesLast(t *testing.T) {
	const calls = 6 // a service, two real servers, the VIP, its announcement, the rules
	for n := 1; n <= calls; n++ {
		d := newDesk(t, tutorial)
		d.machine.SetFilterRules(2)
		before := d.text()
		d.machine.FailAt(n, syscall.EBUSY)
		if got := d.run("vs start --flush-firewall"); got.Status != statusFailed {
			t.Fatalf("call %d failed, but status is %d", n, got.Status)
		}
		d.looks("after a failed start", before)
	}
	d := newDesk(t, tutorial)
	d.machine.SetFilterRules(2)
	d.succeed("vs start --flush-firewall")
	if d.machine.Calls() != calls {
		t.Errorf("%d calls, not %d", d.machine.Calls(), calls)
	}
}
