package lvsdr

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// second is a second configuration on the same machine.
func (d *desk) second(config string) (file string) {
	d.t.Helper()
	file = filepath.Join(filepath.Dir(d.file), "second.yaml")
	must(d.t, os.WriteFile(file, []byte(config), 0o600))
	return file
}

const another = "vip: 172.16.0.101\nreal_servers: [10.0.0.7, 10.0.0.17]\n"

// What start put there is taken away, whatever the file says by then.
func TestStopAfterEdit(t *testing.T) {
	for _, r := range []string{"vs", "rs"} {
		for name, edit := range map[string]func(*desk) (flags string){
			"another VIP":    func(d *desk) string { d.configure(another); return "" },
			"another label":  func(d *desk) string { d.configure(tutorial + "label: lo:7\n"); return "" },
			"flags":          func(*desk) string { return " --label lo:7 --vip 172.16.0.101" },
			"a broken file":  func(d *desk) string { d.configure("vip: ["); return "" },
			"no file":        func(d *desk) string { must(d.t, os.Remove(d.file)); return "" },
			"other services": func(d *desk) string { d.configure(tutorial + "services: [{port: 443}]\n"); return "" },
		} {
			t.Run(r+" "+name, func(t *testing.T) {
				d := newDesk(t, tutorial)
				clean := d.text()
				d.succeed(r + " start")
				flags := edit(d)
				if got := d.run(r + " stop --dry-run" + flags); got.Status != 3 || !strings.Contains(got.Stdout, "172.16.0.100/32") {
					t.Errorf("stop --dry-run: %+v", got)
				}
				d.succeed(r + " stop" + flags)
				d.looks("after stop", clean)
				d.noRecord()
			})
		}
	}
}

// A start takes away what the file had before, and diff and status tell.
func TestStartAfterEdit(t *testing.T) {
	for _, tt := range []struct{ name, role, before, after, diff string }{
		{"vip", "vs", tutorial, another, "ipvsadm -A -t 172.16.0.101:80 -s wrr\n" +
			"ipvsadm -a -t 172.16.0.101:80 -r 10.0.0.7 -g -w 1\n" +
			"ipvsadm -a -t 172.16.0.101:80 -r 10.0.0.17 -g -w 1\n" +
			"ip addr add 172.16.0.101/32 dev lo label lo:1\n" +
			"arping -U -c 1 -I eth0 172.16.0.101\n" +
			"ip addr del 172.16.0.100/32 dev lo label lo:1\n" +
			"ipvsadm -D -t 172.16.0.100:80\n"},
		{"service", "vs", tutorial + "services: [{port: 80}, {port: 443}]\n", tutorial, "ipvsadm -D -t 172.16.0.100:443\n"},
		{"mark", "vs", tutorial + "services: [{port: 80}, {fwmark: 7}]\n", tutorial, "ipvsadm -D -f 7\n"},
		{"label", "vs", tutorial, tutorial + "label: lo:7\n",
			"ip addr del 172.16.0.100/32 dev lo label lo:1\nip addr add 172.16.0.100/32 dev lo label lo:7\n"},
		{"interface", "rs", onlyVIP, onlyVIP + "\nlabel: dummy0:1\n",
			"ip addr add 172.16.0.100/32 dev dummy0 label dummy0:1\nip addr del 172.16.0.100/32 dev lo label lo:1\n"},
		{"one of two VIPs", "rs", "vip: [172.16.0.100, 172.16.0.101]\n", "vip: 172.16.0.101\n", "ip addr del 172.16.0.100/32 dev lo label lo:1\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, tt.before)
			d.machine.AddLink(host.Link{Name: "dummy0", Index: 9, Up: true, NoARP: true})
			clean := d.text()
			d.succeed(tt.role + " start")
			d.configure(tt.after)
			d.expect(tt.role+" diff", result{Stdout: tt.diff, Status: 3})
			if got := d.run(tt.role + " status"); got.Status != 3 || !strings.Contains(got.Stdout, "differs") {
				t.Errorf("status: %+v", got)
			}
			d.succeed(tt.role + " start")
			d.expect(tt.role+" diff", result{})
			if got := d.run(tt.role + " status"); got.Status != 0 {
				t.Errorf("status after start: %+v", got)
			}
			d.succeed(tt.role + " stop")
			d.looks("after stop", clean)
			d.noRecord()
		})
	}
}

// A real server keeps its ARP settings as long as a VIP is left, whoever put it
// there.
func TestARPStaysForOthers(t *testing.T) {
	d := newDesk(t, onlyVIP)
	clean := d.text()
	d.succeed("rs start")
	theirs := on("172.16.0.105/32", "lo", "lo:5")
	must(t, d.machine.AddAddress(theirs))
	got := d.run("rs stop")
	if got.Status != 0 || strings.Contains(got.Stderr, "sysctl") || strings.Count(got.Stderr, "stays: this machine would answer for 172.16.0.105 on lo:5") != 4 {
		t.Errorf("stop beside another VIP: %+v", got)
	}
	if !strings.Contains(d.text(), "arp_ignore = 1") || strings.Contains(d.text(), "172.16.0.100") {
		t.Errorf("after stop:\n%s", d.text())
	}
	must(t, d.machine.DeleteAddress(theirs))
	d.succeed("rs stop")
	d.looks("after the other VIP has gone", clean)
	d.noRecord()
}

// Two files on one machine leave each other alone, also where they have the
// same VIP, the same service.
func TestTwoFiles(t *testing.T) {
	for _, tt := range []struct{ name, role, one, two string }{
		{"two VIPs", "rs", "vip: 172.16.0.100\n", "vip: 172.16.0.101\n"},
		{"one VIP", "rs", "vip: 172.16.0.100\n", "vip: 172.16.0.100\n"},
		{"two VIPs", "vs", tutorial, another},
		{"one VIP, two services", "vs", tutorial, tutorial + "services: [{port: 443}]\n"},
		{"one service", "vs", "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n", "vip: 172.16.0.100\nreal_servers: [10.0.0.17, 10.0.0.18]\n"},
	} {
		t.Run(tt.role+" "+tt.name, func(t *testing.T) {
			d := newDesk(t, tt.one)
			two := " --config " + d.second(tt.two)
			clean := d.text()
			d.succeed(tt.role + " start" + two)
			onlyTwo := d.text()
			d.succeed(tt.role + " start")
			both := d.text()
			d.expect(tt.role+" diff"+two, result{})
			d.succeed(tt.role + " stop")
			d.looks("with the second alone", onlyTwo)
			d.succeed(tt.role + " start")
			d.looks("with both again", both)
			d.succeed(tt.role + " stop" + two)
			d.succeed(tt.role + " stop")
			d.looks("after both stops", clean)
			d.noRecord()
		})
	}
}

// A VIP that two files have on one interface is not taken from there by one of
// them.
func TestTwoFilesTwoInterfaces(t *testing.T) {
	for _, r := range []string{"vs", "rs"} {
		d := newDesk(t, tutorial)
		d.machine.AddLink(host.Link{Name: "dummy0", Index: 9, Up: true, NoARP: true})
		two := d.second(tutorial)
		d.succeed(r + " start")
		d.succeed(r + " start --config " + two)
		both := d.text()
		for _, moved := range []string{d.file, d.second(tutorial + "label: dummy0:1\n")} {
			flag := " --config " + moved + " --label dummy0:1"
			other := map[string]string{d.file: two, two: d.file}[moved]
			got := d.run(r + " start" + flag)
			if want := fmt.Sprintf("172.16.0.100 is already on lo: %s (lvsdr %s start) has it as well\n", other, r); got.Status != statusFailed || !strings.Contains(got.Stderr, want) {
				t.Errorf("%+v, want %q", got, want)
			}
			d.looks("after the refused start", both)
		}
		d.succeed(r + " stop --config " + two)
		d.succeed(r + " start --label dummy0:1")
	}
}

// A file is the same by every way that leads to it, even when it is gone.
func TestStopByLink(t *testing.T) {
	for name, gone := range map[string]func(folder string) error{
		"file":   func(folder string) error { return os.Remove(filepath.Join(folder, "a.yaml")) },
		"folder": os.RemoveAll,
		"nobody": func(string) error { return nil },
	} {
		for _, way := range []string{"link.yaml", "far.yaml", "way/a.yaml", "real/../real/a.yaml"} {
			t.Run(name+" "+way, func(t *testing.T) {
				d := newDesk(t, tutorial)
				clean, dir := d.text(), t.TempDir()
				real := filepath.Join(dir, "real")
				must(t, os.Mkdir(real, 0o700))
				must(t, os.Rename(d.file, filepath.Join(real, "a.yaml")))
				for link, to := range map[string]string{"link.yaml": "real/a.yaml", "far.yaml": filepath.Join(dir, "link.yaml"), "way": "real"} {
					must(t, os.Symlink(to, filepath.Join(dir, link)))
				}
				d.succeed("rs start --config " + filepath.Join(dir, way))
				must(t, gone(real))
				d.succeed("rs stop --config " + dir + "/" + way)
				d.looks("after stop", clean)
				d.noRecord()
			})
		}
	}
}

// "-" is no file, even where there is the one of the system, or one of that name.
func TestFlagsAlone(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, os.WriteFile("-", []byte("vip: 172.16.0.105\n"), 0o600))
	d := newDesk(t, tutorial)
	clean := d.text()
	d.succeed("vs start --config - --vip 172.16.0.101 --rs 10.0.0.7")
	d.succeed("vs status --config - --vip 172.16.0.101 --rs 10.0.0.7")
	d.succeed("vs stop")
	if !strings.Contains(d.text(), "172.16.0.101") {
		t.Error("the stop of a file takes away what flags have")
	}
	d.succeed("vs stop --config -")
	d.looks("after stop", clean)
	d.noRecord()
}

// A start or an undrain of one file leaves what another one drains in the same
// service.
func TestTwoFilesDrain(t *testing.T) {
	d := newDesk(t, tutorial)
	clean, two := d.text(), " --config "+d.second(tutorial+"services: [{port: 443}, {port: 80}]\n")
	d.succeed("vs start")
	d.succeed("vs start" + two)
	up := d.text()
	d.succeed("vs drain 10.0.0.17")
	drained := d.text()
	d.expect("vs start"+two, result{vsReady, vsNothing, 0})
	if got := d.run("vs status" + two); got.Status != 0 || strings.Count(got.Stdout, "draining") != 1 {
		t.Errorf("status of the other file: %+v", got)
	}
	d.succeed("vs drain" + two + " 10.0.0.17")
	d.succeed("vs undrain" + two + " 10.0.0.17")
	d.looks("where one still drains", drained)
	d.succeed("vs undrain 10.0.0.17")
	d.looks("where nobody drains", up)
	d.succeed("vs drain 10.0.0.17")
	d.succeed("vs stop")
	d.succeed("vs start" + two)
	d.succeed("vs stop" + two)
	d.looks("after both stops", clean)
	d.noRecord()
}

// A configuration from a pipe has no name to find it by again.
func TestPipe(t *testing.T) {
	d := newDesk(t, tutorial)
	clean := d.text()
	piped := func(words, config string) {
		r, w, err := os.Pipe()
		must(t, err)
		defer r.Close()
		_, err = w.WriteString(config)
		must(t, errors.Join(err, w.Close()))
		d.succeed(fmt.Sprintf("%s --config /proc/self/fd/%d", words, r.Fd()))
	}
	piped("vs start", tutorial)
	piped("vs start", another)
	if strings.Contains(d.text(), "172.16.0.100") {
		t.Errorf("the second start leaves what the first one had:\n%s", d.text())
	}
	piped("vs stop", another)
	d.looks("after stop", clean)
	piped("vs start", tutorial)
	d.succeed("vs stop --config -")
	d.looks("after stop by -", clean)
	d.noRecord()
}

// Status names configurations whose file is gone, and how to be rid of them.
func TestOrphans(t *testing.T) {
	d := newDesk(t, tutorial)
	clean := d.text()
	gone := d.second(another)
	d.succeed("vs start")
	d.succeed("vs start --config " + gone)
	must(t, os.Remove(gone))
	want := "started with " + gone + ", which is gone; to undo it: lvsdr vs stop --config " + gone + "\n"
	if got := d.run("vs status"); got.Status != 0 || !strings.HasSuffix(got.Stdout, want) {
		t.Errorf("status: %+v", got)
	}
	if got := d.run("vs status --json"); !strings.Contains(got.Stdout, `"file": "`+gone+`"`) {
		t.Errorf("status --json: %+v", got)
	}
	d.succeed("vs stop --config " + gone)
	d.succeed("vs stop")
	d.looks("after both stops", clean)
}

// A drain ends with its real server.
func TestDrainEndsWithRealServer(t *testing.T) {
	d := newDesk(t, tutorial)
	d.succeed("vs start")
	d.succeed("vs drain 10.0.0.17")
	d.configure("vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n")
	d.succeed("vs start")
	d.onlyClaims()
	d.configure(tutorial)
	d.succeed("vs start")
	if text := d.text(); strings.Contains(text, "weight 0") {
		t.Errorf("a real server that came back:\n%s", text)
	}

	d.succeed("vs drain 10.0.0.17")
	d.configure("vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n")
	d.succeed("vs undrain 10.0.0.17") // that start has not yet taken away
	d.onlyClaims()
}

// A drain is no start: what a script set up is still stopped by the file.
func TestStopByFileAfterDrain(t *testing.T) {
	d := newDesk(t, tutorial)
	clean := d.text()
	d.succeed("vs start")
	must(t, os.Remove(d.state))
	d.succeed("vs drain 10.0.0.17")
	d.succeed("vs stop")
	d.looks("after stop", clean)
	d.noRecord()
}

// The record of another boot, or of a namespace that had the number before,
// counts for nothing; one of the first edition does.
func TestRecordOfOthers(t *testing.T) {
	d := newDesk(t, onlyVIP)
	here := host.Namespace{ID: 4, Boot: "now", Inode: 1, Created: 100}
	d.system.namespace = func() (host.Namespace, error) { return here, nil }
	for name, other := range map[string]host.Namespace{
		"another boot":      {ID: 4, Boot: "before", Inode: 1, Created: 100},
		"another namespace": {ID: 4, Boot: "now", Inode: 1, Created: 90},
	} {
		mine := here
		here = other
		d.succeed("rs start")
		here = mine
		d.configure("vip: 172.16.0.109\n")
		d.expect("rs stop", result{rsCanceled, "lvsdr: rs stop: nothing to do\n", 0})
		if !strings.Contains(d.text(), "172.16.0.100") {
			t.Errorf("%s: its record was followed:\n%s", name, d.text())
		}
		d.noRecord()
		d.configure(onlyVIP)
		d.succeed("rs stop")
	}
	must(t, os.MkdirAll(filepath.Dir(d.state), 0o700))
	must(t, os.WriteFile(d.state, []byte(`{"sysctls": {"net.ipv4.conf.lo.arp_ignore": {"found": 0, "set": 1}}}`), 0o600))
	must(t, d.machine.Set("net.ipv4.conf.lo.arp_ignore", 1))
	d.expect("rs stop", result{rsCanceled, "sysctl -w net.ipv4.conf.lo.arp_ignore=0\n", 0})
	d.noRecord()
}

// Folders that nobody needs go: of another boot, of namespaces that are gone,
// those without a record. Others stay.
func TestStaleFolders(t *testing.T) {
	d := newDesk(t, onlyVIP)
	run := filepath.Dir(filepath.Dir(d.state))
	here := host.Namespace{ID: 4, Boot: "now", Inode: 1}
	d.system.namespace = func() (host.Namespace, error) { return here, nil }
	d.system.held = func() (map[uint64]bool, error) { return map[uint64]bool{1: true, 6: true}, nil }
	for id, of := range map[string]string{
		"5": `{"namespace": {"id": 5, "boot": "before", "inode": 6}, "drained": ["10.0.0.7"]}`,
		"6": `{"namespace": {"id": 6, "boot": "now", "inode": 6}, "drained": ["10.0.0.7"]}`,
		"7": `{"namespace": {"id": 7, "boot": "now", "inode": 7}, "drained": ["10.0.0.7"]}`,
		"8": "", "9": `{"drained": ["10.0.0.7"]}`, "10": "rubbish", "lab": "",
	} {
		must(t, os.MkdirAll(filepath.Join(run, id), 0o700))
		if of != "" {
			must(t, os.WriteFile(filepath.Join(run, id, "state.json"), []byte(of), 0o600))
		}
	}
	d.succeed("rs start")
	left, err := filepath.Glob(filepath.Join(run, "*", ""))
	must(t, err)
	var names []string
	for _, l := range left {
		if info, err := os.Stat(l); err == nil && info.IsDir() {
			names = append(names, filepath.Base(l))
		}
	}
	if got := strings.Join(names, " "); got != "10 4 6 9 lab" {
		t.Errorf("left: %s", got)
	}
}

// An address that carries more than the VIP stays as it is.
func TestOwnAddress(t *testing.T) {
	const masquerade = "vip: 10.0.0.8\nservices: [{port: 80, forward: masquerade}]\nreal_servers: [192.168.1.7]\n"
	d := newDesk(t, masquerade) // 10.0.0.8/24 is eth0's
	clean := d.text()
	d.expect("vs start", result{vsReady, "ipvsadm -A -t 10.0.0.8:80 -s wrr\nipvsadm -a -t 10.0.0.8:80 -r 192.168.1.7 -m -w 1\n", 0})
	d.expect("vs start", result{vsReady, vsNothing, 0})
	if got := d.run("vs status"); got.Status != 0 || !strings.Contains(got.Stdout, "10.0.0.8/24") {
		t.Errorf("status: %+v", got)
	}
	d.expect("vs stop", result{vsCanceled, "ipvsadm -D -t 10.0.0.8:80\n", 0})
	d.looks("after stop", clean)

	for _, config := range []string{
		"vip: 10.0.0.8\nreal_servers: [10.0.0.7]\n",
		"vip: 10.0.0.8\nlabel: eth0:1\nreal_servers: [10.0.0.7]\n",
	} {
		d.configure(config)
		got := d.run("vs start")
		if got.Status != 1 || !strings.Contains(got.Stderr, "the route to 10.0.0.0/24 depends on it") || strings.Contains(got.Stderr, "ip addr del") {
			t.Errorf("direct routing with the own address: %+v", got)
		}
		d.looks("after a refused start", clean)
	}
	d.configure("vip: 10.0.0.8\nlabel: eth0:1\nreal_servers: [10.0.0.7]\n")
	d.succeed("vs stop") // by the file: nothing is recorded
	d.looks("after stop by the file", clean)
}

// A VIP in the network of the interface needs no full mask; as the first
// address of that network it is not to be deleted, for it takes the others along.
func TestPrimaryVIP(t *testing.T) {
	const config = "vip: 10.0.0.100\nlabel: eth1:1\nannounce: false\nreal_servers: [10.0.0.7]\n"
	vip, dip := on("10.0.0.100/24", "eth1", "eth1:1"), on("10.0.0.9/24", "eth1", "eth1")
	for name, tt := range map[string]struct {
		addresses []host.Address
		stays     bool
	}{
		"VIP first":  {[]host.Address{vip, dip}, true},
		"VIP second": {[]host.Address{dip, vip}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, config)
			d.machine.AddLink(host.Link{Name: "eth1", Index: 8, Up: true})
			for _, a := range tt.addresses {
				must(t, d.machine.AddAddress(a))
			}
			got := d.run("vs start")
			if got.Status != 0 || strings.Contains(got.Stderr, "ip addr") {
				t.Errorf("start: %+v", got)
			}
			d.expect("vs start", result{vsReady, vsNothing, 0})
			d.succeed("vs stop")
			if text := d.text(); strings.Contains(text, "10.0.0.100/24") != tt.stays || !strings.Contains(text, "10.0.0.9/24") {
				t.Errorf("after stop:\n%s", text)
			}
		})
	}
}

// A service that is edited by somebody else meanwhile is still ours to stop.
func TestStopChangedService(t *testing.T) {
	d := newDesk(t, tutorial)
	clean := d.text()
	d.succeed("vs start")
	services, err := d.machine.Services(ipvs.Everything)
	must(t, err)
	edited := services[0].Service
	edited.Scheduler = "rr"
	must(t, d.machine.EditService(edited))
	d.succeed("vs stop")
	d.looks("after stop", clean)
}

// A director that is a real server as well needs nothing for its own share, and
// takes the VIPs of others.
func TestDirectorServesToo(t *testing.T) {
	const both = "vip: [172.16.0.100, 172.16.0.101]\nreal_servers: [10.0.0.8, 10.0.0.17]\n"
	d := newDesk(t, "vip: 172.16.0.100\nreal_servers: [10.0.0.8, 10.0.0.17]\n")
	clean := d.text()
	d.succeed("vs start")
	running := d.text()
	const note = "lvsdr: rs start: this machine is the director of 172.16.0.100, and needs no setup as a real server of it\n"
	d.expect("rs start", result{rsReady, note + "lvsdr: rs start: nothing to do\n", 0})
	d.looks("after rs start on the director", running)

	must(t, os.Remove(d.state)) // a script did it: the table tells
	d.expect("rs start", result{rsReady, note + "lvsdr: rs start: nothing to do\n", 0})
	d.configure(both)
	d.succeed("rs start")
	if text := d.text(); !strings.Contains(text, "172.16.0.101/32") || !strings.Contains(text, "all.arp_ignore = 1") {
		t.Errorf("with another's VIP:\n%s", text)
	}
	d.succeed("rs stop")
	d.looks("after rs stop", running)
	d.succeed("vs stop")
	d.looks("after vs stop", clean)
}

// A start tells the truth: it warns of what the doctor finds without a packet.
func TestStartWarns(t *testing.T) {
	d := newDesk(t, tutorial)
	d.succeed("vs start")
	if d.warnings != "" {
		t.Errorf("a director that is well: %s", d.warnings)
	}
	must(t, d.machine.Set("net.ipv4.conf.eth0.arp_ignore", 1))
	for _, quiet := range []string{"", " --quiet"} {
		d.succeed("vs start" + quiet)
		if want := "lvsdr: vs start: warning: vip answer: arp_ignore is 1 on eth0, where 172.16.0.100 is not\n" +
			"lvsdr: hint: sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.eth0.arp_ignore=0\n"; d.warnings != want {
			t.Errorf("arp_ignore on the director: %q, want %q", d.warnings, want)
		}
	}
}

// An IPv6 VIP of the LAN is on the LAN's interface of a director, unless the file
// says otherwise; a real server has it on lo.
func TestHomeOfIPv6(t *testing.T) {
	const config = "vip: ['fd00::100', '2001:db8::100']\nannounce: false\nreal_servers: ['fd00::8']\n"
	d := newDesk(t, config)
	must(t, d.machine.AddAddress(on("fd00::8/64", "eth0", "")))
	clean := d.text()
	for _, tt := range []struct{ role, more, lan string }{
		{"vs", "", "eth0"}, {"vs", "director_label: lo:2\n", "lo"}, {"rs", "", "lo"},
	} {
		d.configure(config + tt.more)
		d.succeed(tt.role + " start")
		text := d.text()
		if !strings.Contains(text, "fd00::100/128 dev "+tt.lan+" ") || !strings.Contains(text, "2001:db8::100/128 dev lo ") {
			t.Errorf("%s %s:\n%s", tt.role, tt.more, text)
		}
		if got := d.run(tt.role + " status"); got.Status != 0 {
			t.Errorf("%s status: %+v", tt.role, got)
		}
		d.succeed(tt.role + " stop")
		d.looks("after stop", clean)
	}
}

// TestAnyOrder: whatever was started, edited, drained, stopped or failed in the
// middle, in two files and both roles: once all are stopped, the machine is as it
// was found, and nothing is remembered.
func TestAnyOrder(t *testing.T) {
	configs := []string{
		"vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n",
		"vip: 172.16.0.100\nlabel: lo:7\nreal_servers: [10.0.0.7, 10.0.0.17]\n",
		"vip: [172.16.0.100, 172.16.0.101]\nservices: [{port: 80}, {port: 443, scheduler: rr}]\nreal_servers: [10.0.0.17]\n",
		"vip: 172.16.0.102\nservices: [{fwmark: 7}]\narp: {interfaces: [eth0]}\nreal_servers: [10.0.0.7]\n",
		"vip: [172.16.0.101, '2001:db8::100']\nlabel: dummy0:1\ntimeouts: {tcp: 1200}\nreal_servers: [10.0.0.7, '2001:db8::7']\n",
		"vip: 172.16.0.100\ntimeouts: {tcp: 600, udp: 60}\nsync: {role: master}\nreal_servers: [10.0.0.8, 10.0.0.7]\n",
		"vip: 10.0.0.8\nservices: [{port: 25, forward: masquerade}]\nreal_servers: [10.0.0.7]\n",
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 14))
		d := newDesk(t, configs[0])
		d.machine.AddLink(host.Link{Name: "dummy0", Up: true, NoARP: true})
		clean := d.text()
		files := []string{d.file, d.second(configs[1])}
		var told []string
		tell := func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
		for range 25 {
			file, role := files[r.IntN(2)], []string{"vs", "rs"}[r.IntN(2)]
			switch r.IntN(6) {
			case 0:
				i := r.IntN(len(configs))
				tell("%s = configuration %d", filepath.Base(file), i)
				must(t, os.WriteFile(file, []byte(configs[i]), 0o600))
			case 1:
				tell("a call fails")
				d.machine.FailAt(d.machine.Calls()+1+r.IntN(8), syscall.EIO)
			case 2:
				verb := []string{"drain --timeout 1ms ", "undrain "}[r.IntN(2)] + []string{"10.0.0.7", "10.0.0.17"}[r.IntN(2)]
				tell("%s: vs %s: %d", filepath.Base(file), verb, d.run("vs "+strings.Replace(verb, " ", " --config "+file+" ", 1)).Status)
			default:
				verb := []string{"start", "start --all-vips", "stop"}[r.IntN(3)]
				if role == "vs" {
					verb = strings.TrimSuffix(verb, " --all-vips")
				}
				tell("%s: %s %s: %d", filepath.Base(file), role, verb, d.run(role+" "+verb+" --config "+file).Status)
			}
		}
		for n := range 10 {
			d.machine.FailAt(d.machine.Calls()+n, nil)
		}
		for range 2 { // rs first, and once more when all VIPs have gone
			for _, role := range []string{"rs", "vs"} {
				for _, file := range files {
					if got := d.run(role + " stop --config " + file); got.Status != 0 {
						t.Errorf("seed %d: %s stop: %+v", seed, role, got)
					}
				}
			}
		}
		if got := d.text(); got != clean || t.Failed() {
			t.Fatalf("seed %d:\n%s\nleaves (-want +got):\n%s\n%s", seed, strings.Join(told, "\n"), cmp.Diff(clean, got), d.record())
		}
		d.noRecord()
	}
}

// Where IPv6 is switched off, what needs it says so before it does or judges
// anything; what does without works.
func TestIPv6SwitchedOff(t *testing.T) {
	d := newDesk(t, "vip: [172.16.0.100, 'fd00::100']\nreal_servers: [10.0.0.7, 10.0.0.8, 'fd00::7']\n")
	d.machine.DisableIPv6()
	clean := d.text()
	for _, line := range []string{"vs diff", "vs start", "vs status", "check --role vs", "vs drain 10.0.0.7", "rs start"} {
		verb, _, _ := strings.Cut(line, " -")
		verb = strings.TrimSuffix(verb, " 10.0.0.7")
		d.expect(line, result{"", "lvsdr: " + verb + ": fd00::100: this kernel has no IPv6, or was started with ipv6.disable=1\n", 1})
	}
	d.looks("after refusals", clean)
	d.succeed("vs stop")
	d.configure("vip: 172.16.0.100\nreal_servers: [10.0.0.7]\n")
	d.succeed("vs start")
	d.configure("vip: 172.16.0.100\nservices: [{port: 80, forward: tunnel, real_servers: ['fd00::7']}]\n")
	d.expect("vs start", result{"", "lvsdr: vs start: fd00::7: this kernel has no IPv6, or was started with ipv6.disable=1\n", 1})
}
