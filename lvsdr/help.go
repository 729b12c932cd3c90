package lvsdr

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/hint"
)

// What --help prints: lvsdr's own fits a screen, a command's has its options and
// examples. Names in the environment and all details are the manual's.

const appHelp = `lvsdr sets up, watches and repairs load balancers with direct routing (LVS-DR)

Usage: lvsdr [OPTIONS] COMMAND

Commands:{{range .VisibleCommands}}{{if ne .Name "help"}}
  {{.Name}}{{"\t"}}{{.Usage}}{{end}}{{end}}

Options: --config FILE, --netns NAME, --wait TIME, --json, --quiet, --version
"lvsdr COMMAND --help" explains a command and its options, lvsdr(8) everything.
`

const commandHelp = `{{.HelpName}}: {{.Usage}}

Usage: {{.HelpName}}{{if .VisibleCommands}} COMMAND{{end}}{{if .VisibleFlags}} [OPTIONS]{{end}}{{if .ArgsUsage}} {{.ArgsUsage}}{{end}}
{{if .Description}}
{{.Description}}
{{end}}{{if .VisibleCommands}}
Commands:{{range .VisibleCommands}}
  {{.Name}}{{"\t"}}{{.Usage}}{{end}}
{{end}}{{if .VisibleFlagCategories}}{{range .VisibleFlagCategories}}
{{if .Name}}{{.Name}}{{else}}Options{{end}}:{{range .Flags}}
  {{.}}{{end}}
{{end}}{{else}}
Options:{{range .VisibleFlags}}
  {{.}}{{end}}
{{end}}`

// The options that many commands share stand apart.
const (
	generalOptions = "General options"
	fileOptions    = "In place of what the file says"
)

// examplesOf are for a command's help. The documents show most of them at work.
func examplesOf(words string) []string {
	switch words {
	case "vs":
		return []string{"lvsdr vs diff", "lvsdr vs start", "lvsdr vs status"}
	case "vs start":
		return []string{"lvsdr vs start", "lvsdr vs start --dry-run", "lvsdr vs start --vip 172.16.0.100 --rs 10.0.0.7 --rs 10.0.0.17=2"}
	case "vs stop":
		return []string{"lvsdr vs stop", "lvsdr vs stop --dry-run"}
	case "vs status":
		return []string{"lvsdr vs status", "lvsdr vs status --json"}
	case "vs diff":
		return []string{"lvsdr vs diff", "lvsdr vs diff --config new.yaml"}
	case "vs drain":
		return []string{"lvsdr vs drain 10.0.0.17", "lvsdr vs drain 10.0.0.17 --timeout 5m"}
	case "vs undrain":
		return []string{"lvsdr vs undrain 10.0.0.17"}
	case "vs retire":
		return []string{"lvsdr vs retire", "lvsdr vs retire --timeout 5m"}
	case "vs watch":
		return []string{"lvsdr vs watch", "lvsdr vs watch --shadow"}
	case "rs":
		return []string{"lvsdr rs diff", "lvsdr rs start", "lvsdr rs status"}
	case "rs start":
		return []string{"lvsdr rs start", "lvsdr rs start --vip 172.16.0.100"}
	case "rs stop":
		return []string{"lvsdr rs stop"}
	case "rs status":
		return []string{"lvsdr rs status"}
	case "rs diff":
		return []string{"lvsdr rs diff"}
	case "list":
		return []string{"lvsdr list", "lvsdr list --connections --real-server 10.0.0.7 --state ESTABLISHED"}
	case "check":
		return []string{"lvsdr check", "lvsdr check --role rs", "lvsdr check --peer http://10.0.0.9:9812"}
	case "top":
		return []string{"lvsdr top", "lvsdr top --once"}
	case "metrics":
		return []string{"lvsdr metrics > /var/lib/prometheus/node-exporter/lvsdr.prom"}
	case "init":
		return []string{"lvsdr init > /etc/lvsdr/lvsdr.yaml"}
	case "config":
		return []string{"lvsdr config", "lvsdr config --config new.yaml --quiet"}
	case "import":
		return []string{"lvsdr import > lvsdr.yaml", "lvsdr import --keepalived /etc/keepalived/keepalived.conf"}
	case "export":
		return []string{"lvsdr export keepalived > keepalived.conf"}
	case "export keepalived":
		return []string{"lvsdr export keepalived > keepalived.conf", "lvsdr export keepalived --vrrp-only --interface eth0"}
	case "lab":
		return []string{"lvsdr lab run", "lvsdr lab up", "lvsdr lab exec lvs -- lvsdr check", "lvsdr lab down"}
	case "lab run":
		return []string{"lvsdr lab run", "lvsdr lab run --step 5 --pcap dr.pcap"}
	case "lab up":
		return []string{"lvsdr lab up", "lvsdr lab up --bare"}
	case "lab down":
		return []string{"lvsdr lab down"}
	case "lab exec":
		return []string{"lvsdr lab exec lvs -- ipvsadm -Ln"}
	case "lab get":
		return []string{"lvsdr lab get http://172.16.0.100/"}
	case "lab rehearse":
		return []string{"lvsdr lab rehearse --config lvsdr.yaml", "lvsdr lab rehearse --config lvsdr.yaml --fault killed@10.0.0.7"}
	case "lab kernel":
		return []string{"lvsdr lab kernel -- ipvsadm -Ln", "lvsdr lab kernel --stock -- uname -r"}
	case "version":
		return []string{"lvsdr version"}
	case "completion":
		return []string{`eval "$(lvsdr completion bash)"`, "lvsdr completion fish | source"}
	}
	return nil
}

func init() { cli.FlagStringer = describeFlag }

// helpOf is the template of a command's help.
func helpOf(words string) string {
	return commandHelp + "\nExamples:\n  " + strings.Join(examplesOf(words), "\n  ") + "\n"
}

// describeFlag is the line of a flag: its name, its value, what it does, and what
// holds without it.
func describeFlag(flag cli.Flag) string {
	name := "--" + strings.Join(flag.Names(), ", -")
	f, ok := flag.(cli.DocGenerationFlag)
	if !ok {
		return name
	}
	usage := f.GetUsage()
	if before, value, ok := strings.Cut(usage, "`"); ok {
		value, after, _ := strings.Cut(value, "`")
		name += " " + value
		usage = before + value + after
	}
	if text := strings.Trim(f.GetDefaultText(), `"`); f.TakesValue() && text != "" {
		usage += " (default: " + text + ")"
	}
	return name + "\t" + usage
}

// takesFree reports whether a command's own words are another command, whose flags
// are not ours.
func takesFree(c *cli.Command) bool { return c.Hidden || strings.Contains(c.ArgsUsage, "CMD") }

// flagsFirst puts a command's flags before its arguments, which may be typed in
// either order: the library stops at the first argument.
func flagsFirst(app *cli.App, args []string) []string {
	if args[len(args)-1] == "--generate-bash-completion" { // which is the last word
		return args
	}
	flags, commands := app.Flags, app.Commands
	for i := 1; i < len(args); i++ {
		if isFlag(args[i]) {
			i += valuesBehind(flags, args[i])
			continue
		}
		at := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(args[i]) })
		if at < 0 {
			return args
		}
		c := commands[at]
		flags, commands = c.Flags, c.Subcommands
		if len(commands) > 0 {
			continue
		}
		if takesFree(c) {
			return args
		}
		return append(slices.Clone(args[:i+1]), partition(flags, args[i+1:])...)
	}
	return args
}

// partition puts flags, with their values, before all other words. Behind "--"
// there are none.
func partition(flags []cli.Flag, args []string) []string {
	var first, rest []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		if !isFlag(args[i]) {
			rest = append(rest, args[i])
			continue
		}
		end := i + 1 + valuesBehind(flags, args[i])
		if end > len(args) { // without its value
			return args
		}
		first = append(first, args[i:end]...)
		i = end - 1
	}
	return append(first, rest...)
}

func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// valuesBehind is how many words behind a flag are its value: none or one.
func valuesBehind(flags []cli.Flag, word string) int {
	name := strings.TrimLeft(word, "-")
	for _, flag := range flags {
		f, ok := flag.(cli.DocGenerationFlag)
		if ok && f.TakesValue() && slices.Contains(flag.Names(), name) {
			return 1
		}
	}
	return 0
}

// How the library's errors of flags begin.
const (
	undefined = "flag provided but not defined: -"
	valueless = "flag needs an argument: -"
)

// refuseFlags is the error of a word that is no flag, or a flag without value.
func refuseFlags(c *cli.Context, err error, _ bool) error {
	if name, ok := strings.CutPrefix(err.Error(), undefined); ok {
		var names []string
		for _, flag := range c.Command.VisibleFlags() {
			names = append(names, flag.Names()[0])
		}
		err = errors.New("unknown option --" + name)
		if near := nearest(name, names); near != "" {
			err = hint.Add(err, "did you mean --"+near+"?")
		}
	}
	if name, ok := strings.CutPrefix(err.Error(), valueless); ok {
		err = errors.New("option --" + name + " needs a value")
	}
	return exitError{statusUsage, err}
}

// unknownCommand is the error of a word that is no command of a group.
func unknownCommand(word, group string, commands []*cli.Command) error {
	err := fmt.Errorf("unknown command %q after %s", word, group)
	var names []string
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	if near := nearest(word, names); near != "" {
		err = hint.Add(err, fmt.Sprintf("did you mean %q?", near))
	}
	return exitError{statusUsage, err}
}

// nearest is the name that a mistyped word stands for; "" if it is like none.
func nearest(word string, names []string) (name string) {
	least := 1 + min(2, len(word)/3)
	for _, n := range names {
		if d := distance(word, n); d < least {
			name, least = n, d
		}
	}
	return name
}

// distance is how many letters have to be added, left out, changed or swapped
// with their neighbour to make b of a.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
		for j := 1; j <= len(b); j++ {
			if i == 0 {
				rows[i][j] = j
				continue
			}
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
