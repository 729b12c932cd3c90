package lab

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/lab/vnet"
)

// The tutorial's addresses that have a name in LVS: of the service, of the
// client and of the real servers.
const (
	vip  = "172.16.0.100"
	cip  = "192.168.0.6"
	rip1 = "10.0.0.7"
	rip2 = "10.0.0.17"
	dip1 = "10.0.0.8"
	dip2 = "10.0.0.9" // of the second director
)

// labHost is a host of the tutorial.
type labHost struct {
	name     string
	links    []link
	gateway  string // of the default route; the router has none
	forward  int    // net.ipv4.ip_forward
	rpFilter int    // strict reverse path filtering, as on the tutorial's CentOS 8
}

// link is an interface of a host. Those inside are plugged into the switch;
// the two others, the client's and the router's, are one cable.
type link struct {
	name, mac string
	addresses []string
	inside    bool
}

// hosts are those of the tutorial's table, with their Ethernet
// addresses.
var hosts = []labHost{
	{name: "client", gateway: "192.168.0.200", links: []link{
		{name: "eth0", mac: "00:0c:29:0d:dc:1c", addresses: []string{cip + "/24"}},
	}},
	{name: "router", forward: 1, links: []link{
		{name: "eth0", mac: "00:0c:29:91:72:d3", addresses: []string{"10.0.0.200/24", "172.16.0.200/24"}, inside: true},
		{name: "eth1", mac: "00:0c:29:91:72:dd", addresses: []string{"192.168.0.200/24"}},
	}},
	{name: "lvs", gateway: "10.0.0.200", rpFilter: 1, links: []link{
		{name: "eth0", mac: "00:0c:29:19:bf:73", addresses: []string{dip1 + "/24"}, inside: true},
	}},
	{name: "rs1", gateway: "10.0.0.200", links: []link{
		{name: "eth0", mac: "00:0c:29:dc:0a:2b", addresses: []string{rip1 + "/24"}, inside: true},
	}},
	{name: "rs2", gateway: "10.0.0.200", links: []link{
		{name: "eth0", mac: "00:0c:29:88:8f:74", addresses: []string{rip2 + "/24"}, inside: true},
	}},
}

// second is the other director of a pair, which only the walk of two directors has.
var second = labHost{name: "lvs2", gateway: "10.0.0.200", rpFilter: 1, links: []link{
	{name: "eth0", mac: "00:0c:29:4f:3e:a9", addresses: []string{dip2 + "/24"}, inside: true},
}}

// The switch is a namespace with a bridge. Its ports have the names of the
// hosts.
const (
	switchName = "switch"
	bridge     = "br0"
)

// realServers are the hosts with a web server, and its address.
func realServers() map[string]string { return map[string]string{"rs1": rip1, "rs2": rip2} }

// Addresses are those of a host, in the order of its interfaces.
func Addresses(name string) (all []netip.Prefix) {
	for _, h := range append(slices.Clone(hosts), second) {
		if h.name != name {
			continue
		}
		for _, l := range h.links {
			for _, a := range l.addresses {
				all = append(all, netip.MustParsePrefix(a))
			}
		}
	}
	return all
}

// addressOf is the first address of a host.
func addressOf(name string) string { return Addresses(name)[0].Addr().String() }

// hostNames are the names of the hosts, without the switch.
func hostNames() (names []string) {
	for _, h := range hosts {
		names = append(names, h.name)
	}
	return names
}

// CheckHost fails if the lab has no host of that name, and lists the hosts.
func CheckHost(name string) error {
	names := hostNames()
	if slices.Contains(names, name) || name == second.name && vnet.HasNamespace(namespace(name)) {
		return nil
	}
	last := len(names) - 1
	return fmt.Errorf("unknown host %q: %s or %s", name, strings.Join(names[:last], ", "), names[last])
}

// hostOf names the host with that Ethernet address, or is empty.
func hostOf(mac net.HardwareAddr) string {
	for _, h := range hosts {
		for _, l := range h.links {
			if bytes.Equal(l.hardware(), mac) {
				return h.name
			}
		}
	}
	return ""
}

func (l link) hardware() net.HardwareAddr {
	mac, err := net.ParseMAC(l.mac)
	if err != nil {
		panic(err) // the table above is wrong
	}
	return mac
}

// namespace is the name of a host's network namespace.
func namespace(host string) string { return "lvsdr-lab-" + host }

// namespaces are those of the tutorial's lab.
func namespaces() []string {
	all := []string{namespace(switchName)}
	for _, name := range hostNames() {
		all = append(all, namespace(name))
	}
	return all
}
