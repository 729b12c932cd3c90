package check

import (
	"errors"
	"fmt"
	"syscall"

	"lvsdr/internal/hint"
)

// reason is why a check could not be made.
func reason(err error) string {
	advice, _ := hint.For(err)
	switch {
	case !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.EACCES):
		return err.Error()
	case advice == "":
		return "not permitted"
	}
	return "not permitted; " + advice
}

// finding collects what a check sees, each once. The worst of it is the check's
// outcome.
type finding struct {
	seen     map[Outcome][]string
	remedies []Remedy
}

func (f *finding) add(o Outcome, format string, args ...any) *finding {
	if f.seen == nil {
		f.seen = map[Outcome][]string{}
	}
	f.seen[o] = append(f.seen[o], fmt.Sprintf(format, args...))
	return f
}

func (f *finding) pass(format string, args ...any)          { f.add(Pass, format, args...) }
func (f *finding) unknown(format string, args ...any)       { f.add(Unknown, format, args...) }
func (f *finding) warn(format string, args ...any) *finding { return f.add(Warn, format, args...) }
func (f *finding) fail(format string, args ...any) *finding { return f.add(Fail, format, args...) }

// mend adds a command for this machine.
func (f *finding) mend(command string) *finding { return f.mendOn("", command) }

// mendOn adds a command for another machine. One command may mend several
// faults: it is said once.
func (f *finding) mendOn(machine, command string) *finding {
	r := Remedy{machine, command}
	for _, said := range f.remedies {
		if said == r {
			return f
		}
	}
	f.remedies = append(f.remedies, r)
	return f
}
