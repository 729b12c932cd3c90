package lvsdr

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"lvsdr/internal/check"
	"lvsdr/internal/command"
	"lvsdr/internal/lab"
	rehearsal "lvsdr/internal/rehearse"
	"lvsdr/internal/status"
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
		if f.(cli.VisibleFlag).IsVisible() {
			names = append(names, "--"+f.Names()[0])
		}
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
		for _, f := range c.VisibleFlags() {
			want[flagNames([]cli.Flag{f})[0]] = strings.Join(f.(cli.DocGenerationFlag).GetEnvVars(), " ")
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
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
		Role check.Role
		Name string
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
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
}

// fields are the names of all members of a JSON object, and of those within.
func fields(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer:
		return fields(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	var names []string
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(append(names, name), fields(f.Type)...)
		}
	}
	return names
}

// The page has every member of the objects that --json prints, and some values.
func TestManualJSON(t *testing.T) {
	objects := map[string]struct {
		object any
		values []string
	}{
		"diff, dry run":      {Diff{}, []string{"vs", "rs"}},
		"status":             {status.Status{}, []string{"forward", "tunnel", "weight", "thresholds", "route", "unlisted"}},
		"list":               {List{}, []string{"ipv4", "ipv6", "direct", "tunnel", "masquerade", "ipip", "gue", "gre", "nocsum", "csum", "remcsum"}},
		"list --connections": {Connections{}, []string{"tcp", "udp", "sctp", "ip"}},
		"drain, undrain":     {Drain{}, nil},
		"check":              {check.Report{}, nil},
		"lab run":            {lab.Report{}, nil},
		"lab rehearse":       {rehearsal.Report{}, nil},
	}
	got := map[string]map[string]bool{}
	title := ""
	for _, l := range man.Lines(manual) {
		if l.Words[0] == "It" {
			title = strings.Join(l.Words[1:], " ")
		}
		if _, ok := objects[title]; ok && l.Section == "OUTPUT" {
			if got[title] == nil {
				got[title] = map[string]bool{}
			}
			for _, word := range l.Marked("Li") {
				got[title][word] = true
			}
		}
	}
	for title, o := range objects {
		want := map[string]bool{}
		for _, name := range append(fields(reflect.TypeOf(o.object)), o.values...) {
			want[name] = true
		}
		if d := cmp.Diff(want, got[title]); d != "" {
			t.Errorf("%s: words (-want +got):\n%s", title, d)
		}
	}
}
