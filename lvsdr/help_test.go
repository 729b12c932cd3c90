package lvsdr

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"lvsdr/internal/command"
)

// The help of lvsdr fits a screen of 80 columns and 24 lines.
func TestHelpFits(t *testing.T) {
	help := newDesk(t, tutorial).run("--help").Stdout
	if n := strings.Count(help, "\n"); n > 23 {
		t.Errorf("%d lines, want room for a prompt", n)
	}
	for line := range strings.Lines(help) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// Every help has examples, of commands and options that there are, and neither
// what goes without saying nor names of the environment.
func TestHelpExamples(t *testing.T) {
	d := newDesk(t, tutorial)
	for words := range allCommands() {
		help := d.run(words + " --help").Stdout
		for _, unwanted := range []string{"(default: false)", "LVSDR_", "[ --"} {
			if strings.Contains(help, unwanted) {
				t.Errorf("%s: %q in its help", words, unwanted)
			}
		}
		_, shown, _ := strings.Cut(help, "\nExamples:\n  ")
		if shown == "" {
			t.Errorf("%s: no examples", words)
		}
		for line := range strings.Lines(shown) {
			checkExample(t, words, strings.Fields(line))
		}
	}
}

// checkExample fails if a line does not call the command, or with what is none of
// its options.
func checkExample(t *testing.T, words string, line []string) {
	t.Helper()
	at := slices.IndexFunc(line, func(w string) bool { return strings.HasSuffix(w, "lvsdr") })
	if at < 0 || !strings.HasPrefix(strings.Join(line[at+1:], " "), words) {
		t.Errorf("%s: its example is %q", words, line)
		return
	}
	for _, word := range line[at+1:] {
		name, isOption := strings.CutPrefix(word, "--")
		if name == "" && isOption || word == ">" { // another command's words, or the shell's
			break
		}
		if isOption && !slices.Contains(flagNames(allCommands()[words].Flags), "--"+name) {
			t.Errorf("%s: its example has %s", words, word)
		}
	}
}

func TestFlagsFirst(t *testing.T) {
	for _, tt := range []struct{ name, words, want string }{
		{"behind the argument", "vs drain 10.0.0.7 --timeout 1s --json", "vs drain --timeout 1s --json 10.0.0.7"},
		{"with its value", "lab get http://x/ --netns=a", "lab get --netns=a http://x/"},
		{"before the command, too", "--netns a vs drain 10.0.0.7 --quiet", "--netns a vs drain --quiet 10.0.0.7"},
		{"none", "vs drain 10.0.0.7", "vs drain 10.0.0.7"},
		{"without its value", "vs drain 10.0.0.7 --timeout", "vs drain 10.0.0.7 --timeout"},
		{"behind --", "vs drain 10.0.0.7 -- --json", "vs drain 10.0.0.7 -- --json"},
		{"of another command", "lab exec lvs ip --json addr", "lab exec lvs ip --json addr"},
		{"of a command behind --", "lab kernel -- uname -r", "lab kernel -- uname -r"},
		{"to be completed", "vs drain 10.0.0.7 --generate-bash-completion", "vs drain 10.0.0.7 --generate-bash-completion"},
		{"no command", "--json nosuch --quiet", "--json nosuch --quiet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := newApp(command.Env{}, thisSystem)
			got := strings.Join(flagsFirst(app, append([]string{"lvsdr"}, strings.Fields(tt.words)...)), " ")
			if d := cmp.Diff("lvsdr "+tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	names := []string{"start", "stop", "status", "diff", "drain", "undrain", "watch"}
	for word, want := range map[string]string{
		"strat": "start", "sotp": "stop", "statsu": "status", "dif": "diff", "drian": "drain", "undrian": "undrain", "wacth": "watch",
		"nosuch": "", "x": "", "restart": "start", "": "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("%q: did you mean %q? Want %q", word, got, want)
		}
	}
}

// Mistyped words are refused with what was meant.
func TestDidYouMean(t *testing.T) {
	d := newDesk(t, tutorial)
	before := d.text()
	for words, want := range map[string]string{
		"vs strat":             `lvsdr: unknown command "strat" after vs` + "\n" + `lvsdr: hint: did you mean "start"?` + "\n",
		"vs start --shedular":  "lvsdr: unknown option --shedular\nlvsdr: hint: did you mean --scheduler?\n",
		"vs start --dryrun":    "lvsdr: unknown option --dryrun\nlvsdr: hint: did you mean --dry-run?\n",
		"vs start --nosuch":    "lvsdr: unknown option --nosuch\n",
		"vs start --vip":       "lvsdr: option --vip needs a value\n",
		"vs drain 10.0.0.7 -x": "lvsdr: unknown option --x\n",
	} {
		if d := cmp.Diff(result{"", want, statusUsage}, d.run(words)); d != "" {
			t.Errorf("%s (-want +got):\n%s", words, d)
		}
	}
	d.looks("after mistyped words", before)
}

// Every flag has its line.
func TestDescribeFlag(t *testing.T) {
	for _, tt := range []struct {
		flag cli.Flag
		want string
	}{
		{&cli.BoolFlag{Name: "json", Usage: "print one object", EnvVars: env("json")}, "--json\tprint one object"},
		{&cli.StringSliceFlag{Name: "vip", Usage: "virtual `ADDRESS`"}, "--vip ADDRESS\tvirtual ADDRESS"},
		{&cli.StringFlag{Name: "check", Usage: "how (`CHECK`)", Value: "tcp"}, "--check CHECK\thow (CHECK) (default: tcp)"},
		{&cli.StringFlag{Name: "role", Usage: "`ROLE` of it"}, "--role ROLE\tROLE of it"},
	} {
		if got := describeFlag(tt.flag); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
