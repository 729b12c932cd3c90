package imports

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/config"
)

var update = flag.Bool("update", false, "rewrite what import prints below testdata")

// known are the names that the files of testdata use.
type known struct{}

func (known) Host4(name string) (netip.Addr, bool) {
	addr, found := map[string]string{"vip.example": "172.16.0.100", "web1": "10.0.0.7", "web2": "10.0.0.17"}[name]
	if !found {
		return netip.Addr{}, false
	}
	return netip.MustParseAddr(addr), true
}

func (known) Port(service, _ string) (uint16, bool) {
	port, found := map[string]uint16{"http": 80, "https": 443, "domain": 53}[service]
	return port, found
}

// drafts are the readers by the endings of the files of testdata.
var drafts = map[string]func(path, text string) Draft{
	".rules": func(_, text string) Draft { return Rules(text, known{}) },
	".conf":  func(path, text string) Draft { return Keepalived(Text{path, text}, files) },
	".sh": func(_, text string) Draft {
		d, err := Script(text, known{})
		if err != nil {
			panic(err)
		}
		return d
	},
	".cf": func(_, text string) Draft { return Ldirectord(text, known{}) },
}

// files are those of a pattern.
func files(pattern string) (all []Text, err error) {
	paths, err := filepath.Glob(pattern)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		all = append(all, Text{path, string(text)})
	}
	return all, err
}

// What export keepalived has written is the same table again.
func TestKeepalivedExported(t *testing.T) {
	exports, err := filepath.Glob("../keepalived/testdata/*.conf")
	if err != nil || len(exports) == 0 {
		t.Fatal(err)
	}
	for _, export := range exports {
		t.Run(filepath.Base(export), func(t *testing.T) {
			from, err := config.Read(strings.TrimSuffix(export, ".conf") + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(export)
			if err != nil {
				t.Fatal(err)
			}
			file := Keepalived(Text{export, string(text)}, files).File()
			if diff := cmp.Diff(tableOf(from), tableOf(file.Config)); diff != "" {
				t.Errorf("(-exported +imported):\n%s%s", diff, file.YAML("it"))
			}
		})
	}
}

// tableOf is what a configuration wants of the kernel, in order.
func tableOf(c config.Config) (lines []string) {
	for _, w := range c.Wanted() {
		lines = append(lines, fmt.Sprintf("%+v", w.Service))
		for _, d := range w.Destinations {
			lines = append(lines, fmt.Sprintf("%s %+v", words(&w.Service), d))
		}
	}
	slices.Sort(lines)
	return append(lines, fmt.Sprintf("%+v %+v", c.Timeouts, c.Sync.Daemons()))
}

// Each file of testdata becomes the YAML beside it, which is a configuration.
func TestFiles(t *testing.T) {
	for ending, read := range drafts {
		files, err := filepath.Glob("testdata/*" + ending)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files *%s: %v", ending, err)
		}
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				got := read(file, string(text)).File().YAML(filepath.Base(file))
				c, err := config.Load("", got)
				if err != nil {
					t.Fatalf("%v\n%s", err, got)
				}
				if err := c.ValidateRealServer(); err != nil {
					t.Errorf("%v\n%s", err, got)
				}
				golden := file + ".yaml"
				if *update {
					if err := os.WriteFile(golden, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(got)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

// A remark stays a comment, whatever is in it.
func TestComments(t *testing.T) {
	d := Rules("-A -t 172.16.0.100:80\n-a -t 172.16.0.100:80 -r 10.0.0.7\n-A \x01evil\u2028: -t\n", known{})
	got := string(d.File().YAML("a\nb: c"))
	if _, err := config.Load("", []byte(got)); err != nil || !strings.HasPrefix(got, "# a?b: c, imported by lvsdr.\n# line 3 not imported: -A ?evil?: -t:") {
		t.Errorf("%v\n%s", err, got)
	}
}

// No text makes a reader panic, or a file that is no configuration.
func FuzzDrafts(f *testing.F) {
	for ending := range drafts {
		seeds, _ := filepath.Glob("testdata/*" + ending)
		for _, seed := range seeds {
			text, err := os.ReadFile(seed)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		all := []Draft{
			Rules(text, known{}), Ldirectord(text, known{}),
			Keepalived(Text{"fuzz", text}, func(string) ([]Text, error) { return nil, nil }),
		}
		if d, err := Script(text, known{}); err == nil {
			all = append(all, d)
		}
		for i, d := range all {
			file := d.File()
			if _, err := config.Load("", file.YAML("fuzz")); err != nil {
				t.Errorf("draft %d: %v\n%s", i, err, file.YAML("fuzz"))
			}
		}
	})
}
