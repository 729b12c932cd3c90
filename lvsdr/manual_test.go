package lvsdr

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/command"
	"lvsdr/lvsdr/check"
	"lvsdr/man"
)

const manual = "lvsdr.8"

// leaves are the commands below c that do something, with all their words.
func leaves(c *cli.Command, words string) map[string]*cli.Command {
	if c.Hidden {
		return nil
	}
	if len(c.Subcommands) == 0 {
		return map[string]*cli.Command{words: c}
	}
	all := map[string]*cli.Command{}
	for _, sub := range c.Subcommands {
		maps.Copy(all, leaves(sub, words+" "+sub.Name))
	}
	return all
}

func allCommands() map[string]*cli.Command {
	all := map[string]*cli.Command{}
	for _, c := range newApp(command.Env{}, thisSystem).Commands {
		maps.Copy(all, leaves(c, c.Name))
	}
	return all
}

func flagNames(flags []cli.Flag) []string {
	var names []string
	for _, f := range flags {
		names = append(names, "--"+f.Names()[0])
	}
	slices.Sort(names)
	return names
}

// The synopsis has every command, each with its options. "options" there are
// those that most commands share.
func TestManualSynopsis(t *testing.T) {
	shared := flagNames(append(globalFlags(), configFlags()...))
	said := map[string][]string{}
	words := ""
	for _, l := range man.Lines(manual) {
		switch {
		case l.Section != "SYNOPSIS", l.Words[0] == "Sh":
		case l.Words[0] == "Nm":
			words = ""
		case l.Words[0] == "Cm":
			words = strings.Join(l.Marked("Cm"), " ")
			said[words] = nil
		default:
			said[words] = append(said[words], l.Flags()...)
			if slices.Contains(l.Marked("Ar"), "options") {
				said[words] = append(said[words], shared...)
			}
		}
	}
	commands := allCommands()
	for words, c := range commands {
		got, ok := said[words]
		slices.Sort(got)
		if want := flagNames(c.Flags); !ok || !slices.Equal(got, want) {
			t.Errorf("%s: options %q (in the synopsis: %t), want %q", words, got, ok, want)
		}
	}
	for words := range said {
		if commands[words] == nil {
			t.Errorf("there is no command %q", words)
		}
	}
}

// Every option has an entry with its name in the environment.
func TestManualOptions(t *testing.T) {
	got, want := map[string]string{}, map[string]string{"-h": "", "--help": ""}
	for _, l := range man.Lines(manual) {
		if l.Words[0] == "It" {
			for _, flag := range l.Flags() {
				got[flag] = strings.Join(l.Marked("Ev"), " ")
			}
		}
	}
	for _, c := range allCommands() {
		for _, f := range c.Flags {
			want[flagNames([]cli.Flag{f})[0]] = strings.Join(f.(cli.DocGenerationFlag).GetEnvVars(), " ")
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("entries %q\nwant %q", got, want)
	}
	for _, l := range man.Lines(manual) {
		for _, flag := range l.Flags() {
			if _, ok := want[flag]; !ok {
				t.Errorf("%q: there is no option %s", l.Words, flag)
			}
		}
	}
}

// Every command is explained under its name, or that of its group.
func TestManualCommands(t *testing.T) {
	explained := map[string]bool{}
	for _, l := range man.Lines(manual) {
		if l.Section == "COMMANDS" || l.Section == "THE LAB" {
			for _, words := range strings.Split(l.Subsection, " , ") {
				explained[words] = true
			}
		}
	}
	for words := range allCommands() {
		if !explained[words] {
			t.Errorf("%s is not explained", words)
		}
	}
}

// Every check has an entry for its role.
func TestManualChecks(t *testing.T) {
	roles := map[string]check.Role{"On the director": check.Director, "On a real server": check.RealServer}
	type entry struct {
		role check.Role
		name string
	}
	got, want := map[entry]bool{}, map[entry]bool{}
	for _, l := range man.Lines(manual) {
		if l.Section != "WHAT CHECK LOOKS AT" || l.Words[0] != "It" {
			continue
		}
		for _, name := range strings.Split(strings.Join(l.Words[2:], " "), " , ") {
			got[entry{roles[l.Subsection], name}] = true
		}
	}
	for _, c := range check.All {
		want[entry{c.Role, c.Name}] = true
	}
	if !maps.Equal(got, want) {
		t.Errorf("entries %v\nwant %v", got, want)
	}
}
