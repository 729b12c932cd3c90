package check

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/status"
	"lvsdr/internal/wire"
)

// fake is a machine and its neighbours, as a test says they are.
type fake struct {
	links      []host.Link
	addresses  []host.Address
	routes     []host.Route
	hops       map[string]host.Hop // by address; others have no way
	neighbours []host.Neighbour
	sysctls    map[string]int
	release    string
	listeners  []host.Listener
	answers    map[string][]wire.Answer // by interface
	connects   map[string]error         // by address and port; nil: accepted
	probed     map[string]wire.Outcome  // by Ethernet address and VIP with port; others serve
	faults     []netfilter.Fault        // coming in
	onward     []netfilter.Fault        // going out
	redirected bool
	quiet      bool // rules for ARP
	lost       bool // no rule leads from the VIPs to the default route
	programs   []string
	delivers   bool     // by a local route
	mark       uint32   // what has this mark
	marks      []uint32 // that packets may have
	marked     []uint32 // that packets of TCP to port 80 have
	anyMark    bool
	faultsOf   func(netfilter.Packet) []netfilter.Fault
	passed     []string // what was sent through the filter
	vrrp       bool

	err map[string]error // by call

	calls      []string // other than Get, in order
	parameters []string // asked for by Get
	questions  []string // asked of the wire
	visits     []string // asked by probes
}

// call writes down what is asked for; it returns the error of that.
func (f *fake) call(name string) error {
	f.calls = append(f.calls, name)
	return f.err[name]
}

func (f *fake) Links() ([]host.Link, error)         { return f.links, f.call("Links") }
func (f *fake) Release() (string, error)            { return f.release, f.call("Release") }
func (f *fake) Listeners() ([]host.Listener, error) { return f.listeners, f.call("Listeners") }
func (f *fake) VRRP() (bool, error)                 { return f.vrrp, f.call("VRRP") }

func (f *fake) AddressesOn([]host.Link) ([]host.Address, error) {
	return f.addresses, f.call("Addresses")
}

func (f *fake) Routes([]host.Link) ([]host.Route, error) { return f.routes, f.call("Routes") }

func (f *fake) Neighbours([]host.Link) ([]host.Neighbour, error) {
	return f.neighbours, f.call("Neighbours")
}

func (f *fake) RouteTo(a netip.Addr, _ []host.Link) (host.Hop, error) {
	f.call("RouteTo " + a.String())
	hop, ok := f.hops[a.String()]
	if !ok {
		return hop, errNoWay
	}
	return hop, nil
}

func (f *fake) RouteFrom(source, a netip.Addr, _ []host.Link) (host.Hop, error) {
	if hop, ok := f.hops[source.String()]; ok {
		return hop, nil
	}
	defaults := defaultRoutes(a, f.routes)
	if f.lost || len(defaults) == 0 {
		return host.Hop{}, errNoWay
	}
	return host.Hop{Interface: defaults[0], Gateway: true, Via: netip.MustParseAddr("10.0.0.200")}, f.err["RouteFrom"]
}

func (f *fake) Get(name string) (int, error) {
	f.parameters = append(f.parameters, name)
	value, ok := f.sysctls[name]
	if !ok {
		return 0, errNoParameter
	}
	return value, f.err["Get"]
}

func (f *fake) Ask(questions []wire.Question, _ []host.Link, _ []host.Address, _ time.Duration) []wire.Reply {
	replies := make([]wire.Reply, len(questions))
	err := f.call("Ask")
	for i, q := range questions {
		for _, a := range q.Addrs {
			f.questions = append(f.questions, q.Link.Name+" "+a.String())
		}
		replies[i] = wire.Reply{Answers: f.answers[q.Link.Name], Err: err}
	}
	return replies
}

func (f *fake) Probe(probes []wire.Probe, _ time.Duration) []wire.ProbeReply {
	replies := make([]wire.ProbeReply, len(probes))
	err := f.call("Probe")
	for i, p := range probes {
		visit := p.MAC.String() + " " + p.Target.String()
		f.visits = append(f.visits, fmt.Sprintf("%s from %s on %s", visit, p.Source, p.Link.Name))
		outcome, said := f.probed[visit]
		if !said {
			outcome = wire.Served
		}
		replies[i] = wire.ProbeReply{Outcome: outcome, Err: err}
	}
	return replies
}

func (f *fake) Connect(p ipvs.Protocol, addrs []netip.AddrPort, _ time.Duration) ([]error, error) {
	results := make([]error, len(addrs))
	for i, a := range addrs {
		results[i] = f.connects[a.String()]
	}
	return results, f.call("Connect " + ipvs.Protocols.Name(p))
}

func (f *fake) Rules(family ipvs.AddressFamily) (netfilter.Rules, error) {
	return rules{f}, f.call("Rules " + ipvs.Families.Name(family))
}

func (f *fake) Redirection(p netfilter.Packet) (string, error) {
	return fmt.Sprintf("redirect %s:%d", p.Dst, p.Port), f.call("Redirection")
}

func (f *fake) IPTables(ipvs.AddressFamily) (string, error) { return "iptables", f.call("IPTables") }

func (f *fake) Classifiers([]host.Link) ([]string, error) { return f.programs, f.call("Classifiers") }

func (f *fake) Delivers(a netip.Addr, mark uint32) (bool, error) {
	return f.delivers && mark == f.mark, f.call("Delivers " + a.String())
}

func (f *fake) ARPRules() (netfilter.ARP, error) { return arpRules{f}, f.call("ARPRules") }

// arpRules are those of a fake.
type arpRules struct{ *fake }

func (r arpRules) Faults(netip.Addr, string) (found []netfilter.Fault, err error) {
	if r.quiet {
		found = []netfilter.Fault{{Where: "rule 1", Remedy: "let it answer"}}
	}
	return found, r.err["Answers"]
}

func (r arpRules) Renames(netip.Addr, string) (bool, error) { return r.quiet, r.err["Answers"] }

// rules are those of a fake.
type rules struct{ *fake }

func (r rules) Redirects(netfilter.Packet) (bool, error) { return r.redirected, nil }

func (r rules) Marks(netfilter.Packet) (netfilter.Marks, error) {
	return netfilter.Marks{Values: append([]uint32{0}, r.marks...), Any: r.anyMark}, nil
}

func (r rules) Marked(p netfilter.Packet, mark uint32) (found []netfilter.Packet, err error) {
	if slices.Contains(r.marked, mark) {
		p.Protocol, p.Port = ipvs.TCP, 80
		found = append(found, p)
	}
	return found, nil
}

// Faults are what a test says of a packet or, without that, of the ways in and out.
func (r rules) Faults(p netfilter.Packet, hooks ...netfilter.Hook) (found []netfilter.Fault, err error) {
	r.passed = append(r.passed, passing(p, hooks))
	if r.faultsOf != nil {
		return r.faultsOf(p), nil
	}
	if slices.Contains(hooks, netfilter.Input) {
		found = append(found, r.faults...)
	}
	if slices.Contains(hooks, netfilter.Output) {
		found = append(found, r.onward...)
	}
	return found, nil
}

// passing is a packet as text.
func passing(p netfilter.Packet, hooks []netfilter.Hook) string {
	var at strings.Builder
	for _, h := range hooks {
		fmt.Fprint(&at, h)
	}
	end := func(a netip.Addr, port uint16) string {
		if !a.IsValid() {
			return ""
		}
		return netip.AddrPortFrom(a, port).String()
	}
	words := fmt.Sprintf("%s %s %s>%s %s %s", &at, ipvs.Protocols.Name(p.Protocol), end(p.Src, p.SrcPort), end(p.Dst, p.Port),
		[]string{"SYN", "ACK", "FIN", "SYN/ACK"}[p.Stage], stateWords(p.State))
	if p.Sent != 0 {
		words += ", sent " + stateWords(p.Sent)
	}
	return words
}

func stateWords(s netfilter.State) string {
	var words []string
	for _, one := range []struct {
		state netfilter.State
		word  string
	}{{netfilter.New, "NEW"}, {netfilter.Established, "ESTABLISHED"}, {netfilter.Invalid, "INVALID"}, {netfilter.Untracked, "UNTRACKED"}} {
		if s&one.state != 0 {
			words = append(words, one.word)
		}
	}
	return strings.Join(words, "|")
}

// Ethernet addresses of the tutorial.
var (
	routerMAC = mac("00:0c:29:91:72:d3")
	rs1MAC    = mac("00:0c:29:dc:0a:2b")
	rs2MAC    = mac("00:0c:29:88:8f:74")
)

func mac(s string) net.HardwareAddr {
	m, err := net.ParseMAC(s)
	if err != nil {
		panic(err)
	}
	return m
}

func answerOf(addr string, m net.HardwareAddr) wire.Answer {
	return wire.Answer{Addr: netip.MustParseAddr(addr), MAC: m}
}

func addressOn(link, prefix string) host.Address {
	return host.Address{Prefix: netip.MustParsePrefix(prefix), Interface: link}
}

func routeOn(link, prefix string, gateway bool) host.Route {
	return host.Route{Prefix: netip.MustParsePrefix(prefix), Interface: link, Gateway: gateway}
}

// machine is what both roles of the tutorial have in common.
func machine() *fake {
	lo := host.Link{Name: "lo", Index: 1, Up: true, Loopback: true, MAC: make(net.HardwareAddr, 6)}
	eth0 := host.Link{Name: "eth0", Index: 2, Up: true, Broadcast: true, MAC: mac("00:0c:29:19:bf:73")}
	return &fake{
		links:     []host.Link{lo, eth0},
		addresses: []host.Address{addressOn("lo", "127.0.0.1/8"), addressOn("lo", "172.16.0.100/32")},
		routes:    []host.Route{routeOn("eth0", "10.0.0.0/24", false), routeOn("eth0", "0.0.0.0/0", true)},
		sysctls:   map[string]int{},
		err:       map[string]error{},
	}
}

// director is the tutorial's, and well.
func director() *fake {
	f := machine()
	f.addresses = append(f.addresses, addressOn("eth0", "10.0.0.8/24"))
	f.hops = map[string]host.Hop{"10.0.0.7": {Interface: "eth0"}, "10.0.0.17": {Interface: "eth0"}}
	f.answers = map[string][]wire.Answer{"eth0": {answerOf("10.0.0.7", rs1MAC), answerOf("10.0.0.17", rs2MAC)}}
	f.neighbours = []host.Neighbour{{Addr: netip.MustParseAddr("10.0.0.200"), MAC: routerMAC, Interface: "eth0"}}
	f.release = "6.1.0-28-amd64"
	f.sysctls = map[string]int{
		"net.ipv4.conf.all.rp_filter":    1,
		"net.ipv4.conf.eth0.rp_filter":   0,
		"net.ipv4.conf.all.arp_ignore":   0,
		"net.ipv4.conf.eth0.arp_ignore":  0,
		"net.ipv4.conf.all.arp_filter":   0,
		"net.ipv4.conf.eth0.arp_filter":  0,
		"net.ipv4.vs.expire_nodest_conn": 1,
		"net.ipv4.vs.conn_reuse_mode":    1,
		"net.ipv4.vs.conntrack":          0,
		"net.ipv4.conf.eth0.forwarding":  1,
	}
	return f
}

// realServer is the tutorial's first, and well.
func realServer() *fake {
	f := machine()
	f.addresses = append(f.addresses, addressOn("eth0", "10.0.0.7/24"))
	f.listeners = []host.Listener{{Protocol: ipvs.TCP, Addr: netip.MustParseAddrPort("0.0.0.0:80")}}
	f.answers = map[string][]wire.Answer{"eth0": {answerOf("10.0.0.200", routerMAC)}}
	f.sysctls = map[string]int{
		"net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.eth0.arp_ignore": 0,
		"net.ipv4.conf.all.arp_announce": 2, "net.ipv4.conf.eth0.arp_announce": 0,
		"net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.eth0.rp_filter": 0, "net.ipv4.conf.tunl0.rp_filter": 0,
	}
	return f
}

// siteOf is a machine with the tutorial's configuration, and whatever stands in
// these lines beside it.
func siteOf(t *testing.T, r Role, lines string) *Site {
	t.Helper()
	cfg, err := config.Load("lvsdr.yaml", []byte("vip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n"))
	if lines != "" {
		cfg, err = config.Load("lvsdr.yaml", []byte(lines))
	}
	if err != nil {
		t.Fatal(err)
	}
	return &Site{
		Role: r, Config: cfg,
		Status: status.Status{Services: []status.Service{{Service: "-t 172.16.0.100:80", Scheduler: "wrr", State: status.OK, RealServers: []status.RealServer{
			{Address: "10.0.0.7", Forward: "direct", Weight: 1, Configured: 1, State: status.OK},
			{Address: "10.0.0.17", Forward: "direct", Weight: 1, Configured: 1, State: status.OK},
		}}}},
		Lvsdr: func(role, verb string, words ...string) string {
			return strings.Join(append([]string{"lvsdr", role, verb}, words...), " ")
		},
	}
}
