package netfilter

import (
	"encoding/binary"
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// rules are what each test flushes: in a chain of the table's own, in one that
// was made, and a jump from the one to the other.
var rules = []string{
	"-P FORWARD DROP",
	"-N mine",
	"-A INPUT -s 10.9.0.0/16 -j DROP",
	"-A INPUT -p tcp -j mine",
	"-A mine -d 172.16.0.100/32 -j DROP",
	"-A mine -i eth0 -j RETURN",
	"-A OUTPUT -d 10.9.0.0/16 -j mine",
}

var flushed = []string{"-P INPUT ACCEPT", "-P FORWARD DROP", "-P OUTPUT ACCEPT", "-N mine"}

func TestKernelFirewallLegacy(t *testing.T) {
	fresh(t)
	testFlush(t, "iptables-legacy")
}

// TestStockFirewallNFT needs nf_tables of IPv4, which Debian's user-mode-linux
// is built without; TestKernelFirewallFamily tests the same messages there.
func TestStockFirewallNFT(t *testing.T) {
	fresh(t)
	testFlush(t, "iptables-nft")
}

// testFlush counts and flushes what iptables has set up.
func testFlush(t *testing.T, iptables string) {
	t.Helper()
	var h Filter
	count := func(want int) {
		t.Helper()
		if got, err := h.FilterRules(); err != nil || got != want {
			t.Errorf("%d rules, %v; want %d", got, err, want)
		}
	}
	count(0)
	must(t, h.FlushFilter())
	for _, rule := range rules {
		run(t, iptables, strings.Fields(rule)...)
	}
	run(t, iptables, "-t", "mangle", "-A", "INPUT", "-j", "ACCEPT")
	count(5)
	must(t, h.FlushFilter())
	count(0)
	got := strings.Split(strings.TrimSpace(run(t, iptables, "-S")), "\n")
	if d := cmp.Diff(flushed, got); d != "" {
		t.Errorf("filter (-want +got):\n%s", d)
	}
	if got := run(t, iptables, "-t", "mangle", "-S", "INPUT"); !strings.Contains(got, "-A INPUT -j ACCEPT") {
		t.Errorf("mangle was flushed as well:\n%s", got)
	}
	must(t, h.FlushFilter())
	run(t, iptables, "-A", "mine", "-j", "ACCEPT") // the table is still a good one
	count(1)
}

// TestKernelFirewallFamily flushes a table of a family that nf_tables has in
// every kernel we test with.
func TestKernelFirewallFamily(t *testing.T) {
	fresh(t)
	count := func(want int) {
		t.Helper()
		if got, err := nftRules(unix.NFPROTO_BRIDGE); err != nil || got != want {
			t.Errorf("%d rules, %v; want %d", got, err, want)
		}
	}
	count(0)
	must(t, nftFlush(unix.NFPROTO_BRIDGE))
	run(t, "ebtables-nft", "-A", "INPUT", "-j", "DROP")
	run(t, "ebtables-nft", "-A", "OUTPUT", "-j", "DROP")
	run(t, "ebtables-nft", "-t", "nat", "-A", "PREROUTING", "-j", "ACCEPT")
	count(2)
	must(t, nftFlush(unix.NFPROTO_BRIDGE))
	count(0)
	if got := run(t, "ebtables-nft", "-t", "nat", "-L", "PREROUTING"); !strings.Contains(got, "-j ACCEPT") {
		t.Errorf("nat was flushed as well:\n%s", got)
	}
}

// fresh puts the test into a network namespace of its own.
func fresh(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // and never unlock: the thread is spoilt
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("new network namespace: %v (run this through lvsdr lab kernel)", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestMalformedFilter cuts a table short everywhere: an error, never a panic.
func TestMalformedFilter(t *testing.T) {
	whole := xtTable{family: xtIPv4(), info: iptInfo{validHooks: 1}, entries: append(xtEntry(""), xtEntry("ERROR")...)}
	for n := range len(whole.entries) {
		cut := whole
		cut.entries = whole.entries[:n]
		empty, rules, err := cut.emptied()
		if n%len(xtEntry("")) != 0 && !errors.Is(err, errXTables) {
			t.Errorf("%d bytes: %d rules, %v", n, rules, err)
		}
		if len(empty.entries) > n {
			t.Errorf("%d bytes became %d", n, len(empty.entries))
		}
	}
	if empty, rules, err := whole.emptied(); err != nil || rules != 0 || len(empty.entries) != len(whole.entries) {
		t.Errorf("a policy and the end: %d rules, %d bytes, %v", rules, len(empty.entries), err)
	}
}

// xtEntry is an entry with the target of that name; a policy has none.
func xtEntry(target string) []byte {
	b := make([]byte, xtIPv4().entrySize+xtTargetSize+8)
	binary.NativeEndian.PutUint16(b[xtIPv4().targetOffset:], uint16(xtIPv4().entrySize))
	binary.NativeEndian.PutUint16(b[xtIPv4().nextOffset:], uint16(len(b)))
	copy(b[xtIPv4().entrySize+xtTargetName:], target)
	return b
}
