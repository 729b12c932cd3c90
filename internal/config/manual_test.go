package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/ipvs"
	"lvsdr/man"
)

const manual = "lvsdr.yaml.5"

// keysOf are the keys that a mapping may have: a file with an unknown one is
// refused in these words.
func keysOf(t *testing.T, file string) []string {
	t.Helper()
	_, err := Load("test", []byte(file))
	f, ok := err.(*Fault)
	if !ok || !strings.Contains(f.What, "unknown key") {
		t.Fatalf("%q: got %v, want an unknown key", file, err)
	}
	return strings.Split(strings.TrimPrefix(f.Want, "one of "), ", ")
}

// mappings are the sections of the page, and a file with an unknown key in the
// mapping that the section is about.
var mappings = map[string]string{
	"KEYS OF THE FILE":      "none: 1",
	"KEYS OF A SERVICE":     "services: [{none: 1}]",
	"KEYS OF A REAL SERVER": "real_servers: [{none: 1}]",
	"KEYS OF ARP":           "arp: {none: 1}",
	"KEYS OF TIMEOUTS":      "timeouts: {none: 1}",
	"KEYS OF SYNC":          "sync: {none: 1}",
	"KEYS OF A CHECK":       "check: {none: 1}",
	"KEYS OF A SORRY PAGE":  "services: [{port: 80, sorry: {none: 1}}]",
	"KEYS OF WATCH":         "watch: {none: 1}",
}

func TestManualKeys(t *testing.T) {
	documented := map[string][]string{}
	for _, l := range man.Lines(manual) {
		if words := l.Marked("Cm"); l.Words[0] == "It" && len(words) > 0 {
			documented[l.Section] = append(documented[l.Section], words[0])
		}
	}
	for section, file := range mappings {
		if got, want := documented[section], keysOf(t, file); !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("%s: %q, want %q", section, got, want)
		}
	}
	if len(documented) != len(mappings) {
		t.Errorf("sections with keys: %q", documented)
	}
}

func sorted(words []string) []string { return slices.Sorted(slices.Values(words)) }

// What the page marks as a word of the file is a key or a value of one, and it
// has all of them.
func TestManualWords(t *testing.T) {
	want := map[string]bool{}
	add := func(words ...string) {
		for _, w := range words {
			want[w] = true
		}
	}
	for _, unknown := range mappings {
		add(keysOf(t, unknown)...)
	}
	for _, list := range []string{
		syncRole().want, protocol().want, forward().want, family().want, scheduler().want,
		strings.ReplaceAll(boolean().want, " or ", ", "), DefaultPage,
		handEdits.want, vipOwner.want, checkTypes.want, onFailure.want, methods.want, records.want,
	} {
		add(strings.Split(strings.TrimPrefix(list, "one of "), ", ")...)
	}
	for _, scheduler := range ipvs.Schedulers {
		for _, f := range ipvs.FlagsOf(scheduler, true) {
			add(f.Name)
		}
	}
	got := map[string]bool{}
	for _, l := range man.Lines(manual) {
		for _, w := range l.Marked("Cm") {
			got[w] = true
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("words of the page (-want +got):\n%s", d)
	}
}

// The page's file is one, and it shows every key.
func TestManualFile(t *testing.T) {
	files := man.Literal(manual, "A COMPLETE FILE", "")
	if len(files) != 1 {
		t.Fatalf("%d files, want one", len(files))
	}
	text := strings.Join(files[0], "\n") + "\n"
	c, err := Load(manual, []byte(text))
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, unknown := range mappings {
		for _, key := range keysOf(t, unknown) {
			if !strings.Contains(text, key+":") {
				t.Errorf("it does not show %s", key)
			}
		}
	}
}

// The documents' files are such, too.
func TestDocumentsFiles(t *testing.T) {
	block := regexp.MustCompile("(?ms)^( *)```yaml\n(.*?)^ *```$")
	seen := 0
	for _, pattern := range []string{"README*.md", "docs/*.md", "docs/*/*.md"} {
		names, err := filepath.Glob("../../" + pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range block.FindAllStringSubmatch(string(text), -1) {
				file := strings.ReplaceAll("\n"+found[2], "\n"+found[1], "\n")
				if strings.Contains(file, "\njobs:\n") { // a workflow
					continue
				}
				seen++
				c, err := Load(name, []byte(file))
				if err == nil {
					err = c.Validate()
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("%d files, want those of the documents", seen)
	}
}

// Faults look as the page shows them.
func TestManualFaults(t *testing.T) {
	shown := man.Literal(manual, "DIAGNOSTICS", "")
	if len(shown) != 2 {
		t.Fatalf("%d faults, want two", len(shown))
	}
	const file = "vip: 172.16.0.100\nannounce: yes\n"
	_, err := Load("lvsdr.yaml", []byte(file))
	if err == nil || "lvsdr: "+err.Error() != strings.Join(shown[0], "\n") {
		t.Errorf("got %v, want %q", err, shown[0])
	}
	_, err = Overrides{RealServers: []string{"10.0.0.300"}}.Apply(Default())
	if err == nil || "lvsdr: "+err.Error() != strings.Join(shown[1], "\n") {
		t.Errorf("got %v, want %q", err, shown[1])
	}
}
