package lvsdr

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
	"lvsdr/internal/imports"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/machinetest"
)

// put puts an address on a machine, and routes to the neighbours if they are in
// its network.
func put(t *testing.T, m *machinetest.Machine, prefix, link, label string) {
	t.Helper()
	must(t, m.AddAddress(host.Address{Prefix: netip.MustParsePrefix(prefix), Interface: link, Label: label}))
}

// imported is the file that import makes of a machine; it has to change nothing
// on it.
func imported(t *testing.T, d *desk, role string) string {
	t.Helper()
	got := d.run("import")
	if got.Status != 0 {
		t.Fatalf("import: %+v", got)
	}
	d.configure(got.Stdout)
	d.expect(role+" diff", result{})
	return got.Stdout
}

// What the tutorial's scripts have put there becomes the tutorial's file.
func TestImportTutorial(t *testing.T) {
	d := newDesk(t, tutorial)
	d.succeed("vs start")
	other := newDesk(t, "")
	other.machine = d.machine
	got := imported(t, other, "vs")
	want := newDesk(t, tutorial).run("config").Stdout
	if diff := cmp.Diff("# A running director, imported by lvsdr.\n"+want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A generated table is the same on an empty machine that is started with the
// file, however it came about.
func TestImportGenerated(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(17, seed))
		d := newDesk(t, "")
		generate(t, d.machine, r)
		file := imported(t, d, "vs")
		empty := newDesk(t, file)
		empty.succeed("vs start")
		if diff := cmp.Diff(d.text(), empty.text()); diff != "" {
			t.Fatalf("seed %d: started (-found +imported):\n%s%s", seed, diff, file)
		}
	}
}

// generate fills a machine with services of all kinds that the file can say.
func generate(t *testing.T, m *machinetest.Machine, r *rand.Rand) {
	one := func(all ...string) string { return all[r.IntN(len(all))] }
	label := one("lo:1", "lo:0", "eth0:5")
	link, _, _ := strings.Cut(label, ":")
	for vip := range 1 + r.IntN(3) {
		addr := netip.AddrFrom4([4]byte{172, 16, 0, byte(100 + vip)})
		put(t, m, addr.String()+"/32", link, label)
		for port := range 1 + r.IntN(3) {
			s := ipvs.Service{
				Family: ipvs.INET, Protocol: []ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP}[r.IntN(3)], Addr: addr, Port: uint16(80 + port),
				Scheduler: one("rr", "wrr", "wlc", "sh", "mh"), Netmask: ipvs.SingleIPv4,
			}
			if vip == 0 && port == 0 && r.IntN(3) == 0 {
				s.Protocol, s.Addr, s.Port, s.FWMark = 0, netip.Addr{}, 0, uint32(1+r.IntN(9))
			}
			if r.IntN(2) == 0 {
				s.Flags, s.Timeout = ipvs.Persistent, uint32(1+r.IntN(900))
				if r.IntN(2) == 0 {
					s.Netmask = 0xffffff00
				}
			}
			if s.Protocol == ipvs.UDP && r.IntN(2) == 0 {
				s.Flags |= ipvs.OnePacket
			}
			if s.Scheduler == "sh" {
				s.Flags |= ipvs.SchedulerFlag1
			}
			must(t, m.AddService(s))
			for rs := range 1 + r.IntN(3) {
				dest := ipvs.Destination{
					Family: ipvs.INET, Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(7 + 10*rs)}), Port: s.Port, Weight: uint32(r.IntN(3)),
					Forward: []ipvs.Forward{ipvs.DirectRoute, ipvs.Masquerade, ipvs.Tunnel}[r.IntN(3)],
				}
				if dest.Forward == ipvs.Masquerade && r.IntN(2) == 0 {
					dest.Port = 8080
				}
				if r.IntN(3) == 0 {
					dest.Upper, dest.Lower = 20, 10
				}
				must(t, m.AddDestination(s, dest))
			}
		}
	}
	if r.IntN(2) == 0 {
		must(t, m.SetTimeouts(ipvs.Timeouts{TCP: 1200, TCPFin: 60, UDP: 30}))
	}
	if r.IntN(2) == 0 {
		must(t, m.StartDaemon(ipvs.Daemon{State: ipvs.Backup, Interface: "eth0", SyncID: 7, MaxLen: 1400}))
	}
}

// A real server's file has what keeps it from answering for the VIP.
func TestImportRealServer(t *testing.T) {
	d := newDesk(t, "vip: [172.16.0.100, 2001:db8::100]\nlabel: lo:7\narp: {interfaces: [all]}\n")
	d.succeed("rs start")
	other := newDesk(t, "")
	other.machine = d.machine
	got := imported(t, other, "rs")
	for _, want := range []string{"vip: [172.16.0.100, \"2001:db8::100\"]\n", "label: lo:7\n", "interfaces: [all]\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// What the file cannot say is said, and stays as it is: diff has nothing to do.
func TestImportUnsaid(t *testing.T) {
	vip := netip.MustParseAddr("172.16.0.100")
	service := func(port uint16) ipvs.Service {
		return ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, Addr: vip, Port: port, Scheduler: "wlc", Netmask: ipvs.SingleIPv4}
	}
	server := ipvs.Destination{Family: ipvs.INET, Addr: netip.MustParseAddr("10.0.0.7"), Port: 81, Forward: ipvs.DirectRoute, Weight: 1}
	for _, tt := range []struct {
		name   string
		change func(*ipvs.Service, *ipvs.Destination)
		want   string
	}{
		{"engine", func(s *ipvs.Service, _ *ipvs.Destination) { s.PE = "sip" }, `the file has no persistence engine ("sip")`},
		{"tunnel", func(_ *ipvs.Service, d *ipvs.Destination) {
			d.Forward, d.TunnelType, d.TunnelPort = ipvs.Tunnel, ipvs.GUE, 6080
		},
			"real server 10.0.0.7:81: the file has no tunnels but IPIP"},
		{"VIP", func(_ *ipvs.Service, d *ipvs.Destination) { d.Addr = vip }, "real server 172.16.0.100:81: it is a VIP"},
		{"port", func(_ *ipvs.Service, d *ipvs.Destination) { d.Port = 82 }, "a real server's port with forward: direct"},
		{"scheduler", func(s *ipvs.Service, _ *ipvs.Destination) { s.Scheduler = "none" }, "scheduler"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, "")
			put(t, d.machine, "172.16.0.100/32", "lo", "lo:1")
			good, goodServer := service(80), server
			goodServer.Port = 80
			must(t, d.machine.AddService(good))
			must(t, d.machine.AddDestination(good, goodServer))
			bad, badServer := service(81), server
			tt.change(&bad, &badServer)
			must(t, d.machine.AddService(bad))
			must(t, d.machine.AddDestination(bad, badServer))
			empty := service(82)
			must(t, d.machine.AddService(empty))
			got := imported(t, d, "vs")
			for _, want := range []string{"# not imported: -t 172.16.0.100:81: ", tt.want, "# not imported: -t 172.16.0.100:82: no real servers\n"} {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in\n%s", want, got)
				}
			}
			d.expect("import", result{got, "lvsdr: import: 2 things the file cannot express or that you should check: see its comments\n", 0})
		})
	}
}

// Where start would still do something, the file says what.
func TestImportMissingVIP(t *testing.T) {
	d := newDesk(t, tutorial)
	d.succeed("vs start")
	must(t, d.machine.DeleteAddress(host.Address{Prefix: netip.MustParsePrefix("172.16.0.100/32"), Interface: "lo", Label: "lo:1"}))
	got := d.run("import")
	for _, want := range []string{
		"# no VIP is on this machine: another director may have them; vs start would put them here\n",
		"# vs start would do: ip addr add 172.16.0.100/32 dev lo label lo:1\n",
	} {
		if !strings.Contains(got.Stdout, want) {
			t.Errorf("%q is not in\n%s", want, got.Stdout)
		}
	}
}

// A file of others does not tell where the VIPs are: on the director itself they
// are found, whoever put them there.
func TestImportPlaced(t *testing.T) {
	for _, tt := range []struct{ prefix, link, label, want string }{
		{"172.16.0.100/32", "eth0", "", "director_label: eth0:1\n"},
		{"172.16.0.100/16", "eth0", "eth0:7", "director_label: eth0:7\n"},
		{"172.16.0.100/32", "lo", "", "label: lo:1\n"},
		{"172.16.0.99/32", "eth0", "", "label: lo:1\n"},
	} {
		d := newDesk(t, "virtual = 172.16.0.100:80\n\treal = 10.0.0.7:80 gate\n\tscheduler = rr\n\tchecktype = connect\n")
		put(t, d.machine, tt.prefix, tt.link, tt.label)
		s := ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, Addr: netip.MustParseAddr("172.16.0.100"), Port: 80, Scheduler: "rr", Netmask: ipvs.SingleIPv4}
		must(t, d.machine.AddService(s))
		must(t, d.machine.AddDestination(s, ipvs.Destination{Family: ipvs.INET, Addr: netip.MustParseAddr("10.0.0.7"), Port: 80, Forward: ipvs.DirectRoute, Weight: 1}))
		got := d.run("import --ldirectord " + d.file)
		if !strings.Contains(got.Stdout, "\n"+tt.want) || got.Status != 0 {
			t.Errorf("%+v: %q is not in\n%+v", tt, tt.want, got)
		}
		d.configure(got.Stdout)
		if got := d.run("vs diff"); strings.HasPrefix(tt.prefix, "172.16.0.100/") != (got.Stdout == "") {
			t.Errorf("%+v: vs diff: %+v", tt, got)
		}
	}
}

// Without a table and without a VIP there is nothing to import.
func TestImportNothing(t *testing.T) {
	newDesk(t, "").expect("import", result{Stderr: "lvsdr: import: neither a virtual service nor a VIP is here\n", Status: 1})
}

// Of a source none of whose services can be said there is no file, but why.
func TestImportNone(t *testing.T) {
	d := newDesk(t, "-A -t 172.16.0.100:80 -s foo\n-a -t 172.16.0.100:80 -r 10.0.0.7\n")
	d.expect("import --rules "+d.file, result{Stderr: "lvsdr: import: no service can be imported\n" +
		"lvsdr: import: not imported: -t 172.16.0.100:80: scheduler \"foo\": unknown\n", Status: 1})
	s := ipvs.Service{Family: ipvs.INET, Protocol: ipvs.TCP, Addr: netip.MustParseAddr("172.16.0.100"), Port: 80, Scheduler: "rr", Netmask: ipvs.SingleIPv4}
	must(t, d.machine.AddService(s))
	d.expect("import", result{Stderr: "lvsdr: import: no service can be imported\nlvsdr: import: not imported: -t 172.16.0.100:80: no real servers\n", Status: 1})
}

// What is wrong with the command line, or with a file, is told before anything is
// printed.
func TestImportUsage(t *testing.T) {
	d := newDesk(t, "# nothing")
	for _, tt := range []struct {
		words  string
		stderr string
		status int
	}{
		{"--vip 172.16.0.300", `lvsdr: --vip "172.16.0.300": not an address, expected a unicast IPv4 or IPv6 address`, 2},
		{"--rules " + d.file, "lvsdr: import: " + d.file + ": neither a virtual service nor a VIP is in it", 1},
		{"--rules " + d.file + "x", "lvsdr: import: open " + d.file + "x: no such file or directory", 1},
		{"--script " + d.file + " --rules " + d.file, "lvsdr: import: --rules and --script: one source at a time", 2},
		{"--script " + d.file + "x", "lvsdr: import: open " + d.file + "x: no such file or directory", 1},
		{"--rules " + d.file + " --rules=" + d.file, "lvsdr: import: --rules twice: one source at a time", 2},
		{"now", "lvsdr: import: unexpected argument \"now\"\nlvsdr: hint: lvsdr import [FLAG...]: turn what runs here, or another program's file, into lvsdr.yaml", 2},
	} {
		d.expect("import "+tt.words, result{Stderr: tt.stderr + "\n", Status: tt.status})
	}
}

// A file that is none of its kind is refused in one line, soon.
func TestImportWrongFiles(t *testing.T) {
	d := newDesk(t, "")
	dir := t.TempDir()
	const good = "-A -t 172.16.0.100:80\n-a -t 172.16.0.100:80 -r 10.0.0.7\n"
	write := func(text string) string {
		path := filepath.Join(dir, "file")
		must(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	path := write("")
	for _, kind := range []string{"rules", "ldirectord", "keepalived", "script"} {
		for _, tt := range []struct{ text, want string }{
			{"", ": an empty file"},
			{" \r\n", ": an empty file"},
			{"\x7fELF\x02\x01\x00", ": a binary file, expected text"},
			{"\xff\xfev\x00i\x00", ": text of UTF-16, expected UTF-8: iconv -f UTF-16 -t UTF-8 makes it"},
			{"\xfe\xff\x00v\x00i", ": text of UTF-16, expected UTF-8: iconv -f UTF-16 -t UTF-8 makes it"},
			{strings.Repeat("# nothing\n", imports.MostText/10+1), ": more than 16777216 bytes, expected a configuration"},
			{"# nothing\n", ": neither a virtual service nor a VIP is in it"},
		} {
			write(tt.text)
			d.expect("import --"+kind+" "+path, result{Stderr: "lvsdr: import: " + path + tt.want + "\n", Status: 1})
		}
		d.expect("import --"+kind+" "+dir, result{Stderr: "lvsdr: import: read " + dir + ": is a directory\n", Status: 1})
	}
	want := d.run("import --rules " + write(good)).Stdout
	for _, text := range []string{"\xef\xbb\xbf" + good, strings.ReplaceAll(good, "\n", "\r\n"), "# f\xfcr alle\n" + good} {
		d.expect("import --rules "+write(text), result{Stdout: want})
	}
	d.expect("import --rules /dev/zero", result{Stderr: "lvsdr: import: /dev/zero: more than 16777216 bytes, expected a configuration\n", Status: 1})
}

// A file of keepalived that includes itself is read once, and that is told.
func TestImportIncludes(t *testing.T) {
	d := newDesk(t, "include *\ninclude *\nvirtual_server 172.16.0.100 80 {\nlvs_sched rr\nreal_server 10.0.0.7 80 { weight 1 }\n}\n")
	got := d.run("import --keepalived " + d.file)
	for _, line := range []string{"1", "2"} {
		if want := "# line " + line + " not imported: include " + filepath.Dir(d.file) + "/*: " + d.file + " includes itself\n"; strings.Count(got.Stdout, want) != 1 {
			t.Errorf("%q is not in\n%+v", want, got)
		}
	}
	if strings.Count(got.Stdout, "port: 80\n") != 1 {
		t.Errorf("%+v", got)
	}
}

// A script that the shell would not take either is refused with the place.
func TestImportBrokenScript(t *testing.T) {
	d := newDesk(t, "if true\n")
	got := d.run("import --script " + d.file)
	if got.Status != 1 || got.Stdout != "" || !strings.HasPrefix(got.Stderr, "lvsdr: import: "+d.file+": 1:1: ") {
		t.Errorf("%+v", got)
	}
}

// What the file cannot say of a script is told with the line.
func TestImportScript(t *testing.T) {
	d := newDesk(t, "ipvsadm -A -t 172.16.0.100:80\nipvsadm -a -t 172.16.0.100:80 -r 10.0.0.7\nmail root\n")
	got := d.run("import --script " + d.file)
	if want := "# line 3 not imported: mail root: not understood\n"; !strings.Contains(got.Stdout, want) || got.Status != 0 {
		t.Errorf("%q is not in\n%+v", want, got)
	}
	d.configure(got.Stdout)
	d.succeed("vs start")
}

// VIPs that are named are those of the marks; without them a mark has those that
// the other services have.
func TestImportMarks(t *testing.T) {
	d := newDesk(t, "-A -f 7 -s rr\n-a -f 7 -r 10.0.0.7\n")
	d.expect("import --rules "+d.file, result{Stderr: "lvsdr: import: no service can be imported\n" +
		"lvsdr: import: not imported: -f 7: no VIP is known that the mark stands for; say which: lvsdr import --vip ADDRESS\n", Status: 1})
	got := d.run("import --vip 172.16.0.100 --vip 2001:db8::100 --rules " + d.file)
	if want := "\nvip: 172.16.0.100\n"; !strings.Contains(got.Stdout, want) || got.Stderr != "" {
		t.Errorf("%q is not in\n%+v", want, got)
	}
}
