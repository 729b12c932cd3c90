package ipvsadm

import (
	"net/netip"
	"testing"

	"lvsdr/internal/ipvs"
)

// changed is a copy of v after f.
func changed[T any](v T, f func(*T)) T {
	f(&v)
	return v
}

var layoutNames = map[layout]string{
	layoutDefault: "default", layoutStats: "stats", layoutRate: "rate", layoutThresholds: "thresholds",
	layoutPersistent: "persistent-conn", layoutTunnel: "tun-info",
}

// The title lines, blanks at their ends included.
func TestTitles(t *testing.T) {
	want := map[layout]string{
		layoutDefault:    "Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n",
		layoutTunnel:     "Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n",
		layoutStats:      "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n  -> RemoteAddress:Port\n",
		layoutRate:       "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n  -> RemoteAddress:Port\n",
		layoutThresholds: "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n  -> RemoteAddress:Port\n",
		layoutPersistent: "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n  -> RemoteAddress:Port\n",
	}
	for l, name := range layoutNames {
		if d := diff(want[l], titles[l]); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestLayoutOf(t *testing.T) {
	order := []struct {
		option optionID
		layout layout
	}{
		{optStats, layoutStats}, {optRate, layoutRate}, {optThresholds, layoutThresholds},
		{optPersistentConn, layoutPersistent}, {optTunInfo, layoutTunnel},
	}
	var have options
	if got := layoutOf(have); got != layoutDefault {
		t.Errorf("no options: %s, want default", layoutNames[got])
	}
	for i := len(order) - 1; i >= 0; i-- { // each wins over those behind it
		have |= setOf(order[i].option)
		if got := layoutOf(have); got != order[i].layout {
			t.Errorf("%v and what is behind it: %s", order[i].option, layoutNames[got])
		}
	}
}

func TestBanner(t *testing.T) {
	tests := []struct {
		info ipvs.Info
		want string
	}{
		{ipvs.Info{Version: 0x010201, ConnSize: 4096}, "IP Virtual Server version 1.2.1 (size=4096)\n"},
		{ipvs.Info{Version: 0xff0a00ff, ConnSize: 1 << 31}, "IP Virtual Server version 10.0.255 (size=-2147483648)\n"},
	}
	for _, tt := range tests {
		if got := string(appendBanner(nil, tt.info)); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.info, got, tt.want)
		}
	}
}

var web = serviceOf(ipvs.TCP, "10.0.0.1:80")

var countedStats = ipvs.Stats{
	Connections: 1, IncomingPackets: 22, OutgoingPackets: 333, IncomingBytes: 123456789, OutgoingBytes: 1<<64 - 1,
	ConnectionRate: 5, IncomingPacketRate: 66, OutgoingPacketRate: 777, IncomingByteRate: 100000000, OutgoingByteRate: 9,
}

func TestServiceLine(t *testing.T) {
	flags := func(scheduler string, flags ipvs.Flags) ipvs.ServiceEntry {
		return changed(web, func(s *ipvs.ServiceEntry) { s.Scheduler, s.Flags = scheduler, flags })
	}
	persistent := func(entry ipvs.ServiceEntry, netmask ipvs.Netmask, pe string) ipvs.ServiceEntry {
		entry.Flags, entry.Timeout, entry.Netmask, entry.PE = entry.Flags|ipvs.Persistent, 360, netmask, pe
		return entry
	}
	v6 := serviceOf(ipvs.TCP, "[fd00:1111:2222:3333:4444:5555:6666:7777]:8080")
	tests := []struct {
		name    string
		service ipvs.ServiceEntry
		want    string
	}{
		{"tcp", web, "TCP  10.0.0.1:80 rr\n"},
		{"udp", serviceOf(ipvs.UDP, "10.0.0.1:53"), "UDP  10.0.0.1:53 rr\n"},
		{"sctp", serviceOf(ipvs.SCTP, "10.0.0.1:2905"), "SCTP 10.0.0.1:2905 rr\n"},
		{"unknown protocol", serviceOf(47, "10.0.0.1:0"), "?    10.0.0.1:0 rr\n"},
		{"longest IPv4", serviceOf(ipvs.SCTP, "255.255.255.255:65535"), "SCTP 255.255.255.255:65535 rr\n"},
		{"IPv6 is not cut", v6, "TCP  [fd00:1111:2222:3333:4444:5555:6666:7777]:8080 rr\n"},
		{"mark", markOf(7, ipvs.INET), "FWM  7 rr\n"},
		{"mark of IPv6", markOf(7, ipvs.INET6), "FWM  7 IPv6 rr\n"},
		{"large mark", markOf(1<<32-1, ipvs.INET), "FWM  -1 rr\n"},
		{"one packet", flags("rr", ipvs.OnePacket), "TCP  10.0.0.1:80 rr ops\n"},
		{"flags", flags("rr", ipvs.SchedulerFlags), "TCP  10.0.0.1:80 rr (flag-1,flag-2,flag-3)\n"},
		{"sh with its third flag", flags("sh", ipvs.SchedulerFlag3), "TCP  10.0.0.1:80 sh ()\n"},
		{"persistent", persistent(web, ipvs.SingleIPv4, ""), "TCP  10.0.0.1:80 rr persistent 360\n"},
		{"mask", persistent(web, 0xffffff00, ""), "TCP  10.0.0.1:80 rr persistent 360 mask 255.255.255.0\n"},
		{"mask of IPv6", persistent(v6, 64, ""), "TCP  [fd00:1111:2222:3333:4444:5555:6666:7777]:8080 rr persistent 360 mask 64\n"},
		{"mask of IPv6 by default", persistent(v6, 128, ""), "TCP  [fd00:1111:2222:3333:4444:5555:6666:7777]:8080 rr persistent 360\n"},
		{"mask of IPv6 out of range", persistent(v6, 1<<32-1, ""), "TCP  [fd00:1111:2222:3333:4444:5555:6666:7777]:8080 rr persistent 360 mask -1\n"},
		{"everything", persistent(flags("sh", ipvs.OnePacket|ipvs.SchedulerFlag1), 0, "sip"), "TCP  10.0.0.1:80 sh (sh-fallback) persistent 360 mask 0.0.0.0 pe sip ops\n"},
		{"engine without persistence", changed(web, func(s *ipvs.ServiceEntry) { s.PE = "sip" }), "TCP  10.0.0.1:80 rr\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := format{layoutDefault, false, shortened(numeric)}
			if d := diff(tt.want, string(f.service(nil, &tt.service))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// The counters begin behind a fixed width, except where IPv6 needs more.
func TestServiceLineCounters(t *testing.T) {
	named := shortened(named(bookOfNames{reverse: map[string]string{"10.0.0.1": "an-address-of-many-words.example.com"}}))
	counted := changed(web, func(s *ipvs.ServiceEntry) { s.Stats = countedStats })
	v6 := changed(serviceOf(ipvs.UDP, "[fd00:1111:2222:3333:4444:5555:6666:7777]:8080"),
		func(s *ipvs.ServiceEntry) { s.Stats = countedStats })
	tests := []struct {
		name    string
		format  format
		service ipvs.ServiceEntry
		want    string
	}{
		{"stats", format{layoutStats, false, numeric}, counted, "TCP  10.0.0.1:80                         1       22      333  123456K18446744T\n"},
		{"stats exactly", format{layoutStats, true, numeric}, counted, "TCP  10.0.0.1:80                         1       22      333 123456789 18446744073709551615\n"},
		{"rate", format{layoutRate, false, numeric}, counted, "TCP  10.0.0.1:80                         5       66      777  100000K        9\n"},
		{"long name", format{layoutStats, false, named}, counted, "TCP  an-address-of-many-words.exa        1       22      333  123456K18446744T\n"},
		{"long name without counters", format{layoutDefault, false, named}, counted, "TCP  an-address-of-many-words.exa rr\n"},
		{"IPv6", format{layoutRate, false, numeric}, v6, "UDP  [fd00:1111:2222:3333:4444:5555:6666:7777]:8080        5       66      777  100000K        9\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := diff(tt.want, string(tt.format.service(nil, &tt.service))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

var realServer = changed(destinationOf("10.0.1.1"), func(d *ipvs.DestinationEntry) {
	d.Port, d.Forward, d.Weight, d.Upper, d.Lower = 80, ipvs.DirectRoute, 1, 20, 10
	d.Active, d.Inactive, d.Persistent, d.Stats = 3, 4, 5, countedStats
})

func TestDestinationLine(t *testing.T) {
	with := func(f func(*ipvs.DestinationEntry)) ipvs.DestinationEntry { return changed(realServer, f) }
	v6 := with(func(d *ipvs.DestinationEntry) {
		d.Family, d.Addr = ipvs.INET6, netip.MustParseAddr("fd00:1111:2222:3333:4444:5555:6666:7777")
	})
	forward := func(m ipvs.Forward) ipvs.DestinationEntry {
		return with(func(d *ipvs.DestinationEntry) { d.Forward = m })
	}
	huge := with(func(d *ipvs.DestinationEntry) {
		d.Weight, d.Active, d.Inactive, d.Persistent, d.Upper = 1<<32-1, 1<<32-1, 12345678901&(1<<32-1), 1<<32-1, 1<<32-1
	})
	wide := with(func(d *ipvs.DestinationEntry) {
		d.Stats.Connections, d.Stats.ConnectionRate = 1<<32+1, 1<<32+1
	})
	tests := []struct {
		name        string
		layout      layout
		destination ipvs.DestinationEntry
		want        string
	}{
		{"default", layoutDefault, realServer, "  -> 10.0.1.1:80                  Route   1      3          4         \n"},
		{"masquerading", layoutDefault, forward(ipvs.Masquerade), "  -> 10.0.1.1:80                  Masq    1      3          4         \n"},
		{"local", layoutDefault, forward(ipvs.Local), "  -> 10.0.1.1:80                  Local   1      3          4         \n"},
		{"tunnel", layoutDefault, forward(ipvs.Tunnel), "  -> 10.0.1.1:80                  Tunnel  1      3          4         \n"},
		{"unknown method", layoutDefault, forward(5), "  -> 10.0.1.1:80                  (null)  1      3          4         \n"},
		{"large numbers", layoutDefault, huge, "  -> 10.0.1.1:80                  Route   -1     4294967295 3755744309\n"},
		{"IPv6 is not cut", layoutDefault, v6, "  -> [fd00:1111:2222:3333:4444:5555:6666:7777]:80 Route   1      3          4         \n"},
		{"thresholds", layoutThresholds, realServer, "  -> 10.0.1.1:80                  20         10         3          4         \n"},
		{"large threshold", layoutThresholds, huge, "  -> 10.0.1.1:80                  4294967295 10         4294967295 3755744309\n"},
		{"persistent", layoutPersistent, realServer, "  -> 10.0.1.1:80                  1         5           3          4         \n"},
		{"weight without a sign", layoutPersistent, huge, "  -> 10.0.1.1:80                  4294967295 4294967295  4294967295 3755744309\n"},
		{"stats", layoutStats, realServer, "  -> 10.0.1.1:80                         1       22      333  123456K18446744T\n"},
		{"stats of 64 bits", layoutStats, wide, "  -> 10.0.1.1:80                     4294M       22      333  123456K18446744T\n"},
		{"rate", layoutRate, realServer, "  -> 10.0.1.1:80                         5       66      777  100000K        9\n"},
		{"rate is not scaled", layoutRate, wide, "  -> 10.0.1.1:80                  4294967297       66      777  100000K        9\n"},
		{"rate of IPv6", layoutRate, v6, "  -> [fd00:1111:2222:3333:4444:5555:6666:7777]:80        5       66      777  100000K        9\n"},
		{"no tunnel", layoutTunnel, realServer, "  -> 10.0.1.1:80                  Route   n/a           1      3          4         \n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := format{tt.layout, false, shortened(numeric)}
			if d := diff(tt.want, string(f.destination(nil, &tt.destination, ofProtocol(ipvs.TCP)))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestDestinationLineNames(t *testing.T) {
	f := format{layoutDefault, false, shortened(named(knownNames))}
	long := changed(realServer, func(d *ipvs.DestinationEntry) { d.Addr = netip.MustParseAddr("10.9.9.10") })
	if d := diff("  -> averyveryverylonghostname.ex Route   1      3          4         \n",
		string(f.destination(nil, &long, ofProtocol(ipvs.TCP)))); d != "" {
		t.Errorf("long name (-want +got):\n%s", d)
	}
	web9 := changed(realServer, func(d *ipvs.DestinationEntry) { d.Addr = netip.MustParseAddr("10.9.9.9") })
	if d := diff("  -> web9:80                      Route   1      3          4         \n",
		string(f.destination(nil, &web9, ofProtocol(0)))); d != "" {
		t.Errorf("of a mark (-want +got):\n%s", d)
	}
}

func TestTunnelInfo(t *testing.T) {
	tests := []struct {
		forward ipvs.Forward
		kind    ipvs.TunnelType
		flags   ipvs.TunnelFlags
		want    string
	}{
		{ipvs.Tunnel, ipvs.IPIP, 0, "ipip"},
		{ipvs.Tunnel, ipvs.GUE, ipvs.TunnelNoChecksum, "gue:6080:-c"},
		{ipvs.Tunnel, ipvs.GUE, ipvs.TunnelChecksum, "gue:6080:+c"},
		{ipvs.Tunnel, ipvs.GUE, ipvs.TunnelRemoteChecksum, "gue:6080:r+c"},
		{ipvs.Tunnel, ipvs.GUE, 3, "gue:6080:n/a"},
		{ipvs.Tunnel, ipvs.GRE, ipvs.TunnelChecksum, "gre:+c"},
		{ipvs.Tunnel, ipvs.GRE, 7, "gre:n/a"},
		{ipvs.Tunnel, 9, 0, "n/a"},
		{ipvs.Masquerade, ipvs.GUE, 0, "n/a"},
	}
	for _, tt := range tests {
		d := ipvs.Destination{Forward: tt.forward, TunnelType: tt.kind, TunnelPort: 6080, TunnelFlags: tt.flags}
		if got := string(appendTunnelInfo(nil, &d)); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt, got, tt.want)
		}
	}
}

func TestDaemonLine(t *testing.T) {
	tests := []struct {
		daemon ipvs.Daemon
		want   string
	}{
		{ipvs.Daemon{State: ipvs.Master, Interface: "eth0", SyncID: 5}, "master sync daemon (mcast=eth0, syncid=5)\n"},
		{ipvs.Daemon{State: ipvs.Backup, Interface: "lo", SyncID: 1<<32 - 1}, "backup sync daemon (mcast=lo, syncid=-1)\n"},
		{ipvs.Daemon{State: ipvs.Master | ipvs.Backup, Interface: "lo"}, "master sync daemon (mcast=lo, syncid=0)\n"},
		{ipvs.Daemon{Interface: "lo"}, ""},
		{ipvs.Daemon{State: 4, Interface: "lo"}, ""},
		{ipvs.Daemon{
			State: ipvs.Backup, Interface: "eth0", MaxLen: 1452, Group: netip.MustParseAddr("ff02::5"), Port: 8848, TTL: 1,
		}, "backup sync daemon (mcast=eth0, syncid=0, maxlen=1452, group=ff02::5, port=8848, ttl=1)\n"},
		{ipvs.Daemon{
			State: ipvs.Master, Interface: "eth0", Group: netip.MustParseAddr("224.0.0.81"), TTL: 255,
		}, "master sync daemon (mcast=eth0, syncid=0, group=224.0.0.81, ttl=255)\n"},
	}
	for _, tt := range tests {
		if got := string(appendDaemonLine(nil, &tt.daemon)); got != tt.want {
			t.Errorf("%+v:\n got %q\nwant %q", tt.daemon, got, tt.want)
		}
	}
}

// ofProtocol is a service of which only the protocol counts.
func ofProtocol(p ipvs.Protocol) *ipvs.ServiceEntry {
	return &ipvs.ServiceEntry{Service: ipvs.Service{Protocol: p}}
}
