package compat

import (
	"fmt"
	"os"
	"strings"
)

// A Command is a step taken apart.
type Command struct {
	Program string   // the program to run: ipvsadm, its wrappers, sh, ip, …
	Args    []string // Args[0] is what the program is told it is called
	Stdin   string
	NoStdin bool     // standard input is /dev/null
	Extra   *os.File // descriptor 3, if not nil
}

// ParseLine takes a step of a [Group] apart.
func ParseLine(step string) (Command, error) {
	line, stdin, found := strings.Cut(step, "\n")
	c := Command{Program: "ipvsadm", Stdin: stdin, NoStdin: !found}
	words, shell, err := split(line)
	if err != nil {
		return c, fmt.Errorf("%q: %w", line, err)
	}
	if shell {
		c.Program, c.Args = "sh", []string{"sh", "-c", line}
		return c, nil
	}
	if len(words) > 0 {
		if name, ok := strings.CutPrefix(words[0], "@"); ok {
			c.Args = append([]string{name}, words[1:]...)
			return c, nil
		}
		if named(words[0]) {
			c.Program, c.Args = words[0], words
			return c, nil
		}
	}
	c.Args = append([]string{"ipvsadm"}, words...)
	return c, nil
}

// named tells whether a word is the name of a program that steps may call.
func named(word string) bool {
	switch word {
	case "ipvsadm", "ipvsadm-save", "ipvsadm-restore", "ip", "modprobe":
		return true
	}
	return false
}

// Lists tells whether the command only shows the table, so that both programs
// can be asked about the same one.
func (c Command) Lists() bool {
	switch c.Program {
	case "ipvsadm-save":
		return true
	case "sh":
		return !strings.ContainsAny(c.Args[2], ";|&") && strings.Contains(c.Args[2], "ipvsadm -L")
	case "ipvsadm":
	default:
		return false
	}
	if len(c.Args) == 1 {
		return true
	}
	w := c.Args[1]
	return w == "--list" || w == "--save" ||
		strings.HasPrefix(w, "-L") || strings.HasPrefix(w, "-l") || strings.HasPrefix(w, "-S")
}

// split cuts a line into words at blanks. Quotes of both kinds
// keep everything between them as it is; shell tells of unquoted shell syntax.
func split(line string) (words []string, shell bool, err error) {
	var word strings.Builder
	var quote byte
	open := false
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case quote != 0 && b == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(b)
		case b == '\'' || b == '"':
			quote, open = b, true
		case b == ' ':
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			shell = shell || strings.IndexByte("|&;<>$`", b) >= 0
			word.WriteByte(b)
			open = true
		}
	}
	if quote != 0 {
		return nil, false, fmt.Errorf("quote %q is not closed", quote)
	}
	if open {
		words = append(words, word.String())
	}
	return words, shell, nil
}

// escape makes control characters visible.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c == '\\':
			b.WriteString(`\\`)
		case c == '\n':
			b.WriteString(`\n`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
