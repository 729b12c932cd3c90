package man_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"lvsdr/man"
)

// width is that of the narrowest terminal that anybody has.
const width = "80"

// format runs a formatter, which has nothing to complain of.
func format(t *testing.T, name string, args ...string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.Command(name, args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C.UTF-8", "MANWIDTH="+width)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v\n%s", cmd, err, stdout.String())
	}
	if stderr.Len() > 0 {
		t.Errorf("%s:\n%s", cmd, stderr.String())
	}
	return stdout.String()
}

// overstruck is what comes before a backspace.
var overstruck = regexp.MustCompile(".\b")

func TestFormatters(t *testing.T) {
	for _, page := range man.Pages() {
		t.Run(page, func(t *testing.T) {
			if faults := format(t, "mandoc", "-T", "lint", "-W", "warning", page); faults != "" {
				t.Errorf("mandoc:\n%s", faults)
			}
			fits(t, format(t, "mandoc", "-T", "utf8", "-O", "width="+width, page))
			fits(t, format(t, "man", "--warnings=w", "-l", page))
		})
	}
}

// fits checks a formatted page.
func fits(t *testing.T, text string) {
	t.Helper()
	text = overstruck.ReplaceAllString(text, "")
	if !strings.Contains(text, "DESCRIPTION") {
		t.Errorf("not a page:\n%s", text)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("wider than 80 columns:\n%s", line)
		}
	}
}

// A page names no other page of ours that there is not.
func TestCrossReferences(t *testing.T) {
	ours := map[string]bool{}
	for _, page := range man.Pages() {
		ours[page] = true
	}
	for _, page := range man.Pages() {
		for _, l := range man.Lines(page) {
			x := l.Marked("Xr")
			if len(x) < 2 || !strings.HasPrefix(x[0], "ipvsadm") && !strings.HasPrefix(x[0], "lvsdr") {
				continue
			}
			if !ours[x[0]+"."+x[1]] {
				t.Errorf("%s: there is no %s(%s)", page, x[0], x[1])
			}
		}
	}
}

// What a text names as a section of its page is one.
func TestSections(t *testing.T) {
	for _, page := range man.Pages() {
		sections := map[string]bool{}
		for _, l := range man.Lines(page) {
			sections[l.Section] = true
		}
		for _, l := range man.Lines(page) {
			if name := strings.Join(l.Marked("Sx"), " "); name != "" && !sections[name] {
				t.Errorf("%s: there is no section %q", page, name)
			}
		}
	}
}

func TestMarked(t *testing.T) {
	l := man.Line{Words: strings.Fields("It Fl a , Fl -add-server Ar host Ns Op : Ns Ar port")}
	for macro, want := range map[string]string{"Fl": "a -add-server", "Ar": "host port", "Op": "", "Cm": ""} {
		if got := strings.Join(l.Marked(macro), " "); got != want {
			t.Errorf("%s marks %q, want %q", macro, got, want)
		}
	}
	if got := strings.Join(l.Flags(), " "); got != "-a --add-server" {
		t.Errorf("options %q", got)
	}
}
