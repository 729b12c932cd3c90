package netfilter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/netlink"
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

// TestStockFirewallNFT is like [TestStockFaultsNFT].
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

// fresh puts the test into a network namespace of its own.
func fresh(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // and never unlock: the thread is spoilt
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("new network namespace: %v (run this through lvsdr lab kernel)", err)
	}
}

// shared is a network namespace for many tests, one after the other: to make and to
// end one costs the kernel more than all else in most of them.
type shared int

func freshFor(t *testing.T) shared {
	t.Helper()
	made := make(chan shared)
	go func() {
		defer close(made)
		fresh(t)
		fd, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			panic(err)
		}
		made <- shared(fd)
	}()
	ns, ok := <-made
	if !ok {
		t.FailNow()
	}
	t.Cleanup(func() { unix.Close(int(ns)) })
	return ns
}

// enter puts the test there, where no rules are.
func (ns shared) enter(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // as fresh
	must(t, unix.Setns(int(ns), unix.CLONE_NEWNET))
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	must(t, err)
	defer c.Close()
	flush := nftRequest(unix.NFT_MSG_DELTABLE, netlink.Acknowledge, unix.AF_UNSPEC, nil)
	_, err = c.SendMessages([]netlink.Message{nftBatch(unix.NFNL_MSG_BATCH_BEGIN), flush, nftBatch(unix.NFNL_MSG_BATCH_END)})
	must(t, err)
	_, err = c.Receive()
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// empty is what a kernel has that was told no rules: lines for [restore].
const empty = `-t raw -F
-F
-X
-P INPUT ACCEPT
-P FORWARD ACCEPT
-P OUTPUT ACCEPT
-t mangle -F
-t mangle -X
-t mangle -P INPUT ACCEPT`

// restore gives lines with options of iptables to the restore program of it, which is
// faster than a process for each. Of each table the order stays.
func restore(t *testing.T, iptables, lines string) {
	t.Helper()
	var tables []string
	commands := map[string]string{}
	for line := range strings.Lines(lines) {
		table, options := "filter", strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(options, "-t "); ok {
			table, options, _ = strings.Cut(rest, " ")
		}
		if commands[table] == "" {
			tables = append(tables, table)
		}
		commands[table] += options + "\n"
	}
	var input strings.Builder
	for _, table := range tables {
		fmt.Fprintf(&input, "*%s\n%sCOMMIT\n", table, commands[table])
	}
	cmd := exec.Command(iptables+"-restore", "--noflush")
	cmd.Stdin = strings.NewReader(input.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s\n%s", cmd, err, out, &input)
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
