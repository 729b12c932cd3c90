package imports

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// web is a service with a real server, in the words of a script.
const web = "ipvsadm -A -t 172.16.0.100:80 -s rr; ipvsadm -a -t 172.16.0.100:80 -r 10.0.0.7\n"

// said is the table that a script makes, one word a service and real server, and
// the remarks of the script.
func said(t *testing.T, script string) string {
	t.Helper()
	d, err := Script(script, known{})
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, s := range d.Services {
		words = append(words, s.Addr.String()+":"+fmt.Sprint(s.Port))
		for _, one := range s.Destinations {
			words = append(words, one.Addr.String())
		}
	}
	for _, text := range d.Remarks {
		if strings.HasPrefix(text, "line ") {
			words = append(words, text)
		}
	}
	return strings.Join(words, "\n")
}

// What scripts often say is understood as the shell would, where everything is in
// order.
func TestScriptShell(t *testing.T) {
	const (
		good   = "172.16.0.100:80\n10.0.0.7"
		second = "ipvsadm -a -t 172.16.0.100:80 -r "
	)
	for _, tt := range []struct{ name, script, want string }{
		{"|| exit", "[ -x /sbin/ipvsadm ] || exit 0\n" + web, good},
		{"&& exit", "[ ! -x /sbin/ipvsadm ] && exit 0\n" + web, good},
		{"|| a block", "[ -f /etc/lvs.conf ] || { echo no file; exit 1; }\n" + web, good},
		{"the number of arguments", "if [ $# -ne 1 ]; then exit 2; fi\n" + web, good},
		{"no argument", "[ -z \"$1\" ] && exit\n" + web, good},
		{"a branch that ends", "if ! which ipvsadm; then\necho no; exit 1\nfi\n" + web,
			good + "\nline 1 not imported: if ! which ipvsadm: taken as if that did not hold, since it would end there"},
		{"a command not understood", "touch /x && echo done\n" + web, good + "\nline 1 not imported: touch /x: not understood"},
		{"edit or add", web + "ipvsadm -E -t 172.16.0.100:80 -s wlc || ipvsadm -A -t 172.16.0.101:80", good},
		{"edit what is not there", "ipvsadm -E -t 172.16.0.100:80 -s wlc 2>/dev/null || " + web,
			good + "\nline 1 not imported: ipvsadm -E -t 172.16.0.100:80 -s wlc 2>/dev/null: there is no such service"},
		{"a command in a condition", "if " + web + "then " + second + "10.0.0.17; fi", good + "\n10.0.0.17"},
		{"return", "add() { " + web + "return 0; ipvsadm -C; }\nadd", good},
		{"break", web + "for i in 17 27; do " + second + "10.0.0.$i; break; done", good + "\n10.0.0.17"},
		{"continue", web + "for i in 17 27; do if [ $i = 17 ]; then continue; fi; " + second + "10.0.0.$i; done", good + "\n10.0.0.27"},
		{"shift", web + "add() { shift; for i; do " + second + "10.0.0.$i; done; }\nadd 1 17 27", good + "\n10.0.0.17\n10.0.0.27"},
		{"all arguments", web + "add() { one \"$@\"; }\none() { " + second + "10.0.0.$2; }\nadd 1 27", good + "\n10.0.0.27"},
		{"a list", "RS=(17 27)\n" + web + "for i in \"${RS[@]}\"; do " + second + "10.0.0.$i; done", good + "\n10.0.0.17\n10.0.0.27"},
		{"appended", "RS=17; RS+=' 27'\n" + web + "for i in $RS; do " + second + "10.0.0.$i; done", good + "\n10.0.0.17\n10.0.0.27"},
		{"an element", "RS[0]=17\n" + web, good + "\nline 1 not imported: RS[0]=17: not understood"},
		{"a range", web + "for i in {17..19}; do " + second + "10.0.0.$i; done", good + "\n10.0.0.17\n10.0.0.18\n10.0.0.19"},
		{"a pattern", "case $1 in\n[Ss]tart) " + web + ";;\nesac", good},
		{"brackets", "if [[ $1 == st* && -n $1 && ! ( $1 == stop ) ]]; then " + web + "fi", good},
		{"rules in the script", "ip=172.16.0.100\nipvsadm -R <<END\n-A -t $ip:80\n-a -t $ip:80 -r 10.0.0.7\n-A -t nowhere:80\nEND\n",
			good + "\nline 5 not imported: -A -t nowhere:80: \"nowhere\" is no address, nor a name that this machine knows"},
		{"rules elsewhere", web + "ipvsadm-restore </etc/rules", good + "\nline 2 not imported: ipvsadm-restore </etc/rules: its rules are elsewhere: lvsdr import --rules FILE"},
		{"a subshell", "(x=7; exit)\n" + web + second + "10.0.0.1$x", good + "\nline 3 not imported: " + second + "10.0.0.1$x: x: unbound variable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, said(t, tt.script)); diff != "" {
				t.Errorf("%s(-want +got):\n%s", tt.script, diff)
			}
		})
	}
}

// A mask that is not full, and an address that is no VIP, are told.
func TestScriptMasks(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{web + "ip addr add 172.16.0.100/24 dev eth0", "172.16.0.100/24 on eth0: the file means 172.16.0.100/32"},
		{web + "ifconfig eth0:1 172.16.0.100 netmask 255.255.0.0 up", "172.16.0.100/16 on eth0: the file means 172.16.0.100/32"},
		{strings.NewReplacer("172.16.0.100", "[2001:db8::100]", "10.0.0.7", "2001:db8::7").Replace(web) + "ip -6 addr add 2001:db8::100/64 dev eth0",
			"2001:db8::100/64 on eth0: the file means 2001:db8::100/128"},
		{web + "ip addr add 172.16.0.100/32 dev eth0", ""},
		{web + "ip addr add 10.0.0.8/24 dev eth0", "not imported: 10.0.0.8/24 on eth0: it is no VIP"},
		{"ip addr add 172.16.0.100/32 dev lo; ip addr add 10.0.0.8/24 dev lo", "not imported: 10.0.0.8/24 on lo: it is no VIP"},
	} {
		d, err := Script(tt.script, known{})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(d.Remarks, "\n")
		if !strings.Contains(got, tt.want) || tt.want == "" && strings.Contains(got, " on eth0") {
			t.Errorf("%s\n%q is not in\n%s", tt.script, tt.want, got)
		}
	}
}

// A script that would take for ever, or all memory, ends in a remark, and what
// it has done before stays.
func TestScriptBounded(t *testing.T) {
	const many = "more than 8192 commands"
	for _, tt := range []struct{ name, script, want string }{
		{"a range", "for i in {1..1000000000}; do :; done", errLarge.Error()},
		{"a range of nothing", "echo " + strings.Repeat("{,}", 30), "brace expansion would exceed"},
		{"a range in a command", "echo {1..1000000000}", errLarge.Error()},
		{"ranges by each other", "echo {1..1000}{1..1000}{1..1000}", errLarge.Error()},
		{"braces", "echo " + strings.Repeat("{,}", 10000), errBraces.Error()},
		{"a long word many times", "x=" + strings.Repeat("x", 60000) + "\necho {1..10000}$x", errLarge.Error()},
		{"loops in loops", strings.Repeat("for i in 1 2 3 4 5 6 7 8 9; do ", 12) + ":" + strings.Repeat("; done", 12), many},
		{"a variable that doubles", "a=xx\nfor i in {1..60}; do a=$a$a; done", "line 3 not imported: a=$a$a: " + errLarge.Error()},
		{"one that is appended to", "a=xx\nfor i in {1..60}; do a+=$a; done", errLarge.Error()},
		{"a list that doubles", "a=(x)\nfor i in {1..60}; do a+=(\"${a[@]}\"); done", errLarge.Error()},
		{"arguments that double", "f() { f \"$@\" \"$@\"; }\nf x", errLarge.Error()},
		{"a replacement", "a=" + strings.Repeat("x", 60000) + "\nb=${a//x/$a}", errLarge.Error()},
		{"replacements in each other", "a=x\nb=" + strings.Repeat("${a/x/", 5000) + strings.Repeat("}", 5000), ""},
		{"seq", "for i in $(seq 1 1000000000); do :; done", errCommand.Error()},
		{"a loop of arithmetic", "for ((;;)); do :; done", "line 2 not imported: for (( ; ; ))"},
		{"a loop without end", "while :; do :; done", "line 2 not imported: while :"},
		{"calls of each other", "f() { g; g; }\ng() { f; f; }\nf", "too deep"},
		{"names of each other", "a=b\nb=a\nc=$((a + 1))\nd=${!a}", ""},
		{"commands that fail", "for i in {1..8000}; do ipvsadm -a -t 172.16.0.100:80 -r 10.0.$i; done", "line 2: and more of that kind"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			begin := time.Now()
			got := said(t, web+tt.script+"\n")
			if !strings.HasPrefix(got, "172.16.0.100:80\n10.0.0.7") || !strings.Contains(got, tt.want) {
				t.Errorf("%q is not in\n%.1000s", tt.want, got)
			}
			if took := time.Since(begin); took > 20*time.Second || len(got) > 1<<20 {
				t.Errorf("%v, %d bytes", took, len(got))
			}
		})
	}
	deep := strings.Repeat("(", mostScript-1)
	if _, err := Script(deep, known{}); err == nil {
		t.Error("brackets without an end are a script")
	}
	if _, err := Script(deep+"((", known{}); err == nil || !strings.Contains(err.Error(), "expected a script of at most") {
		t.Errorf("a script that is too large: %v", err)
	}
}
