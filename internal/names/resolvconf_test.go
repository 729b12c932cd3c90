package names

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseResolvConf(t *testing.T) {
	const server = "nameserver 192.0.2.1\n"
	local, one := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.1")
	tests := []struct {
		text, host string
		edit       func(*resolvConf) // what differs from the defaults
	}{
		{"", "vm", func(c *resolvConf) { c.servers[0] = local }},
		{"", "vm.example.com", func(c *resolvConf) { c.servers[0], c.search = local, []string{"example.com"} }},
		{server, "vm", func(c *resolvConf) {}},
		{"nameserver\t192.0.2.1 # x", "vm", func(c *resolvConf) {}},
		{"nameserver bogus\n" + server, "vm", func(c *resolvConf) {}},
		{"#nameserver 1.1.1.1\n;nameserver 1.1.1.1\n" + server, "vm", func(c *resolvConf) {}},
		{" nameserver 192.0.2.1\n", "vm", func(c *resolvConf) { c.servers[0] = local }},
		{"Nameserver 192.0.2.1\n", "vm", func(c *resolvConf) { c.servers[0] = local }},
		{"nameserver 192.0.2.1#x\n", "vm", func(c *resolvConf) { c.servers[0] = local }},
		{"nameserver 192.0.2.1\r\n", "vm", func(c *resolvConf) { c.servers[0] = local }},
		{server + "nameserver ::1\nnameserver fe80::1%lo\nnameserver 192.0.2.4\n", "vm", func(c *resolvConf) {
			c.servers = append(c.servers, netip.IPv6Loopback(), netip.MustParseAddr("fe80::1%lo"))
		}},
		{server + "domain a.test b.test\n", "vm.c.test", func(c *resolvConf) { c.search = []string{"a.test"} }},
		{server + "search\ta.test  b.test\n", "vm.c.test", func(c *resolvConf) { c.search = []string{"a.test", "b.test"} }},
		{server + "search a.test\ndomain b.test\n", "vm", func(c *resolvConf) { c.search = []string{"b.test"} }},
		{server + "domain a.test\nsearch b.test\n", "vm", func(c *resolvConf) { c.search = []string{"b.test"} }},
		{server + "search a.test\nsearch\n", "vm", func(c *resolvConf) { c.search = []string{"a.test"} }},
		{server + " search a.test\n", "vm", func(c *resolvConf) {}},
		{server + "options ndots:2 timeout:3 attempts:4 use-vc bogus\n", "vm", func(c *resolvConf) {
			c.ndots, c.timeout, c.attempts, c.useTCP = 2, 3*time.Second, 4, true
		}},
		{server + "options ndots:2\noptions timeout:1xy\n", "vm", func(c *resolvConf) { c.ndots, c.timeout = 2, time.Second }},
		{server + "options timeout:1,attempts:1\n", "vm", func(c *resolvConf) { c.timeout = time.Second }},
		{server + "options ndots:99 timeout:99999999999999999999 attempts:6\n", "vm", func(c *resolvConf) {
			c.ndots, c.timeout, c.attempts = 15, 30*time.Second, 5
		}},
		{server + "options ndots:x timeout:-1 attempts:\n", "vm", func(c *resolvConf) {
			c.ndots, c.timeout, c.attempts = 0, 0, 0
		}},
	}
	for _, tt := range tests {
		want := &resolvConf{servers: []netip.Addr{one}, ndots: 1, timeout: 5 * time.Second, attempts: 2}
		tt.edit(want)
		opts := cmp.Options{cmp.AllowUnexported(resolvConf{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmpopts.EquateEmpty()}
		if diff := cmp.Diff(want, parseResolvConf(tt.text, tt.host), opts); diff != "" {
			t.Errorf("%q on %s (-want +got):\n%s", tt.text, tt.host, diff)
		}
	}
}
