package vnet

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"lvsdr/internal/host"
)

// The network of these tests: two hosts on a switch.
var (
	leftMAC  = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	rightMAC = net.HardwareAddr{2, 0, 0, 0, 0, 2}
	leftIP   = netip.MustParseAddr("10.0.0.1")
	rightIP  = netip.MustParseAddr("10.0.0.2")
)

// network builds it, with namespaces called vnet-test-left and so on.
func network(t *testing.T) {
	t.Helper()
	for _, name := range []string{"switch", "left", "right"} {
		add(t, "vnet-test-"+name)
	}
	must(t, In("vnet-test-switch", func() error { return AddBridge("br0") }))
	for _, h := range []struct {
		name string
		mac  net.HardwareAddr
		addr netip.Addr
	}{{"left", leftMAC, leftIP}, {"right", rightMAC, rightIP}} {
		must(t, AddVeth(End{"vnet-test-" + h.name, "eth0", h.mac}, End{Namespace: "vnet-test-switch", Link: h.name}))
		must(t, In("vnet-test-switch", func() error { return errors.Join(Plug(h.name, "br0"), SetUp(h.name)) }))
		must(t, In("vnet-test-"+h.name, func() error {
			must(t, host.Sysctl{}.Set("net.ipv6.conf.eth0.disable_ipv6", 1)) // it talks of itself
			return host.NewHost().AddAddress(host.Address{Prefix: netip.PrefixFrom(h.addr, 24), Interface: "eth0"})
		}))
	}
}

func TestKernelVeth(t *testing.T) {
	network(t)
	must(t, In("vnet-test-left", func() error {
		links, err := host.NewHost().Links()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(links, func(l host.Link) bool { return l.Name == "eth0" })
		if i < 0 || links[i].MAC.String() != leftMAC.String() || links[i].Kind != "veth" {
			t.Errorf("interfaces: %+v", links)
		}
		return nil
	}))
	err := AddVeth(End{Namespace: "vnet-test-left", Link: "eth0"}, End{Namespace: "vnet-test-right", Link: "eth1"})
	if !errors.Is(err, unix.EEXIST) {
		t.Errorf("the same interface again: %v, want EEXIST", err)
	}
	err = AddVeth(End{Namespace: "vnet-test-left", Link: "eth1"}, End{Namespace: "vnet-test-none", Link: "eth1"})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("to nowhere: %v, want that it does not exist", err)
	}
}

// TestKernelCapture sends datagrams, which the bridge forwards, and finds each
// of them once, in order, with the right addresses, time and checksum.
func TestKernelCapture(t *testing.T) {
	network(t)
	var c *Capture
	must(t, In("vnet-test-switch", func() (err error) {
		c, err = OpenCapture("br0")
		return err
	}))
	defer c.Close()
	before := time.Now()
	words := []string{"one", "two", "three"}
	must(t, In("vnet-test-left", func() error {
		conn, err := net.ListenUDP("udp", nil) // not connected: it does not hear that nobody listens
		if err != nil {
			return err
		}
		defer conn.Close()
		for _, word := range words {
			if _, err := conn.WriteToUDPAddrPort([]byte(word), netip.AddrPortFrom(rightIP, 9)); err != nil {
				return err
			}
		}
		return nil
	}))
	var got []string
	for {
		f, err := c.Next(time.Now().Add(500 * time.Millisecond))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		must(t, err)
		if f.Time.Before(before.Add(-time.Second)) || f.Time.After(time.Now().Add(time.Second)) || f.Length != len(f.Data) {
			t.Errorf("time %v, length %d of %d bytes", f.Time, f.Length, len(f.Data))
		}
		if word, ok := datagram(f.Data); ok {
			got = append(got, word)
		}
	}
	if diff := cmp.Diff(words, got); diff != "" {
		t.Errorf("datagrams (-want +got):\n%s", diff)
	}
}

// datagram is the payload of a UDP datagram from left to right whose checksum is
// right.
func datagram(frame []byte) (payload string, ok bool) {
	if len(frame) < 42 || frame[12] != 8 || frame[13] != 0 || frame[23] != 17 {
		return "", false
	}
	if !slices.Equal(frame[:6], []byte(rightMAC)) || !slices.Equal(frame[6:12], []byte(leftMAC)) {
		return "", false
	}
	length := binary.BigEndian.Uint16(frame[38:])
	udp := frame[34:][:length]
	pseudo := slices.Concat(frame[26:34], []byte{0, 17, byte(length >> 8), byte(length)}, udp, make([]byte, length%2))
	var sum uint32
	for i := 0; i < len(pseudo); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(pseudo[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return string(udp[8:]), sum == 0xffff
}

func TestKernelCaptureErrors(t *testing.T) {
	add(t, "vnet-test")
	must(t, In("vnet-test", func() error {
		if _, err := OpenCapture("nosuch"); err == nil {
			t.Error("an interface that is not there was opened")
		}
		c, err := OpenCapture("lo")
		if err != nil {
			return err
		}
		must(t, c.Close())
		if _, err := c.Next(time.Now().Add(time.Second)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a closed capture: %v", err)
		}
		return nil
	}))
}

func TestKernelRoutes(t *testing.T) {
	network(t)
	anywhere := netip.MustParsePrefix("0.0.0.0/0")
	via := func(addr string) Route { return Route{Prefix: anywhere, Via: netip.MustParseAddr(addr)} }
	for _, step := range []struct {
		name string
		do   func() error
		err  error
		want []string // routes of IPv4
	}{
		{"add", func() error { return AddRoute(via("10.0.0.200")) }, nil,
			[]string{"default via 10.0.0.200 dev eth0", "10.0.0.0/24 dev eth0"}},
		{"add another", func() error { return AddRoute(via("10.0.0.66")) }, unix.EEXIST,
			[]string{"default via 10.0.0.200 dev eth0", "10.0.0.0/24 dev eth0"}},
		{"replace", func() error { return ReplaceRoute(via("10.0.0.66")) }, nil,
			[]string{"default via 10.0.0.66 dev eth0", "10.0.0.0/24 dev eth0"}},
		{"delete another", func() error { return DeleteRoute(via("10.0.0.200")) }, unix.ESRCH,
			[]string{"default via 10.0.0.66 dev eth0", "10.0.0.0/24 dev eth0"}},
		{"delete by its network", func() error { return DeleteRoute(Route{Prefix: anywhere}) }, nil, []string{"10.0.0.0/24 dev eth0"}},
		{"on the link", func() error { return AddRoute(Route{Prefix: netip.MustParsePrefix("172.16.0.0/24"), Link: "eth0"}) }, nil,
			[]string{"10.0.0.0/24 dev eth0", "172.16.0.0/24 dev eth0"}},
		{"no such interface", func() error { return AddRoute(Route{Prefix: anywhere, Link: "nosuch"}) }, unix.ENODEV,
			[]string{"10.0.0.0/24 dev eth0", "172.16.0.0/24 dev eth0"}},
	} {
		t.Run(step.name, func(t *testing.T) {
			must(t, In("vnet-test-left", func() error {
				err := step.do()
				if !errors.Is(err, step.err) {
					t.Errorf("error %v, want %v", err, step.err)
				}
				routes, err := Routes()
				var got []string
				for _, r := range routes {
					if r.Prefix.Addr().Is4() {
						got = append(got, r.String())
					}
				}
				if diff := cmp.Diff(step.want, got); diff != "" {
					t.Errorf("routes (-want +got):\n%s", diff)
				}
				return err
			}))
		})
	}
}
