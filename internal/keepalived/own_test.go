package keepalived

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the file says of checks and sorry servers is said in keepalived's words, or
// named as what is not.
func TestWriteOwn(t *testing.T) {
	for _, tt := range []struct {
		name, service string
		want          string // of the checker and the sorry server, and what is lost
	}{
		{"nothing said", "{port: 80}", "delay_loop 5|TCP_CHECK {|connect_timeout 3"},
		{"http", `{port: 80, check: {type: http, path: /ok, host: www.example.com, status: [200-299, 401], body: 'a "b"\s#', fall: 2, interval: 2.5s, rise: 4, method: POST, headers: {X: y}}}`,
			`Not exported: check: method: keepalived asks by GET.|Not exported: check: headers.|Not exported: check: rise: one good answer brings a real server back.|` +
				`delay_loop 2.5|HTTP_GET {|retry 1|delay_before_retry 2.5|connect_timeout 1|url {|path /ok|virtualhost www.example.com|status_code 200-299 401-401|regex "a \"b\"\\s#"`},
		{"https", "{port: 443, check: {type: https, path: '/a$b', host: www.example.com, name: www.example.com, on_failure: quiesce}}",
			"Not exported: check: path: characters that keepalived takes for its own.|Not exported: check: verify: no certificate is verified.|" +
				"delay_loop 2|inhibit_on_failure|SSL_GET {|retry 2|delay_before_retry 2|connect_timeout 1|enable_sni|url {|path /|virtualhost www.example.com|status_code 200-299"},
		{"tls", "{port: 443, check: {type: tls, name: www.example.com}}",
			"Not exported: check: type: tls: the port is checked, without TLS.|Not exported: check: verify: no certificate is verified.|Not exported: check: name.|" +
				"delay_loop 2|TCP_CHECK {|retry 2|delay_before_retry 2|connect_timeout 1"},
		{"dns", "{port: 53, protocol: udp, check: {type: dns, name: www.example.com, answer: 10.0.0.1}}",
			"Not exported: check: answer: any answer is good.|delay_loop 2|DNS_CHECK {|retry 2|delay_before_retry 2|connect_timeout 1|type A|name www.example.com"},
		{"udp", "{port: 5000, protocol: udp, check: {type: udp, send: hello, receive: '^h'}}",
			"Not exported: check: receive: any reply is good.|delay_loop 2|UDP_CHECK {|retry 2|delay_before_retry 2|connect_timeout 1|payload 68656c6c6f|require_reply"},
		{"words", "{port: 25, check: {send: x, receive: '^220', port: 26}}",
			"Not exported: check: send.|Not exported: check: receive.|delay_loop 2|TCP_CHECK {|connect_port 26|retry 2|delay_before_retry 2|connect_timeout 1"},
		{"a program", "{port: 81, check: {type: exec, command: [/bin/ask, 'a b'], user: joe, timeout: 2s}}",
			"Not exported: check: command: the program gets no variables LVSDR_NAME, and the same words for each real server.|" +
				"delay_loop 2|MISC_CHECK {|retry 2|delay_before_retry 2|misc_path \"/bin/ask 'a b'\"|misc_timeout 2|user joe"},
		{"a program's quotes", `{port: 81, check: {type: exec, command: [/bin/sh, "-c", "echo 'a'"]}}`,
			"No health check.|Not exported: check: command: characters that keepalived takes for its own."},
		{"none", "{port: 81, check: {type: none}}", "No health check."},
		{"sorry servers", "{port: 80, check: {}, sorry: [10.0.0.200, 10.0.0.201]}",
			"Not exported: sorry: keepalived has one sorry server, the first.|delay_loop 2|sorry_server 10.0.0.200 80|TCP_CHECK {|retry 2|delay_before_retry 2|connect_timeout 1"},
		{"a page", "{port: 80, check: {type: http}, sorry: {page: default}, minimum: 1, slow_start: 30s}",
			"Not exported: sorry: keepalived has no page.|Not exported: minimum: keepalived keeps no real server in that fails.|" +
				"Not exported: slow_start: keepalived gives a real server that comes back its whole weight.|" +
				"delay_loop 2|HTTP_GET {|retry 2|delay_before_retry 2|connect_timeout 1|url {|path /|status_code 200-299"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := written(t, "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\nservices:\n  - "+tt.service+"\n", options)
			var got []string
			for line := range strings.Lines(text[strings.LastIndex(text, "\n\n")+2:]) {
				line = strings.TrimPrefix(strings.TrimSpace(line), "# ")
				word, _, _ := strings.Cut(line, " ")
				if !strings.Contains("virtual_server protocol lvs_sched lvs_method real_server weight } The reached,", word) {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(strings.Split(tt.want, "|"), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	const other = "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\nannounce_table: 200\nwatch: {on_event: [/bin/say], listen: '127.0.0.1:9812'}\ncheck: {type: http}\n"
	o := options
	o.Check = &Check{}
	text := written(t, other, o)
	for _, want := range []string{"# Not exported: announce_table: ", "# Not exported: watch: on_event: ", "# Not exported: watch: listen: ", "TCP_CHECK {"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
