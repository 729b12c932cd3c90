package lvsdr

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/hint"
)

// arrange moves the flags of a command that precede it or follow its arguments to
// between the two, where the library looks for them: before the command, they would
// count less than the environment. Words behind "--", or behind a command that runs
// another program, belong to that program; the words of shell completion stay as they
// are.
func arrange(a *cli.App, args []string) []string {
	if len(args) > 2 && args[1] == "help" { // of a verb below another one, too
		args = append(slices.Concat(args[:1], args[2:]), "--help")
	}
	if args[len(args)-1] == "--generate-bash-completion" {
		return args
	}
	flags, commands := a.Flags, a.Commands
	var general [][]string // flags before the command
	var words, given, arguments []string
	runs := false // another program
	for i := 1; i < len(args); i++ {
		word := args[i]
		name, isFlag := strings.CutPrefix(word, "-")
		command := commandOf(commands, word)
		switch {
		case word == "--", runs && arguments != nil:
			arguments = append(arguments, args[i:]...)
			i = len(args)
		case isFlag && name != "":
			flag := args[i : i+1]
			if takesValue(flags, strings.TrimPrefix(name, "-")) && i+1 < len(args) {
				flag = args[i : i+2]
				i++
			}
			if words == nil {
				general = append(general, flag)
			} else {
				given = append(given, flag...)
			}
		case command != nil && arguments == nil:
			words, flags, commands = append(words, word), command.Flags, command.Subcommands
			runs = command.Hidden || strings.Contains(command.ArgsUsage, "CMD")
		default:
			arguments = append(arguments, word)
		}
	}
	if len(commands) > 0 { // a wrong word is more to tell than a wrong flag
		return args
	}
	before, between := args[:1:1], []string(nil)
	for _, flag := range general {
		name, _, _ := strings.Cut(strings.TrimLeft(flag[0], "-"), "=")
		if flagOf(flags, name) != nil {
			between = append(between, flag...)
		} else {
			before = append(before, flag...)
		}
	}
	return slices.Concat(before, words, between, given, arguments)
}

func commandOf(all []*cli.Command, name string) *cli.Command {
	for _, c := range all {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// takesValue reports whether the word behind a flag is its value. One that is
// unknown takes none.
func takesValue(flags []cli.Flag, name string) bool {
	f := flagOf(flags, name)
	return f != nil && f.(cli.DocGenerationFlag).TakesValue()
}

func flagOf(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		for _, n := range f.Names() {
			if n == name {
				return f
			}
		}
	}
	return nil
}

var (
	invalidValue    = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-(\S+): `)
	invalidVariable = regexp.MustCompile(`^could not parse "(.*)" as .* value from environment variable "(\S+)" for flag (\S+): `)
)

// refuseFlags is the error of a word that is no flag, or of a flag with a wrong
// value or none.
func refuseFlags(c *cli.Context, err error, _ bool) error {
	flags := c.Command.Flags
	if len(flags) == 0 {
		flags = c.App.Flags
	}
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		var names []string
		for _, f := range flags {
			if f.(cli.VisibleFlag).IsVisible() {
				names = append(names, "--"+f.Names()[0])
			}
		}
		text = "unknown flag " + typed(c, name) + didYouMean(nearest("--"+name, names))
	} else if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		text = "flag --" + name + " needs a value"
	} else if m := invalidValue.FindStringSubmatch(text); m != nil {
		text = wrongValue("flag --"+m[2], m[1], flagOf(flags, m[2]))
	} else if m := invalidVariable.FindStringSubmatch(text); m != nil {
		text = wrongValue(m[2], m[1], flagOf(flags, m[3]))
	}
	return wrongFlag(c, text)
}

// wrongValue says that a flag, or its name in the environment, has a value that it cannot have.
func wrongValue(from, value string, f cli.Flag) string {
	expected := "true or false"
	switch f.(type) {
	case *cli.DurationFlag:
		expected = "a duration, as in 10s or 5m"
	case *cli.IntFlag:
		expected = "a number"
	}
	return fmt.Sprintf("%s: %q, expected %s", from, value, expected)
}

// wrongFlag is an error of the flags of a command.
func wrongFlag(c *cli.Context, text string) error {
	if verb, below := verbName(c); below {
		text = verb + ": " + text
	}
	return usageError("%s", text)
}

// typed is a flag with as many dashes as were typed.
func typed(c *cli.Context, name string) string {
	for _, word := range c.App.Metadata[argumentsKey].([]string) {
		if word == "-"+name || strings.HasPrefix(word, "-"+name+"=") {
			return "-" + name
		}
	}
	return "--" + name
}

// verbName names the command of a context, if it is not lvsdr itself.
func verbName(c *cli.Context) (verb string, below bool) {
	return strings.CutPrefix(c.Command.HelpName, c.App.Name+" ")
}

var fileName = regexp.MustCompile(`/|\.ya?ml$`)

// unexpected is the error of an argument that a command does not take. The advice is
// the flag that was meant, or else how the command is used.
func unexpected(c *cli.Context, word string) error {
	advice := usageOf(c.Command)
	if flagOf(c.Command.Flags, word) != nil {
		advice = c.Command.HelpName + " --" + word
	} else if fileName.MatchString(word) && flagOf(c.Command.Flags, "config") != nil {
		advice = c.Command.HelpName + " --config " + word
	}
	verb, _ := verbName(c)
	return usageError("%w", hint.Add(fmt.Errorf("%s: unexpected argument %q", verb, word), advice))
}

// incomplete is the error of a command that lacks an argument.
func incomplete(c *cli.Context, what string) error {
	verb, _ := verbName(c)
	return usageError("%w", hint.Add(fmt.Errorf("%s: no %s given", verb, what), usageOf(c.Command)))
}

// usageOf is what a command takes, and what it does.
func usageOf(c *cli.Command) string { return usageLine(c) + ": " + c.Usage }
