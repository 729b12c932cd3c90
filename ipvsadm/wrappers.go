package ipvsadm

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"

	"lvsdr/internal/command"
)

// Save is ipvsadm-save: -S, or -S -n. All it knows is -n; words that are no
// options do not matter.
func Save(env command.Env) int {
	name := env.Name("ipvsadm-save")
	words := []string{"ipvsadm", "-S"}
	for _, w := range env.Args[min(1, len(env.Args)):] {
		switch {
		case w == "-n":
			words = []string{"ipvsadm", "-S", "-n"}
		case strings.HasPrefix(w, "-"):
			fmt.Fprintf(env.Stderr, msgSaveUsage, path.Base(name))
			return statusListing
		}
	}
	env.Args = words
	return Run(env)
}

const msgSaveUsage = "%s: Script to save the IPVS table to stdout.\n" +
	"   With the -n option, prints out the table in numeric format.\n"

// Restore is ipvsadm-restore: it clears the table and loads the rules on
// standard input. Unlike the original it reads and checks all of them before
// it clears anything. Lines that start with "#" are comments here.
func Restore(env command.Env) int {
	env.Args = []string{"ipvsadm"}
	p := newProgram(env)
	defer p.out.Flush()
	return p.replace(env.Stdin)
}

// replace puts the rules read from r in the place of the table.
func (p *program) replace(r io.Reader) int {
	text, err := io.ReadAll(r)
	if err != nil {
		return p.finish(fail("cannot read the rules: %v", err))
	}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if line[0] == '#' {
			blank(line)
		}
		if f := p.checkRule(string(line)); f != nil {
			f.text += fmt.Sprintf("line %d\n", n)
			return p.finish(f)
		}
	}
	if f := p.main([]string{"-C"}); f != nil {
		p.finish(f)
	}
	p.env.Stdin = bytes.NewReader(text)
	return p.finish(p.main([]string{"-R"}))
}

// blank leaves nothing of a line but its end.
func blank(line []byte) {
	for i, c := range line {
		if c != '\n' {
			line[i] = ' '
		}
	}
}

// checkRule reads a line without carrying it out. Nil: it is acceptable.
func (p *program) checkRule(line string) *failure {
	if strings.IndexByte(line, 0) >= 0 {
		return fail("NUL byte in the input")
	}
	p.words = ruleWords(line, p.words)
	if len(p.words) == 0 {
		return nil
	}
	c, f := p.parseRule(p.words)
	if f == nil && p.inform(c.action) {
		return &failure{status: statusOK}
	}
	return f
}
