package lvsdr

import (
	"strings"
	"testing"

	"lvsdr/internal/config"
	"lvsdr/ipvsadm"
)

// Every line about the table is one that ipvsadm understands.
func TestWords(t *testing.T) {
	for _, text := range []string{large(), perService + "timeouts: {tcp: 5}\nsync: {max_len: 1400, group: 224.0.0.9, port: 9, ttl: 2}\n", tutorial + "services: [{port: 80, forward: tunnel}, {port: 0, persistent: 9, netmask: 255.255.0.0}]",
		"vip: '2001:db8::1'\nreal_servers: [{address: 'fd00::7', port: 8080}]\nservices: [{port: 80, forward: masquerade, scheduler: mh, flags: [mh-port, mh-fallback]}]"} {
		d := newDesk(t, text)
		said := d.run("vs start").Stderr
		d.configure(strings.ReplaceAll(text, "10.0.0.17", "10.0.0.27"))
		said += d.run("vs start").Stderr + d.run("vs stop").Stderr
		n := 0
		for line := range strings.Lines(said) {
			words := strings.Fields(line)
			if words[0] != "ipvsadm" {
				continue
			}
			n++
			if _, fault := ipvsadm.Parse("ipvsadm", words[1:], nil, false); fault != nil {
				t.Errorf("%s: %v", strings.TrimSpace(line), fault)
			}
		}
		if n < 3 {
			t.Errorf("only %d lines in %s", n, said)
		}
	}
}

func TestStatus(t *testing.T) {
	d := newDesk(t, tutorial)
	got := d.run("vs status")
	if got.Status != 3 || strings.Count(got.Stdout, "missing") != 4 {
		t.Errorf("before start: %+v", got)
	}
	d.succeed("vs start")
	if got = d.run("vs status"); got.Status != 0 || strings.Count(got.Stdout, "ok") != 4 {
		t.Errorf("after start: %+v", got)
	}
	d.configure("vip: 172.16.0.100\nreal_servers: [{address: 10.0.0.7, weight: 3}]\nservices: [{port: 80, scheduler: rr}]")
	if got = d.run("vs status"); got.Status != 3 || strings.Count(got.Stdout, "differs") != 3 {
		t.Errorf("after an edit: %+v", got)
	}
	d.succeed("vs stop")
	if got = d.run("rs status --json"); got.Status != 3 || strings.Count(got.Stdout, `"differs"`) != 4 {
		t.Errorf("of a real server: %+v", got)
	}
	if got = d.run("rs status"); got.Status != 3 || strings.Count(got.Stdout, "differs") != 4 {
		t.Errorf("of a real server: %+v", got)
	}
}

// A start says where it cannot know what to do.
func TestConfiguration(t *testing.T) {
	d := newDesk(t, "announce: true\n")
	before := d.text()
	for _, tt := range []struct{ words, want string }{
		{"vs start", "no VIP"},
		{"vs start --vip 172.16.0.100", "no real servers"},
		{"vs start --vip nonsense", "--vip"},
		{"vs start --config /nowhere", "lvsdr init > /nowhere"},
		{"vs start --nonsense", "nonsense"},
	} {
		if got := d.run(tt.words); got.Status != 2 || !strings.Contains(got.Stderr, tt.want) {
			t.Errorf("%s: %+v, want %q", tt.words, got, tt.want)
		}
	}
	d.looks("after refused starts", before)
	d.succeed("rs start --vip 172.16.0.100 --quiet")
	d.expect("init", result{string(config.Example()), "", 0})
	if got := d.run("config --vip 172.16.0.100"); got.Status != 0 || !strings.Contains(got.Stdout, "172.16.0.100") {
		t.Errorf("config: %+v", got)
	}
	d.configure(tutorial + "services: [{port: 80, netmask: 255.255.255.0, persistent: 60, check: {type: http, body: 'a\"b'}}]\n")
	yaml, object := d.run("config"), d.run("--json config")
	d.configure(object.Stdout)
	if got := d.run("config"); object.Status != 0 || !strings.HasPrefix(object.Stdout, "{\n  \"") || got != yaml {
		t.Errorf("config: %+v, as an object %+v, which is\n%+v", yaml, object, got)
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		d.succeed("completion " + shell)
	}
	if got := d.run("completion csh"); got.Status != 2 {
		t.Errorf("completion csh: %+v", got)
	}
}
