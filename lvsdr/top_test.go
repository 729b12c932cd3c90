package lvsdr

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/internal/top"
)

// What d and u do in top is what "vs drain" and "vs undrain" do, without waiting
// and without a word on the terminal.
func TestTopDrains(t *testing.T) {
	d := newDesk(t, "vip: 172.16.0.100\nservices: [{port: 80, persistent: 300}]\nreal_servers: [10.0.0.7, 10.0.0.17]\n")
	d.succeed("vs start")
	d.machine.SetParameter(quiescentTemplates, 0)
	services, err := d.machine.Services(ipvs.Everything)
	must(t, err)
	destinations, err := d.machine.Destinations(&services[0], ipvs.Everything, nil)
	must(t, err)
	for _, e := range destinations { // for whose end nobody waits
		d.machine.SetConnections(services[0].Service, e.Destination, 3, 1)
	}
	before := d.text()
	c, err := config.Read(d.file)
	must(t, err)
	o := order{Claimant: plan.Claimant{Role: plan.Director, File: d.file}, verb: "top", config: c, system: d.system,
		stdout: os.Stdout, stderr: os.Stderr, warnings: os.Stderr, json: true}
	ask := func(kind top.RequestKind, rs string) (string, error) {
		return o.request(top.Request{Kind: kind, RealServer: netip.MustParseAddr(rs)})
	}
	warning, err := ask(top.Drain, "10.0.0.7")
	if err != nil || !strings.Contains(warning, "vs drain: warning: clients that persistence binds to 10.0.0.7 keep coming") {
		t.Errorf("drain: %q, %v", warning, err)
	}
	if status := d.run("vs status").Stdout; !strings.Contains(status, "draining") {
		t.Errorf("after drain:\n%s", status)
	}
	if warning, err := ask(top.Undrain, "10.0.0.7"); err != nil || warning != "" {
		t.Errorf("undrain: %q, %v", warning, err)
	}
	d.looks("after undrain", before)
	const want = "vs drain: 10.0.0.99 is not a real server of the configuration; hint: see: lvsdr config"
	if _, err := ask(top.Drain, "10.0.0.99"); err == nil || err.Error() != want {
		t.Errorf("a stranger: %v, want %s", err, want)
	}
}

func TestTopWithoutTerminal(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	must(t, err)
	defer null.Close()
	for _, stream := range []any{null, &output{Writer: null}, strings.NewReader("")} {
		if _, is := terminalOf(stream); is {
			t.Errorf("%v is no terminal", stream)
		}
	}
}

func TestTopColumns(t *testing.T) {
	for value, want := range map[string]int{"": 80, "0": 80, "-1": 80, "x": 80, "132": 132, "99999": 80} {
		lookup := func(string) (string, bool) { return value, value != "" }
		if got := columnsOf(nil, false, lookup); got != want {
			t.Errorf("COLUMNS=%s: %d, want %d", value, got, want)
		}
	}
}

func TestTopLocale(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LANG": "de_DE.UTF-8"}, true},
		{map[string]string{"LANG": "C.utf8"}, true},
		{map[string]string{"LC_ALL": "C", "LANG": "C.UTF-8"}, false},
		{map[string]string{"LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"}, true},
	} {
		lookup := func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }
		if got := speaksUTF8(lookup); got != tt.want {
			t.Errorf("%v: %t", tt.env, got)
		}
	}
}

// wanted remembers how much was wanted of the table.
type wanted struct {
	machine
	details []ipvs.Detail
}

func (m *wanted) Services(d ipvs.Detail) ([]ipvs.ServiceEntry, error) {
	m.details = append(m.details, d)
	return m.machine.Services(d)
}

func (m *wanted) Destinations(s *ipvs.ServiceEntry, d ipvs.Detail, buf []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error) {
	m.details = append(m.details, d)
	return m.machine.Destinations(s, d, buf)
}

// The first look has the kernel's rates; those that come again and again cost less,
// with a configuration and without.
func TestTopLooksLightly(t *testing.T) {
	d := newDesk(t, tutorial)
	d.succeed("vs start")
	c, err := config.Read(d.file)
	must(t, err)
	for _, configured := range []bool{true, false} {
		m := &wanted{machine: d.machine}
		sys := d.system
		sys.open = func(n need) (machine, error) {
			if n != shownTable {
				t.Errorf("need %d", n)
			}
			return m, nil
		}
		v := &viewer{order: order{Claimant: plan.Claimant{Role: plan.Director, File: d.file}, system: sys}}
		if configured {
			v.config.Store(&c)
		}
		for _, tt := range []struct {
			light bool
			want  ipvs.Detail
		}{{false, ipvs.Everything}, {true, ipvs.Totals | ipvs.Tunnels}} {
			m.details, v.light, v.at = nil, tt.light, time.Time{}
			st, err := v.status()
			if err != nil || len(st.Services) != 1 || len(st.Services[0].RealServers) != 2 {
				t.Errorf("%+v, %v", st, err)
			}
			if want := []ipvs.Detail{tt.want, tt.want}; !slices.Equal(m.details, want) {
				t.Errorf("configured %t, light %t: details %v, want %v", configured, tt.light, m.details, want)
			}
		}
	}
}
