package lvsdr

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// What flags are grouped by in a command's help; its own are in no category.
const (
	insteadOfFile = "In place of what the file says"
	ofMost        = "Common flags"
)

func init() {
	cli.HelpPrinter = func(w io.Writer, _ string, of any) {
		switch of := of.(type) {
		case *cli.App:
			writeAppHelp(w, of)
		case *cli.Command:
			writeHelp(w, of)
		}
	}
}

// writeAppHelp is the help of lvsdr, which fits a screen of 80 by 24.
func writeAppHelp(w io.Writer, a *cli.App) {
	var names [][2]string
	for _, c := range a.VisibleCommands() {
		if c.Name != "help" {
			names = append(names, [2]string{c.Name, c.Usage})
		}
	}
	fmt.Fprintf(w, "Usage: %s COMMAND [FLAG...]\n\n", a.Name)
	writeColumns(w, names)
	fmt.Fprintln(w)
	writeColumns(w, flagLines(globalFlags()))
	fmt.Fprintf(w, "\nEach command has --help. lvsdr(8) explains all, and sets flags by LVSDR_NAME.\n")
}

// writeHelp is the help of a command.
func writeHelp(w io.Writer, c *cli.Command) {
	var commands [][2]string
	for _, sub := range c.VisibleCommands() {
		commands = append(commands, [2]string{sub.Name, sub.Usage})
	}
	first, size := utf8.DecodeRuneInString(c.Usage)
	fmt.Fprintf(w, "Usage: %s\n\n", usageLine(c))
	fmt.Fprintf(w, "%s.\n", wrap(strings.ToUpper(string(first))+c.Usage[size:], 0))
	if c.Description != "" {
		fmt.Fprintf(w, "%s\n", wrap(strings.ReplaceAll(c.Description, "\n", " "), 0))
	}
	if commands != nil {
		fmt.Fprintln(w)
		writeColumns(w, commands)
	}
	for _, category := range []string{"", insteadOfFile, ofMost} {
		var flags []cli.Flag
		for _, f := range c.VisibleFlags() {
			if f.(cli.CategorizableFlag).GetCategory() == category && f != cli.HelpFlag {
				flags = append(flags, f)
			}
		}
		if flags == nil {
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", cmp.Or(category, "Flags"))
		writeColumns(w, flagLines(flags))
	}
	if lines := examples[strings.TrimPrefix(c.HelpName, "lvsdr ")]; lines != nil {
		fmt.Fprintf(w, "\nExamples:\n  %s\n", strings.Join(lines, "\n  "))
	}
}

// usageLine is what a command takes.
func usageLine(c *cli.Command) string {
	words := " [FLAG...] "
	if len(c.Subcommands) > 0 {
		words = " COMMAND" + words
	}
	return strings.TrimSpace(c.HelpName + words + c.ArgsUsage)
}

// flagLines are flags with what they do.
func flagLines(flags []cli.Flag) (lines [][2]string) {
	for _, f := range flags {
		doc := f.(cli.DocGenerationFlag)
		name, usage := "--"+f.Names()[0], doc.GetUsage()
		if before, rest, ok := strings.Cut(usage, "`"); ok {
			value, after, _ := strings.Cut(rest, "`")
			name, usage = name+" "+value, before+value+after
		}
		if preset := doc.GetDefaultText(); doc.TakesValue() && preset != "" && preset != "0s" {
			usage += " (default: " + strings.Trim(preset, `"`) + ")"
		}
		lines = append(lines, [2]string{name, usage})
	}
	return lines
}

// helpWidth is how long a line of help is at most.
const helpWidth = 80

// writeColumns writes names, and behind them what they are.
func writeColumns(w io.Writer, lines [][2]string) {
	const widest = 28
	column := 0
	for _, l := range lines {
		if n := len(l[0]); n <= widest {
			column = max(column, n)
		}
	}
	for _, l := range lines {
		if len(l[0]) > column {
			fmt.Fprintf(w, "  %s\n", l[0])
			l[0] = ""
		}
		fmt.Fprintf(w, "  %-*s  %s\n", column, l[0], wrap(l[1], column+4))
	}
}

// wrap breaks a text that begins in a column.
func wrap(text string, column int) string {
	var b strings.Builder
	at := column
	for i, word := range strings.Fields(text) {
		switch n := utf8.RuneCountInString(word); {
		case i == 0:
			at += n
		case at+1+n > helpWidth:
			b.WriteString("\n" + strings.Repeat(" ", column))
			at = column + n
		default:
			b.WriteByte(' ')
			at += 1 + n
		}
		b.WriteString(word)
	}
	return b.String()
}

// examples are a command's, by its words.
var examples = map[string][]string{
	"vs start":   {"lvsdr vs start --dry-run", "lvsdr vs start", "lvsdr --config - vs start --vip 172.16.0.100 --rs 10.0.0.7 --rs 10.0.0.17=2"},
	"vs stop":    {"lvsdr vs stop"},
	"vs status":  {"lvsdr vs status", "lvsdr --json vs status"},
	"vs diff":    {"lvsdr vs diff"},
	"vs drain":   {"lvsdr vs drain 10.0.0.7", "lvsdr vs drain 10.0.0.7 --timeout 5m"},
	"vs undrain": {"lvsdr vs undrain 10.0.0.7"},
	"vs retire":  {"lvsdr vs retire --timeout 2m"},
	"vs watch":   {"lvsdr vs watch", "lvsdr vs watch --shadow"},

	"rs start":  {"lvsdr rs start --dry-run", "lvsdr rs start", "lvsdr --config - rs start --vip 172.16.0.100"},
	"rs stop":   {"lvsdr rs stop"},
	"rs status": {"lvsdr rs status"},
	"rs diff":   {"lvsdr rs diff"},

	"list":       {"lvsdr list", "lvsdr list --connections --client 192.168.0.0/24 --state ESTABLISHED"},
	"check":      {"lvsdr check", "lvsdr check --role rs", "lvsdr check --peer http://10.0.0.9:9812"},
	"top":        {"lvsdr top", "lvsdr top --once"},
	"metrics":    {"lvsdr metrics"},
	"init":       {"lvsdr init > /etc/lvsdr/lvsdr.yaml"},
	"config":     {"lvsdr config", "lvsdr --json config"},
	"import":     {"lvsdr import > lvsdr.yaml", "lvsdr import --ldirectord /etc/ha.d/ldirectord.cf > lvsdr.yaml"},
	"version":    {"lvsdr version"},
	"completion": {`eval "$(lvsdr completion bash)"`},

	"export keepalived": {"lvsdr export keepalived --interface eth0 --priority 150", "lvsdr export keepalived --vrrp-only --peer 10.0.0.9"},

	"lab run":      {"lvsdr lab run", "lvsdr lab run --pair sync killed"},
	"lab up":       {"lvsdr lab up", "lvsdr lab up --shell"},
	"lab down":     {"lvsdr lab down"},
	"lab exec":     {"lvsdr lab exec lvs -- ipvsadm -Ln"},
	"lab get":      {"lvsdr lab get http://172.16.0.100/"},
	"lab rehearse": {"lvsdr lab rehearse --config lvsdr.yaml", "lvsdr lab rehearse --config lvsdr.yaml --fault killed@10.0.0.7"},
	"lab kernel":   {"lvsdr lab kernel -- ipvsadm -Ln", "lvsdr lab kernel --stock -- sh"},
}

// nearest is the name that a mistyped one is likely to mean; "": none.
func nearest(typed string, names []string) (name string) {
	likely := 0.85
	for _, n := range names {
		if like := smetrics.JaroWinkler(typed, n, 0.7, 4); like > likely {
			likely, name = like, n
		}
	}
	return name
}

// didYouMean is a question behind an error, if there is something to ask.
func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", name)
}
