package lvsdr

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/command"
)

// The help of lvsdr fits a screen, and that of its commands is no wider; none
// shows what says nothing.
func TestHelpFits(t *testing.T) {
	d := newDesk(t, "")
	all := map[string]int{"": 23} // a prompt follows
	for words := range allCommands() {
		all[words] = 60
		if group, _, below := strings.Cut(words, " "); below {
			all[group] = 23
		}
	}
	for words, most := range all {
		help := d.run(words + " --help").Stdout
		if n := strings.Count(help, "\n"); n > most || n == 0 {
			t.Errorf("the help of %s has %d lines, want %d at most", words, n, most)
		}
		for line := range strings.Lines(help) {
			if strings.TrimRight(line, " \n")+"\n" != line || len(line) > helpWidth+1 {
				t.Errorf("%s: %q", words, line)
			}
		}
		for _, noise := range []string{"default: false", "default: 0s", "[$LVSDR"} {
			if strings.Contains(help, noise) {
				t.Errorf("%s: %s", words, noise)
			}
		}
	}
}

// What a command says of itself is in its help.
func TestHelpDescription(t *testing.T) {
	d := newDesk(t, "")
	said := 0
	for words, c := range allCommands() {
		if c.Description == "" {
			continue
		}
		said++
		help := strings.Join(strings.Fields(d.run(words+" --help").Stdout), " ")
		if want := strings.Join(strings.Fields(c.Description), " "); !strings.Contains(help, want) {
			t.Errorf("the help of %s has no %q", words, want)
		}
	}
	if said < 3 {
		t.Errorf("%d commands say something of themselves", said)
	}
}

// Each command has examples: of itself, and in words that there are.
func TestExamples(t *testing.T) {
	commands := allCommands()
	for words := range examples {
		if commands[words] == nil {
			t.Errorf("examples of %q, which there is not", words)
		}
	}
	for words := range commands {
		if len(examples[words]) == 0 {
			t.Errorf("%s has no example", words)
		}
		for _, line := range examples[words] {
			typed, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(line, `eval "$(`), `)"`), " >")
			app := newApp(command.Env{}, thisSystem)
			target := &cli.Command{Subcommands: app.Commands}
			for word := range strings.FieldsSeq(words) {
				target = commandOf(target.Subcommands, word)
			}
			reached := false
			target.Action = func(*cli.Context) error {
				reached = true
				return nil
			}
			if err := app.Run(arrange(app, strings.Fields(typed))); err != nil || !reached {
				t.Errorf("%s: %s: %v (its action was reached: %t)", words, line, err, reached)
			}
		}
	}
}

// Flags may stand behind a command's arguments, but for those of other programs.
func TestArrange(t *testing.T) {
	app := newApp(command.Env{}, thisSystem)
	for typed, want := range map[string]string{
		"lvsdr vs drain 10.0.0.7 --timeout 5s --quiet": "lvsdr vs drain --timeout 5s --quiet 10.0.0.7",
		"lvsdr vs drain 10.0.0.7 --timeout=5s":         "lvsdr vs drain --timeout=5s 10.0.0.7",
		"lvsdr --netns a vs drain --json 10.0.0.7":     "lvsdr vs drain --netns a --json 10.0.0.7",
		"lvsdr --netns=a --json vs start":              "lvsdr vs start --netns=a --json",
		"lvsdr --wait 1s version":                      "lvsdr --wait 1s version",
		"lvsdr vs drain drain --nosuch x":              "lvsdr vs drain --nosuch drain x",
		"lvsdr lab exec rs1 -- ip --json addr":         "lvsdr lab exec rs1 -- ip --json addr",
		"lvsdr lab kernel -- ls -l":                    "lvsdr lab kernel -- ls -l",
		"lvsdr lab kernel --stock ls -l":               "lvsdr lab kernel --stock ls -l",
		"lvsdr lab exec rs1 ip --json addr":            "lvsdr lab exec rs1 ip --json addr",
		"lvsdr lab exec --no-build rs1 ls -l":          "lvsdr lab exec --no-build rs1 ls -l",
		"lvsdr lab kernel-guest stock --x y":           "lvsdr lab kernel-guest stock --x y",
		"lvsdr lab run --pair sync --json":             "lvsdr lab run --pair --json sync",
		"lvsdr vs strat --quiet":                       "lvsdr vs strat --quiet",
		"lvsdr vs start --rs":                          "lvsdr vs start --rs",
		"lvsdr --config - vs start":                    "lvsdr vs start --config -",
		"lvsdr --config a vs start --config b":         "lvsdr vs start --config a --config b",
		"lvsdr vs drain 1 --generate-bash-completion":  "lvsdr vs drain 1 --generate-bash-completion",
		"lvsdr": "lvsdr",
	} {
		if got := strings.Join(arrange(app, strings.Fields(typed)), " "); got != want {
			t.Errorf("%s: %s, want %s", typed, got, want)
		}
	}
}

// A mistyped word is answered with the one that is meant, if there is one.
func TestNearest(t *testing.T) {
	d := newDesk(t, "")
	for typed, want := range map[string]string{
		"vs strat":                `unknown command "strat" after vs (did you mean start?)`,
		"rs staus":                `unknown command "staus" after rs (did you mean status?)`,
		"chekc":                   `unknown command "chekc" after lvsdr (did you mean check?)`,
		"lab rehersal":            `unknown command "rehersal" after lab (did you mean rehearse?)`,
		"nginx":                   `unknown command "nginx" after lvsdr`,
		"vs start --shceduler rr": "vs start: unknown flag --shceduler (did you mean --scheduler?)",
		"vs start --frobnicate":   "vs start: unknown flag --frobnicate",
		"vs start --rs":           "vs start: flag --rs needs a value",
		"vs start --wait soon":    `vs start: flag --wait: "soon", expected a duration, as in 10s or 5m`,
		"vs start --json=maybe":   `vs start: flag --json: "maybe", expected true or false`,
		"--jsno vs start":         "unknown flag --jsno (did you mean --json?)",
	} {
		if got := d.run(typed); got != (result{"", "lvsdr: " + want + "\n", statusUsage}) {
			t.Errorf("%s: %+v", typed, got)
		}
	}
}
