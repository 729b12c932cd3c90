package keepalived

import (
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// preface says what an operator has to do besides putting the file in place.
func (t *text) preface(c config.Config, o Options) {
	t.note(
		"Two directors with keepalived, written by lvsdr export keepalived.",
		"",
		"This file goes to /etc/keepalived/keepalived.conf on both directors. On the",
		"second one change the priority, and the interface if it has another name there;",
		"all else is the same. Test it with: keepalived -t",
		"",
		"Before keepalived is started on the director that lvsdr set up, take VIP and services",
		"away there, and keep them from coming back at boot:",
		"    systemctl disable --now lvsdr-vs",
		"    lvsdr vs stop",
		"From then on use lvsdr vs status and lvsdr check there, but not vs start and vs stop,",
		"which would interfere with keepalived. The real servers stay as they are:",
		"lvsdr rs start.",
		"",
		"The directors send each other VRRP advertisements. A packet filter has to let them",
		"in: IP protocol 112 to 224.0.0.18, with IPv6 to ff02::12.",
		"",
		"A health check asks a real server at its own address: one that listens only on the",
		"VIP counts as down.")
	if o.Check != nil && o.Check.Path != "" {
		t.note("The request names that address as its host; virtualhost NAME in the block url",
			"names another one.")
	}
	if c.Forwards(ipvs.Masquerade) {
		t.note("",
			"With masquerading the director is the default gateway of the real servers. Its",
			"address there has to move like the VIP: name it below virtual_ipaddress as well.",
			"Both directors need net.ipv4.ip_forward=1 (IPv6: net.ipv6.conf.all.forwarding=1).")
	}
	if slices.ContainsFunc(c.Services, func(s config.Service) bool { return s.FWMark != 0 }) {
		t.note("", "Both directors need the rules of the packet filter that set the marks.")
	}
	if c.AnnounceTable != 0 {
		t.lose("announce_table: keepalived has no such routes")
	}
	if len(c.Watch.OnEvent) > 0 {
		t.lose("watch: on_event: see notify in keepalived.conf(5)")
	}
	if c.Watch.Listen != "" {
		t.lose("watch: listen: keepalived has no status page")
	}
}

// instance is the VRRP of one address family.
type instance struct {
	name string
	vips []netip.Addr
}

func instances(c config.Config) []instance {
	all := []instance{{name: "lvsdr_4"}, {name: "lvsdr_6"}}
	for _, vip := range c.AllVIPs() {
		i := 0
		if vip.Is6() {
			i = 1
		}
		all[i].vips = append(all[i].vips, vip)
	}
	return slices.DeleteFunc(all, func(i instance) bool { return len(i.vips) == 0 })
}

// vrrp writes who has the VIPs.
func (t *text) vrrp(c config.Config, o Options) {
	all := instances(c)
	t.gap()
	t.block("global_defs", func() {
		t.note("A name for logs and mails. Without one keepalived first asks the DNS for its own name,",
			"which takes ten seconds if no server answers.")
		t.line("router_id lvsdr")
		if !o.VRRPOnly {
			t.sync(c.Sync, o.Interface, all[0].name)
			t.timeouts(c.Timeouts)
			if o.Check == nil && slices.ContainsFunc(c.Services, func(s config.Service) bool { return s.Check != nil && s.Check.Type == config.CheckExec }) {
				t.note("keepalived 2.2 -t ends with \"Terminated\" where a program has a user; it runs all the same.")
				t.line("enable_script_security")
			}
		}
	})
	if o.VRRPOnly {
		t.trackers(c)
	}
	if len(all) > 1 && !o.VRRPOnly { // a group would have the fault of one be that of all
		t.gap()
		t.note("VRRP has an instance for each address family. They move together.")
		t.block("vrrp_sync_group lvsdr", func() {
			t.block("group", func() {
				for _, i := range all {
					t.line("%s", i.name)
				}
			})
		})
	}
	for n, i := range all {
		t.gap()
		t.block("vrrp_instance "+i.name, func() { t.instance(i, n == 0, c, o) })
	}
}

// sync writes the synchronisation daemons. The configuration's roles are left to
// keepalived: the director that has the VIP is the master.
func (t *text) sync(s *config.Sync, link, instance string) {
	if s == nil {
		t.note("Uncommented, this keeps connections when the VIP moves: the director that has it",
			"tells the other one of them. Nothing but the LAN protects what it says.",
			fmt.Sprintf("lvs_sync_daemon %s %s", link, instance))
		return
	}
	t.note("The director that has the VIP tells the other one of its connections.")
	line := fmt.Sprintf("lvs_sync_daemon %s %s id %d", s.Interface, instance, s.ID)
	for _, n := range []struct {
		word  string
		value int
	}{{"maxlen", int(s.MaxLen)}, {"port", int(s.Port)}, {"ttl", int(s.TTL)}} {
		if n.value != 0 {
			line += fmt.Sprintf(" %s %d", n.word, n.value)
		}
	}
	if s.Group.IsValid() {
		line += fmt.Sprintf(" group %s", s.Group)
	}
	t.line("%s", line)
}

// timeouts writes those of connections; zero leaves one alone.
func (t *text) timeouts(all ipvs.Timeouts) {
	line := ""
	for _, n := range []struct {
		word  string
		value uint32
	}{{"tcp", all.TCP}, {"tcpfin", all.TCPFin}, {"udp", all.UDP}} {
		if n.value != 0 {
			line += fmt.Sprintf(" %s %d", n.word, n.value)
		}
	}
	if line != "" {
		t.line("lvs_timeouts%s", line)
	}
}

// instance writes the body of an instance. What holds for all of them is said
// in the first.
func (t *text) instance(i instance, first bool, c config.Config, o Options) {
	say := func(lines ...string) {
		if first {
			t.note(lines...)
		}
	}
	if o.VRRPOnly {
		t.line("state BACKUP")
	} else {
		say("The same on both directors: the priority decides if they start together, and",
			"one that comes back does not take the VIP, and its connections, from the other.")
		t.line("state BACKUP")
		t.line("nopreempt")
	}
	t.line("interface %s", o.Interface)
	say("From 1 to 255: the same on both directors, and used by no other VRRP on this LAN.")
	t.line("virtual_router_id %d", o.RouterID)
	if o.VRRPOnly {
		say("The same on both directors: then one that comes back does not take the VIP, and its",
			"connections, from the other.")
	} else {
		say("From 1 to 254: different on the second director.")
	}
	t.line("priority %d", o.Priority)
	t.line("advert_int 1")
	if o.VRRPOnly {
		t.company(i, o, say)
	}
	say("Not on lo: the director that has the VIP answers for it on this interface, and",
		"announces it there when it takes over.")
	if !c.Announce {
		say("This cannot be turned off: announce: false has no equivalent.")
	}
	if i.vips[0].Is6() {
		t.note("The log asks for a link-local address first; for services it needs none.")
	}
	t.addresses("virtual_ipaddress", i.vips[:min(len(i.vips), advertised)])
	if len(i.vips) > advertised {
		t.note("As above, but not named in the VRRP packets, which hold only so many addresses.")
		t.addresses("virtual_ipaddress_excluded", i.vips[advertised:])
	}
}

// advertised is how many addresses an instance names in its packets. There is
// room for 90 of IPv6 in 1500 bytes.
const advertised = 20

func (t *text) addresses(block string, all []netip.Addr) {
	t.block(block, func() {
		for _, a := range all {
			t.line("%s", netip.PrefixFrom(a, a.BitLen()))
		}
	})
}
