package lvsdr

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/command"
)

func TestRun(t *testing.T) {
	type result struct {
		Stdout, Stderr string
		Status         int
	}
	tests := []struct {
		name string
		args []string
		want result
	}{
		{"version", []string{"lvsdr", "version"}, result{"lvsdr " + version() + "\n", "", 0}},
		{
			"version of something", []string{"lvsdr", "version", "now"},
			result{"", "lvsdr: version: unexpected argument \"now\"\nlvsdr: hint: lvsdr version [FLAG...]: print the version\n", 2},
		},
		{
			"a verb that config does by itself", []string{"lvsdr", "config", "check"},
			result{"", "lvsdr: config: unexpected argument \"check\"\nlvsdr: hint: lvsdr config [FLAG...]: check file, environment and flags, and print the configuration\n", 2},
		},
		{
			"a file", []string{"lvsdr", "vs", "start", "new.yaml"},
			result{"", "lvsdr: vs start: unexpected argument \"new.yaml\"\nlvsdr: hint: lvsdr vs start --config new.yaml\n", 2},
		},
		{
			"one more", []string{"lvsdr", "lab", "get", "http://172.16.0.100/", "2"},
			result{"", "lvsdr: lab get: unexpected argument \"2\"\nlvsdr: hint: lvsdr lab get [FLAG...] URL: fetch a page as the client does\n", 2},
		},
		{
			"a namespace that is empty, as of a variable that is unset", []string{"lvsdr", "--netns", "", "vs", "diff"},
			result{"", "lvsdr: vs diff: flag --netns: \"\", expected NAME\n", 2},
		},
		{
			"one that the command does not take", []string{"lvsdr", "--netns=", "init"},
			result{"", "lvsdr: init: flag --netns: \"\", expected NAME\n", 2},
		},
		{
			"one of several that is empty", []string{"lvsdr", "export", "keepalived", "--peer", "10.0.0.9", "--peer", ""},
			result{"", "lvsdr: export keepalived: flag --peer: \"\", expected ADDRESS\n", 2},
		},
		{"one dash", []string{"lvsdr", "-v"}, result{"", "lvsdr: unknown flag -v\n", 2}},
		{"two dashes", []string{"lvsdr", "vs", "start", "--v"}, result{"", "lvsdr: vs start: unknown flag --v (did you mean --vip?)\n", 2}},
		{"help of what there is not", []string{"lvsdr", "help", "vs", "nosuch"}, result{"", "lvsdr: unknown command \"nosuch\" after vs\n", 2}},
		{"unknown command", []string{"lvsdr", "vsx"}, result{"", "lvsdr: unknown command \"vsx\" after lvsdr (did you mean vs?)\n", 2}},
		{
			"unknown command of a group", []string{"lvsdr", "lab", "kernal", "--", "true"},
			result{"", "lvsdr: unknown command \"kernal\" after lab (did you mean kernel?)\n", 2},
		},
		{"called by another name", []string{"/tmp/lv", "x"}, result{"", "lvsdr: unknown command \"x\" after lvsdr\n", 2}},
		{"no command for the kernel", []string{"lvsdr", "lab", "kernel", "--"}, result{"", "lvsdr: lab kernel: no command given\nlvsdr: hint: lvsdr lab kernel [FLAG...] -- CMD [ARG...]: run a command on a kernel that has IPVS\n", 2}},
		{
			"init of a guest, by hand", []string{"lvsdr", "lab", "kernel-guest"},
			result{"", "lvsdr: this command is for the init of a guest kernel\n", 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			status := Run(command.Env{Args: tt.args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs})
			if d := cmp.Diff(tt.want, result{out.String(), errs.String(), status}); d != "" {
				t.Errorf("%q (-want +got):\n%s", tt.args, d)
			}
		})
	}
}

// Help is on standard output, names what there is, and is no mistake.
func TestRunHelp(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{nil, "lab "},
		{[]string{"lvsdr"}, "version "},
		{[]string{"lvsdr", "--help"}, "lab "},
		{[]string{"lvsdr", "lab", "--help"}, "kernel "},
		{[]string{"lvsdr", "help", "lab"}, "kernel "},
		{[]string{"lvsdr", "help", "lab", "kernel"}, "Usage: lvsdr lab kernel [FLAG...] -- CMD [ARG...]"},
		{[]string{"lvsdr", "lab", "kernel", "-h"}, "CMD [ARG...]"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var out, errs bytes.Buffer
			status := Run(command.Env{Args: tt.args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs})
			if status != 0 || errs.Len() > 0 || !strings.Contains(out.String(), tt.want) {
				t.Errorf("status %d, stderr %q, stdout lacks %q:\n%s", status, errs.String(), tt.want, out.String())
			}
			if strings.Contains(out.String(), "kernel-guest") {
				t.Error("help shows the hidden word")
			}
		})
	}
}

// An empty variable of the environment is one that is not set.
func TestRunEmptyVariables(t *testing.T) {
	for _, name := range []string{"NETNS", "CONFIG", "LABEL", "SCHEDULER", "FORWARD", "PERSISTENT", "RS", "JSON", "WAIT"} {
		t.Setenv("LVSDR_"+name, "")
	}
	t.Setenv("LVSDR_VIP", "172.16.0.100")
	d := newDesk(t, "announce: true\n")
	if got := d.run("config"); got.Status != 0 || !strings.HasPrefix(got.Stdout, "vip: 172.16.0.100\n") {
		t.Errorf("%+v", got)
	}
}

// A verb that is missing is a mistake, whose answer is the help.
func TestRunNoVerb(t *testing.T) {
	for _, group := range []string{"vs", "rs", "lab", "export"} {
		d := newDesk(t, "")
		help := d.run(group + " --help")
		d.expect(group, result{"", help.Stdout, 2})
	}
}

// A file may be good, and yet say too little for a role. What is lacking is said of the file.
func TestConfigRole(t *testing.T) {
	for _, tt := range []struct{ name, config, words, want string }{
		{"no VIP", "real_servers: [10.0.0.7]\n", "--role rs", "no VIP, expected one in the file or with --vip"},
		{"no VIP, a director", "real_servers: [10.0.0.7]\n", "--role vs", "no VIP, expected one in the file or with --vip"},
		{"no real servers", "vip: 172.16.0.100\n", "--role vs", "services[0]: no real servers, expected some in the file or with --rs"},
		{"no real servers, one of them", "vip: 172.16.0.100\n", "--role rs", ""},
		{"the rest by a flag", "vip: 172.16.0.100\n", "--role vs --rs 10.0.0.7", ""},
		{"no role", "announce: false\n", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, want := newDesk(t, tt.config), result{}
			if tt.want != "" {
				want = result{Stderr: "lvsdr: " + d.file + ": " + tt.want + "\n", Status: 2}
			}
			d.expect("config --quiet "+tt.words, want)
		})
	}
}

// Each flag has a name in the environment. An empty variable is none, and a wrong one stops only commands with that flag.
func TestEnvironment(t *testing.T) {
	for _, tt := range []struct{ variable, words, want string }{
		{"LVSDR_WAIT=bogus", "config --quiet", `config: LVSDR_WAIT: "bogus", expected a duration, as in 10s or 5m`},
		{"LVSDR_WAIT=bogus", "version", ""},
		{"LVSDR_WAIT=", "config --quiet", ""},
		{"LVSDR_WAIT=bogus", "config --quiet --wait 1s", `config: LVSDR_WAIT: "bogus", expected a duration, as in 10s or 5m`},
		{"LVSDR_QUIET=maybe", "config", `config: LVSDR_QUIET: "maybe", expected true or false`},
		{"LVSDR_STEP=last", "lab run --step 99", `lab run: LVSDR_STEP: "last", expected a number`},
		{"LVSDR_ONCE=twice", "top", `top: LVSDR_ONCE: "twice", expected true or false`},
		{"LVSDR_VIP=", "config --quiet", ""},
		{"LVSDR_VIP=www", "config --quiet", `--vip "www": not an address, expected a unicast IPv4 or IPv6 address`},
		{"LVSDR_FORWARD=", "config --quiet", ""},
		{"LVSDR_X=", "lab run --step last", `lab run: flag --step: "last", expected a number`},
		{"LVSDR_X=", "vs start --wait -5s", `vs start: flag --wait: "-5s", expected a duration, as in 10s or 5m`},
		{"LVSDR_X=", "vs drain 10.0.0.7 --timeout -5s", `vs drain: flag --timeout: "-5s", expected a duration, as in 10s or 5m`},
		{"LVSDR_TIMEOUT=-5s", "vs retire", `vs retire: flag --timeout: "-5s", expected a duration, as in 10s or 5m`},
	} {
		t.Run(tt.variable+" "+tt.words, func(t *testing.T) {
			name, value, _ := strings.Cut(tt.variable, "=")
			t.Setenv(name, value)
			status := 0
			if tt.want != "" {
				tt.want, status = "lvsdr: "+tt.want+"\n", 2
			}
			if got := newDesk(t, tutorial).run(tt.words); got.Stderr != tt.want || got.Status != status {
				t.Errorf("%+v, want %q", got, tt.want)
			}
		})
	}
}
