package netfilter

import (
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestKernelFaultsHappen sends real packets through the filter: a client
// connects if there is no fault, and does not if there is one that drops all.
func TestKernelFaultsHappen(t *testing.T) {
	fresh(t)
	dial := client(t)
	for _, c := range iptablesCases {
		words := strings.Join(c.words, "\n")
		if strings.Contains(words, "OUTPUT") || strings.Contains(words, "POSTROUTING") {
			continue // where the server's answers would have to pass
		}
		restore(t, "iptables-legacy", words4.Replace(words))
		happens(t, dial, c.name, withDefaults(c.packet, vip4))
		restore(t, "iptables-legacy", empty)
	}
}

// TestStockFaultsHappenInet is like [TestStockFaultsNFT].
func TestStockFaultsHappenInet(t *testing.T) {
	fresh(t)
	dial := client(t)
	for _, c := range nftCases {
		if strings.Contains(c.table, "hook output") {
			continue
		}
		run(t, "nft", "table inet t { "+strings.ReplaceAll(c.table, "VIP", vip4)+"; }")
		happens(t, dial, c.name, withDefaults(c.packet, vip4))
		run(t, "nft", "flush ruleset")
	}
}

// happens compares what is said of a packet with what happens to it, before the
// remedies and after them; without a fault there are none.
func happens(t *testing.T, dial func(time.Duration) error, name string, p Packet) {
	t.Helper()
	if p.Protocol != unix.IPPROTO_TCP || p.Stage != First || p.Balanced { // as no director's kernel sees it here
		return
	}
	p.In = "eth0"
	faults, err := rulesFor(t, p).Faults(p, Prerouting, Input)
	must(t, err)
	if len(faults) != 0 && faults[0].Verdict == Drops && dial(dropTimeout) == nil {
		t.Errorf("%s: connected in spite of %+v", name, faults)
	}
	for _, f := range faults {
		remedy := strings.Fields(f.Remedy)
		run(t, remedy[0], remedy[1:]...)
	}
	if err := dial(10 * time.Second); err != nil {
		t.Errorf("%s: after the remedies of %+v: %v", name, faults, err)
	}
}

// dropTimeout is long enough for a packet between two namespaces, twice.
const dropTimeout = 200 * time.Millisecond

// client makes a network namespace that is wired to this one, where the VIP is
// on lo and something listens on port 80; it returns how to connect from there.
func client(t *testing.T) (dial func(time.Duration) error) {
	t.Helper()
	thread, wired, ask, answer := make(chan int), make(chan bool), make(chan time.Duration), make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with this goroutine
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			panic(err)
		}
		thread <- unix.Gettid()
		<-wired
		for timeout := range ask {
			conn, err := net.DialTimeout("tcp4", net.JoinHostPort(vip4, "80"), timeout)
			if err == nil {
				conn.Close()
			}
			answer <- err
		}
	}()
	id := strconv.Itoa(<-thread)
	for _, words := range []string{
		"link set lo up", "address add " + vip4 + "/32 dev lo",
		"link add eth0 type veth peer name c0 netns " + id,
		"address add 192.168.99.8/24 dev eth0", "link set eth0 up",
	} {
		run(t, "ip", strings.Fields(words)...)
	}
	for _, words := range []string{"ip address add 192.168.99.6/24 dev c0", "ip link set c0 up", "ip route add " + vip4 + " via 192.168.99.8"} {
		run(t, "nsenter", append([]string{"--net=/proc/" + id + "/ns/net"}, strings.Fields(words)...)...)
	}
	l, err := net.Listen("tcp4", net.JoinHostPort(vip4, "80"))
	must(t, err)
	t.Cleanup(func() { close(ask); l.Close() })
	wired <- true
	return func(timeout time.Duration) error {
		ask <- timeout
		return <-answer
	}
}
