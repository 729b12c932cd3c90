package health

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/lantest"
)

// alive asks with a limit of time.
func alive(t *testing.T, addr string, wait time.Duration) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	return Alive(ctx, netip.MustParseAddr(addr))
}

func TestKernelAlive(t *testing.T) {
	dir := lantest.LAN(t)
	lantest.Within(t, dir, "lvs", func() {
		for _, groups := range []string{"0\t2147483647", "1\t0"} { // with and without sockets for everybody's ping
			must(t, os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte(groups), 0))
			for _, addr := range []string{"10.0.0.7", "::ffff:10.0.0.7", "10.0.0.8", "127.0.0.1", "fd00::7", "::1"} {
				if !alive(t, addr, 10*time.Second) {
					t.Errorf("groups %s: %s is not alive", groups, addr)
				}
			}
			for _, addr := range []string{"10.0.0.99", "fd00::99", "192.0.2.1"} {
				started := time.Now()
				if alive(t, addr, soon) {
					t.Errorf("groups %s: %s is alive", groups, addr)
				}
				if took := time.Since(started); took > soon+time.Second {
					t.Errorf("groups %s: %s took %v", groups, addr, took)
				}
			}
		}
	})
}

func TestKernelSCTP(t *testing.T) {
	dir := lantest.LAN(t)
	lantest.Within(t, dir, "rs1", func() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, int(ipvs.SCTP))
		must(t, err)
		t.Cleanup(func() { unix.Close(fd) })
		must(t, unix.Bind(fd, &unix.SockaddrInet4{Port: 80, Addr: [4]byte{10, 0, 0, 7}}))
		must(t, unix.Listen(fd, 8))
	})
	lantest.Within(t, dir, "lvs", func() {
		for _, tt := range []struct {
			server string
			check  *config.Check
			want   want
		}{
			{"10.0.0.7:80", check(config.CheckTCP), good},
			{"10.0.0.7:84", check(config.CheckTCP), bad("connection refused")},
			{"10.0.0.99:80", check(config.CheckTCP, within(soon)), want{why: "no answer in 300ms"}},
		} {
			asked(t, Target{Server: netip.MustParseAddrPort(tt.server), Protocol: ipvs.SCTP, Check: tt.check}, tt.want)
		}
	})
}

// TestKernelUnplugged: a machine that is not there, and a network that is not.
func TestKernelUnplugged(t *testing.T) {
	dir := lantest.LAN(t)
	lantest.Within(t, dir, "lvs", func() {
		for _, kind := range []config.CheckType{config.CheckTCP, config.CheckHTTPS} {
			asked(t, Target{Server: netip.MustParseAddrPort("10.0.0.99:80"), Protocol: ipvs.TCP, Check: check(kind)}, want{why: "no route to host"})
			asked(t, Target{Server: netip.MustParseAddrPort("10.0.0.99:80"), Protocol: ipvs.TCP, Check: check(kind, within(soon))}, want{why: "no answer in 300ms"})
			asked(t, Target{Server: netip.MustParseAddrPort("192.0.2.1:80"), Protocol: ipvs.TCP, Check: check(kind)}, want{why: "network is unreachable"})
		}
	})
}

// TestKernelFiltered: what packet filters make of a question.
func TestKernelFiltered(t *testing.T) {
	dir := lantest.LAN(t)
	web := netip.MustParseAddrPort("10.0.0.7:80")
	lantest.Listen(t, dir, "rs1", "tcp4", web.String())
	for _, tt := range []struct {
		machine, rule string
		tcp, udp      want
	}{
		{"rs1", "INPUT -i eth0 -j ACCEPT", good, bad("port unreachable")},
		{"rs1", "INPUT -i eth0 -j REJECT", bad("connection refused"), bad("port unreachable")},
		{"rs1", "INPUT -i eth0 -j DROP", want{why: "no answer in 300ms"}, want{why: "no answer in 300ms"}},
		{"rs1", "INPUT -i eth0 -p tcp -j REJECT --reject-with icmp-host-prohibited", want{why: "no route to host"}, bad("port unreachable")},
		{"lvs", "OUTPUT -d 10.0.0.7 -j DROP", want{why: "no answer in 300ms"},
			want{why: "the packet filter of this machine drops the question"}},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			filter := func(words string) {
				lantest.Within(t, dir, tt.machine, func() {
					out, err := exec.Command("iptables-nft", strings.Fields(words)...).CombinedOutput()
					if err != nil {
						t.Fatalf("iptables-nft %s: %v\n%s", words, err, out)
					}
				})
			}
			filter("-A " + tt.rule)
			defer filter("-F")
			lantest.Within(t, dir, "lvs", func() {
				asked(t, Target{Server: web, Protocol: ipvs.TCP, Check: check(config.CheckTCP, within(soon))}, tt.tcp)
				asked(t, Target{Server: web, Protocol: ipvs.UDP, Check: check(config.CheckUDP, within(soon), func(c *config.Check) { c.Receive = "pong" })}, tt.udp)
			})
		})
	}
}
