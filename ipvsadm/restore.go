package ipvsadm

import (
	"bufio"
	"io"

	"lvsdr/internal/command"
)

// restore carries out -R: every line is a command line of its own, and takes
// effect as it arrives. Some faults end the run; the result is otherwise that
// of the last line.
func (p *program) restore(r io.Reader) *failure {
	in := bufio.NewReader(r)
	watched := command.IsTerminal(p.env.Stdout)
	var last *failure
	for {
		line, err := in.ReadString('\n')
		if p.words = ruleWords(line, p.words); len(p.words) > 0 {
			f, ends := p.rule(p.words)
			if ends {
				return f
			}
			if last = f; f != nil {
				io.WriteString(p.env.Stderr, f.text)
			}
			if watched || p.out.Buffered() > originalBuffer {
				p.out.Flush()
			}
		}
		if err != nil {
			return silent(last)
		}
	}
}

// originalBuffer is what the original holds back of its output, unless a terminal
// gets it. A restore into a pipe that nobody reads ends where it writes: so far
// the table has changed (compat: TestStreams).
const originalBuffer = 4096

// silent keeps the status of a failure that has been told already.
func silent(f *failure) *failure {
	if f == nil {
		return nil
	}
	return &failure{status: f.status}
}

// rule carries out one line, and reports whether the run ends with it.
func (p *program) rule(words []string) (f *failure, ends bool) {
	c, f := p.parseRule(words)
	switch {
	case f != nil:
		return f, !f.goesOn
	case p.inform(c.action):
		return nil, true
	}
	f = p.run(&c)
	return f, f != nil && !f.goesOn
}

// parseRule reads a line of a restore, which may be any command but another
// restore.
func (p *program) parseRule(words []string) (Command, *failure) {
	c, f := p.parse(words)
	if f == nil && c.action == restore {
		f = tryHelp(p.name)
	}
	return c, f
}
