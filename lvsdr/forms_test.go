package lvsdr

import (
	"strings"
	"testing"
)

// samples stand for the words of a form.
var samples = strings.NewReplacer("INTERFACE", "eth0", "ALIAS", "1", "ADDRESS", "10.0.0.7", "ADDR", "10.0.0.7",
	"/PATH", "/health", "/PROTOCOL", "/udp", "PORT", "8080", "WEIGHT", "3", "SECONDS", "300")

// expand are the words that a form such as "A[:B][=C]" stands for: each part in
// brackets there, and left out.
func expand(form string) []string {
	before, rest, optional := strings.Cut(form, "[")
	if !optional {
		return []string{samples.Replace(form)}
	}
	part, after, _ := strings.Cut(rest, "]")
	return append(expand(before+after), expand(before+part+after)...)
}

// TestForms: what help and refusals print of the form of a flag's value is
// accepted, in every way that it can be read.
func TestForms(t *testing.T) {
	const export = "export keepalived --interface eth0"
	for _, tt := range []struct{ verb, flag, help, refusal, forms string }{
		{"vs diff --forward masquerade", "rs", "ADDR[:PORT][=WEIGHT]", "ADDRESS[:PORT][=WEIGHT]", "ADDR[:PORT][=WEIGHT]"},
		{"vs diff", "port", "PORT[/udp]", "PORT or PORT/PROTOCOL, as in 80 or 53/udp", "PORT[/udp] PORT[/PROTOCOL] 80 53/udp"},
		{"rs diff", "label", "INTERFACE:ALIAS", "interface:alias of at most 15 bytes, as in lo:1", "INTERFACE:ALIAS lo:1"},
		{"vs diff", "persistent", "SECONDS", "a number from 0 to 2678400", "SECONDS 0 2678400"},
		{"vs diff", "forward", "direct, tunnel or masquerade", "one of direct, tunnel, masquerade", "direct tunnel masquerade"},
		{export + " --forward masquerade", "sorry-server", "ADDR[:PORT]", "ADDRESS[:PORT]", "ADDR[:PORT]"},
		{
			export, "check", "tcp[:PORT] or http[:PORT][/PATH]",
			"tcp[:PORT] or http[:PORT][/PATH], as in http/health or http:8080/health",
			"tcp[:PORT] http[:PORT][/PATH] http/health http:8080/health",
		},
		{export, "router-id", "NUMBER that VRRP knows the directors by, 1 to 255", "a number from 1 to 255", "1 255"},
		{export, "priority", "NUMBER of this director, 1 to 254", "a number from 1 to 254", "1 254"},
		{"check", "role", "vs or rs", "vs or rs", "vs rs"},
		{"config", "role", "vs or rs", "vs or rs", "vs rs"},
	} {
		d := newDesk(t, "vip: 172.16.0.100\nreal_servers: [10.0.0.17]")
		if help := strings.Join(strings.Fields(d.run(tt.verb+" --help").Stdout), " "); !strings.Contains(help, tt.help) {
			t.Errorf("the help of %s has no %q", tt.verb, tt.help)
		}
		if got := d.run(tt.verb + " --" + tt.flag + " ///"); got.Status != statusUsage || !strings.Contains(got.Stderr, tt.refusal) {
			t.Errorf("--%s ///: %+v, want %q", tt.flag, got, tt.refusal)
		}
		for form := range strings.FieldsSeq(tt.forms) {
			for _, word := range expand(form) {
				if got := d.run(tt.verb + " --" + tt.flag + " " + word); got.Status == statusUsage {
					t.Errorf("--%s %s is refused: %s", tt.flag, word, got.Stderr)
				}
			}
		}
	}
}
