//go:build linux

package compat

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// goldenFile is what the real program did, by group, step by step. In the
// file a group starts with its name in brackets, a step with its command line
// behind a dollar.
type goldenFile map[string][]string

func goldenPath(area string) string {
	return filepath.Join("testdata", area+".golden")
}

// readGolden reads the golden file of an area; to rewrite it, none is needed.
func readGolden(t *testing.T, area string) goldenFile {
	t.Helper()
	golden := make(goldenFile)
	if *rewriteGolden {
		return golden
	}
	text, err := os.ReadFile(goldenPath(area))
	if err != nil {
		t.Fatalf("%v (make golden)", err)
	}
	for group := range strings.SplitSeq(string(text), "\n[") {
		name, steps, ok := strings.Cut(group, "]\n")
		if !ok {
			continue // the lines before the first group
		}
		for step := range strings.SplitSeq("\n"+steps, "\n$ ") {
			if _, outcome, ok := strings.Cut(step, "\n"); ok && outcome != "" {
				golden[name] = append(golden[name], strings.TrimSuffix(outcome, "\n")+"\n")
			}
		}
	}
	return golden
}

func (g goldenFile) replace(group string, outcomes []string) { g[group] = outcomes }

// write saves the golden file of an area.
func (g goldenFile) write(t *testing.T, area Area) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# What the real program did. Made by make golden; do not edit.\n# %s\n# %s\n",
		referenceVersion(t), kernelVersion(t))
	for _, group := range area.Groups {
		fmt.Fprintf(&b, "\n[%s]\n", group.Name)
		for i, outcome := range g[group.Name] {
			fmt.Fprintf(&b, "$ %s\n%s", escape(group.Steps[i]), outcome)
		}
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenPath(area.Name), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// referenceVersion is what the real program says about itself.
func referenceVersion(t *testing.T) string {
	t.Helper()
	o := newSession(t, 0).run(t, reference, parse(t, "-v"))
	return strings.TrimSpace(o.stdout)
}

func kernelVersion(t *testing.T) string {
	t.Helper()
	var u syscall.Utsname
	if err := syscall.Uname(&u); err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, c := range u.Release {
		if c == 0 {
			break
		}
		b = append(b, byte(c))
	}
	return "Linux " + string(b)
}

// tableSize is the banner's word for the size of the connection table, which
// grows by itself from Linux 7.1 on.
var tableSize = regexp.MustCompile(`\(size=\d+\)`)

// sized makes outcomes comparable across tables of all sizes.
func sized(s string) string { return tableSize.ReplaceAllString(s, "(size=4096)") }

// tableGrows reports whether the table of services grows and shrinks, and changes
// its order a while later (Linux 7).
var tableGrows = sync.OnceValue(func() bool {
	_, err := os.Stat("/proc/sys/net/ipv4/vs/svc_lfactor")
	return err == nil
})

// normal makes two recordings of one group comparable across namespaces and
// kernels.
func normal(g Group, outcomes []string) []string {
	all := slices.Clone(outcomes)
	for i, o := range all {
		all[i] = normalOutcome(g, o)
	}
	return all
}

func normalOutcome(g Group, o string) string {
	o = sized(o)
	if g.Unordered || tableGrows() {
		o = sortLines(o)
	}
	return o
}

func sortLines(s string) string {
	lines := strings.Split(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
