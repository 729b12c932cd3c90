package lvsdr

import (
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"lvsdr/internal/hint"

	"lvsdr/internal/check"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/wire"
)

// healthy is a desk at a director whose neighbours and settings are well, set
// up.
func healthy(t *testing.T) *desk {
	d := newDesk(t, tutorial)
	for addr, last := range map[string]byte{"10.0.0.7": 7, "10.0.0.17": 17} {
		mac := net.HardwareAddr{2, 0, 0, 0, 0, last}
		d.machine.AddAnswer(netip.MustParseAddr(addr), mac)
		d.machine.SetProbe(mac, netip.MustParseAddrPort("172.16.0.100:80"), wire.Served)
		d.machine.SetConnect(netip.AddrPortFrom(netip.MustParseAddr(addr), 80), nil)
	}
	d.machine.AddSysctl("net.ipv4.vs.expire_nodest_conn", 1)
	d.machine.AddSysctl("net.ipv4.vs.conn_reuse_mode", 1)
	d.succeed("vs start")
	return d
}

// reportOf is what "check --json" prints.
func (d *desk) reportOf(words string, status int) check.Report {
	d.t.Helper()
	got := d.run("check --json " + words)
	var r check.Report
	if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil || got.Status != status || got.Stderr != "" {
		d.t.Fatalf("lvsdr check --json %s: %+v (%v)", words, got, err)
	}
	return r
}

// remedies are the commands of a report for this machine.
func remedies(r check.Report) string {
	var commands []string
	for _, c := range r.Checks {
		for _, m := range c.Remedy {
			commands = append(commands, m.Command)
		}
	}
	return strings.Join(commands, "\n")
}

func TestCheckWell(t *testing.T) {
	d := healthy(t)
	got := d.run("check")
	if got.Status != 0 || !strings.Contains(got.Stdout, "\n14 passed, 0 warned, 0 failed, 0 not checked\n") || got.Stderr != "" {
		t.Errorf("%+v", got)
	}
	want := "checked as the director:\n14 passed, 0 warned, 0 failed, 0 not checked\n"
	if got := d.run("check --quiet"); got != (result{Stdout: want}) {
		t.Errorf("--quiet: %+v", got)
	}
	if r := d.reportOf("", 0); r.Role != check.Director || !r.OK || len(r.Checks) != 14 {
		t.Errorf("--json: %+v", r)
	}
	if calls := d.machine.Calls(); d.run("check").Status != 0 || d.machine.Calls() != calls {
		t.Error("check changed the machine")
	}
}

// What a machine is: its table says it is a director, its address that it is a
// real server.
func TestCheckRole(t *testing.T) {
	asServer := "vip: 172.16.0.100\nreal_servers: [10.0.0.8]\n"
	for _, tt := range []struct {
		name, config, words string
		started             bool
		want                check.Role
	}{
		{name: "neither", config: tutorial, want: check.Director},
		{name: "listed", config: asServer, want: check.RealServer},
		{name: "listed, and a director", config: asServer, started: true, want: check.Director},
		{name: "told", config: tutorial, started: true, words: "--role rs", want: check.RealServer},
		{name: "told otherwise", config: asServer, words: "--role vs", want: check.Director},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, tt.config)
			if tt.started {
				d.succeed("vs start")
			}
			if r := d.reportOf(tt.words, 1); r.Role != tt.want {
				t.Errorf("role %s, want %s", r.Role, tt.want)
			}
		})
	}
	t.Setenv("LVSDR_ROLE", "rs")
	if r := newDesk(t, tutorial).reportOf("", 1); r.Role != check.RealServer {
		t.Errorf("in the environment: role %s", r.Role)
	}
}

// Remedies repeat the flags of the run, but not what stands in the environment.
func TestCheckRemedies(t *testing.T) {
	d := healthy(t)
	d.succeed("vs stop")
	want := "lvsdr vs start --config " + d.file
	if got := remedies(d.reportOf("", 1)); got != want+"\n"+want {
		t.Errorf("remedies:\n%s\nwant twice %s", got, want)
	}
	want += " --vip 172.16.0.200 --port 80 --port 443"
	if got := remedies(d.reportOf("--vip 172.16.0.200 --port 80 --port 443", 1)); !strings.HasPrefix(got, want+"\n") {
		t.Errorf("remedies:\n%s\nwant %s", got, want)
	}
	t.Setenv("LVSDR_CONFIG", d.file)
	if got := remedies(d.reportOf("", 1)); got != "lvsdr vs start\nlvsdr vs start" {
		t.Errorf("remedies:\n%s", got)
	}
}

func TestCheckAim(t *testing.T) {
	r := check.Report{Checks: []check.Result{{Remedy: []check.Remedy{{Command: "modprobe ip_vs"}, {On: "10.0.0.7", Command: "lvsdr rs start"}}}}}
	aimRemedies(&r, "")
	if got := remedies(r); got != "modprobe ip_vs\nlvsdr rs start" {
		t.Errorf("here: %s", got)
	}
	aimRemedies(&r, "my lvs")
	if got := remedies(r); got != "ip netns exec 'my lvs' modprobe ip_vs\nlvsdr rs start" {
		t.Errorf("elsewhere: %s", got)
	}
}

func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"/etc/lvsdr/lvsdr.yaml": "/etc/lvsdr/lvsdr.yaml",
		"10.0.0.7=2":            "10.0.0.7=2",
		"a b":                   "'a b'",
		"it's":                  `'it'\''s'`,
		"":                      "''",
		"$x":                    "'$x'",
	} {
		if got := quoteWord(word); got != want {
			t.Errorf("quoteWord(%q) = %s, want %s", word, got, want)
		}
	}
}

// Without IPVS, or without the right to ask it, the other checks are made.
func TestCheckWithoutIPVS(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want check.Outcome
	}{
		{"none", hint.Add(errNoIPVS, "unused"), check.Fail},
		{"not root", syscall.EPERM, check.Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := healthy(t)
			open := d.system.open
			d.system.open = func(n need) (machine, error) {
				if n == seenTable {
					return nil, tt.err
				}
				m, err := open(n)
				return blind{m}, err
			}
			status := 0
			if tt.want == check.Fail {
				status = 1
			}
			r := d.reportOf("", status)
			for _, c := range r.Checks {
				want := check.Pass
				switch c.Name {
				case "ipvs":
					want = tt.want
				case "services", "weights":
					want = check.Unknown
				}
				if c.Outcome != want {
					t.Errorf("%s: %s (%s), want %s", c.Name, c.Outcome, c.Seen, want)
				}
			}
		})
	}
}

// blind is a machine whose table nobody may see.
type blind struct{ machine }

func (blind) Services(ipvs.Detail) ([]ipvs.ServiceEntry, error) { return nil, nil }

func TestCheckUsage(t *testing.T) {
	d := newDesk(t, "vip: 172.16.0.100\n")
	for _, tt := range []struct{ words, want string }{
		{"check --role director", "lvsdr: check: --role \"director\": expected vs or rs\n"},
		{"check now", "lvsdr: check: unexpected argument \"now\"\nlvsdr: hint: lvsdr check [FLAG...]: find what keeps direct routing from working on this machine\n"},
		{"check", "lvsdr: " + d.file + ": services[0]: no real servers, expected some in the file or with --rs\n"},
	} {
		if got := d.run(tt.words); got != (result{Stderr: tt.want, Status: 2}) {
			t.Errorf("lvsdr %s: %+v", tt.words, got)
		}
	}
	d.system.open = func(need) (machine, error) { return nil, errors.New("on fire") }
	if got := d.run("check --rs 10.0.0.7"); got != (result{Stderr: "lvsdr: check: on fire\n", Status: 1}) {
		t.Errorf("%+v", got)
	}
}
