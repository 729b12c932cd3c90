package sorry

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/lab/vnet"
	"lvsdr/internal/lantest"
)

// The machines of these tests: the director is lvs, the real server rs1, and rs2
// the router between them and the client.
const (
	director = "lvs"
	server   = "rs1"
	router   = "rs2"
	client   = "client"
)

// family is what differs between IPv4 and IPv6.
type family struct {
	name, network  string
	vip            netip.Addr // on the director and the real server
	dip, rip, gate string     // on the LAN
	outside, cip   string     // of the router, of the client
	forwarding     string     // parameter
	loopback       string
}

var families = []family{
	{
		"IPv4", "tcp4", netip.MustParseAddr("172.16.0.100"), "10.0.0.8", "10.0.0.7", "10.0.0.17",
		"192.168.0.200", "192.168.0.6", "net/ipv4/ip_forward", "127.0.0.1",
	},
	{
		"IPv6", "tcp6", netip.MustParseAddr("fd16::100"), "fd00::8", "fd00::7", "fd00::17",
		"fd92::200", "fd92::6", "net/ipv6/conf/all/forwarding", "::1",
	},
}

// network wires the client to the router, and gives everybody the addresses and
// routes of direct routing.
func network(t *testing.T) (dir string) {
	t.Helper()
	dir = lantest.LAN(t)
	lantest.Named(t, dir, client)
	ns, err := os.Open(filepath.Join(dir, client))
	must(t, err)
	defer ns.Close()
	lantest.Within(t, dir, router, func() {
		must(t, netlink.LinkAdd(&netlink.Veth{
			LinkAttrs: netlink.LinkAttrs{Name: "eth1"}, PeerName: "eth0", PeerNamespace: netlink.NsFd(ns.Fd()),
		}))
		lantest.Raise(t, "eth1")
	})
	lantest.Within(t, dir, client, func() {
		lantest.Raise(t, "eth0")
		lantest.AwaitCarrier(t, "eth0")
	})
	lantest.Within(t, dir, director, func() { lantest.SetSysctl(t, "net/ipv4/conf/all/rp_filter", "1") })
	// Neighbours are asked for by link-local addresses where the packet is not from
	// one of the interface, but from behind a router or from a VIP.
	for machine, addr := range map[string]string{director: "fe80::8", server: "fe80::7", router: "fe80::17"} {
		lantest.Give(t, dir, machine, "eth0", addr+"/64")
	}
	for _, f := range families {
		bits, host := "/24", "/32"
		if f.vip.Is6() {
			bits, host = "/64", "/128"
		}
		lantest.Give(t, dir, router, "eth1", f.outside+bits)
		lantest.Give(t, dir, client, "eth0", f.cip+bits)
		lantest.Within(t, dir, router, func() { lantest.SetSysctl(t, f.forwarding, "1") })
		to(t, dir, router, netip.PrefixFrom(f.vip, f.vip.BitLen()), f.dip)
		for machine, gate := range map[string]string{client: f.outside, director: f.gate, server: f.gate} {
			to(t, dir, machine, netip.PrefixFrom(f.vip, 0).Masked(), gate)
		}
		for _, machine := range []string{director, server} {
			lantest.Give(t, dir, machine, "lo", f.vip.String()+host)
		}
	}
	return dir
}

// to has a machine reach a network by a gateway.
func to(t *testing.T, dir, machine string, prefix netip.Prefix, gate string) {
	t.Helper()
	lantest.Within(t, dir, machine, func() {
		must(t, vnet.AddRoute(vnet.Route{Prefix: prefix, Via: netip.MustParseAddr(gate)}))
	})
}

// get is what the client gets from the VIP, on a connection that it would keep.
func get(t *testing.T, dir string, f family) (*http.Response, string) {
	t.Helper()
	var c net.Conn
	lantest.Within(t, dir, client, func() {
		var err error
		c, err = net.DialTimeout(f.network, netip.AddrPortFrom(f.vip, 80).String(), 5*time.Second)
		must(t, err)
	})
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(5*time.Second)))
	_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
	must(t, err)
	return answer(t, c, http.MethodGet)
}

// realServer answers on VIP:80 of the real server until the test ends.
func realServer(t *testing.T, dir string, f family) {
	t.Helper()
	l := lantest.Listen(t, dir, server, f.network, netip.AddrPortFrom(f.vip, 80).String())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nshop")
			c.Close()
		}
	}()
}

// TestKernelPage: through the VIP of a service with direct routing, a client gets
// the page, and on its next connection the real server that is back.
func TestKernelPage(t *testing.T) {
	dir := network(t)
	for _, f := range families {
		realServer(t, dir, f)
		t.Run(f.name, func(t *testing.T) {
			testPage(t, dir, f, ipvs.Destination{Addr: netip.MustParseAddr(f.loopback), Port: 80, Forward: ipvs.DirectRoute})
		})
		t.Run(f.name+", the port taken", func(t *testing.T) {
			lantest.Listen(t, dir, director, f.network, ":80")
			testPage(t, dir, f, ipvs.Destination{Addr: netip.MustParseAddr(f.dip), Forward: ipvs.Masquerade})
		})
	}
}

// testPage: want says which destination the page has, but for a free port.
func testPage(t *testing.T, dir string, f family, want ipvs.Destination) {
	var conn *ipvs.Conn
	var s *Server
	lantest.Within(t, dir, director, func() {
		var err error
		conn, err = ipvs.Open()
		must(t, err)
		s, err = Listen(load(t, config.Sorry{Page: config.DefaultPage}), netip.AddrPortFrom(f.vip, 80), netip.MustParseAddr(f.dip))
		must(t, err)
	})
	defer conn.Close()
	defer s.Close()
	page := s.Destination()
	want.Family, want.Weight = ipvs.FamilyOf(f.vip), 1
	if want.Port == 0 {
		want.Port = page.Port
	}
	if page != want {
		t.Fatalf("destination %+v, want %+v", page, want)
	}
	service := ipvs.Service{
		Family: page.Family, Protocol: ipvs.TCP, Addr: f.vip, Port: 80, Scheduler: "wrr", Netmask: ipvs.SingleClients(page.Family),
	}
	must(t, conn.AddService(service))
	defer func() { must(t, conn.DeleteService(service)) }()

	must(t, conn.AddDestination(service, page))
	for range 3 {
		if response, body := get(t, dir, f); response.StatusCode != http.StatusServiceUnavailable || !response.Close || body != string(ours) {
			t.Errorf("with nobody left: %s, close %v, %d bytes; want the page", response.Status, response.Close, len(body))
		}
	}

	back := ipvs.Destination{Family: page.Family, Addr: netip.MustParseAddr(f.rip), Port: 80, Forward: ipvs.DirectRoute, Weight: 1}
	must(t, conn.AddDestination(service, back))
	must(t, conn.DeleteDestination(service, page))
	must(t, s.Close())
	for range 3 {
		if response, body := get(t, dir, f); response.StatusCode != http.StatusOK || body != "shop" {
			t.Errorf("with the real server back: %s %q, want its page", response.Status, body)
		}
	}
}
