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

// A service of which a real server is lost, or may be, is no part of the file:
// vs start would take that real server away from the running table.
func TestPartial(t *testing.T) {
	const (
		rules  = "-A -t 172.16.0.100:80\n-a -t 172.16.0.100:80 -r 10.0.0.7\n-A -t 172.16.0.100:443\n-a -t 172.16.0.100:443 -r 10.0.0.7\n"
		script = "VIP=172.16.0.100\nipvsadm -A -t $VIP:80\nipvsadm -a -t $VIP:80 -r 10.0.0.7\nipvsadm -A -t $VIP:443\nipvsadm -a -t $VIP:443 -r 10.0.0.7\n" +
			"add() { ipvsadm -a -t $VIP:$1 -r 10.0.0.$2; }\n"
		cf   = "virtual = 172.16.0.100:443\n\treal = 10.0.0.7 gate\nvirtual = 172.16.0.100:80\n\treal = 10.0.0.7 gate\n"
		conf = "virtual_server 172.16.0.100 443 {\nreal_server 10.0.0.7 443\n}\nvirtual_server 172.16.0.100 80 {\nreal_server 10.0.0.7 80\n%s\n}\n"
	)
	for _, tt := range []struct {
		name, ending, text string
		want               []uint16
	}{
		{"a name", ".rules", rules + "-a -t 172.16.0.100:80 -r bogus:80", []uint16{443}},
		{"an option", ".rules", rules + "-a --frob -t 172.16.0.100:80 -r 10.0.0.17", []uint16{443}},
		{"a number", ".rules", rules + "-e -t 172.16.0.100:80 -r 10.0.0.7 -w x", []uint16{443}},
		{"a word too many", ".rules", rules + "-a -t 172.16.0.100:80 -r 10.0.0.17 x", []uint16{443}},
		{"an edited service", ".rules", rules + "-E -t 172.16.0.100:80 -M x", []uint16{443}},
		{"a service that is not known", ".rules", rules + "-a -t bogus:80 -r 10.0.0.17", nil},
		{"one that is not there either", ".rules", rules + "-A -t bogus:80\n-a -t bogus:80 -r 10.0.0.17", []uint16{80, 443}},
		{"a real server twice", ".rules", rules + "-a -t 172.16.0.100:80 -r 10.0.0.7", []uint16{80, 443}},
		{"only listed", ".rules", rules + "-L -t 172.16.0.100:80 -x y", []uint16{80, 443}},
		{"a VIP", ".rules", rules + "-a -t 172.16.0.100:80 -r 172.16.0.100", []uint16{443}},

		{"an unbound variable", ".sh", script + "ipvsadm -a -t $VIP:80 -r $RIP2", []uint16{443}},
		{"a service of a variable", ".sh", script + "ipvsadm -a -t $VIP2:80 -r 10.0.0.17", nil},
		{"all of that service", ".sh", script + "ipvsadm -A -t $VIP2:80; ipvsadm -a -t $VIP2:80 -r 10.0.0.17", []uint16{80, 443}},
		{"arithmetic", ".sh", script + "for ((i = 1; i < 3; i++)); do ipvsadm -a -t $VIP:80 -r 10.0.1.$i; done", []uint16{443}},
		{"arithmetic, a function", ".sh", script + "f() { ipvsadm -a -t $VIP:80 -r $1; }\nfor ((i = 1; i < 3; i++)); do f 10.0.1.$i; done", []uint16{443}},
		{"a list of unknown words", ".sh", script + "for i in $(cat /etc/list); do ipvsadm -a -t $VIP:80 -r $i; done", []uint16{443}},
		{"a pipe", ".sh", script + "cat /etc/list | while read rs; do ipvsadm -a -t $VIP:80 -r $rs; done", []uint16{443}},
		{"a case", ".sh", script + "case $(hostname) in lvs1) ipvsadm -a -t $VIP:80 -r 10.0.0.17;; esac", []uint16{443}},
		{"an unknown file", ".sh", script + "ipvsadm -a -t $VIP:80 -r 10.0.0.17 >>$LOG", []uint16{443}},
		{"a bound", ".sh", script + "for i in {1..9000}; do :; done; add 80 17", nil},
		{"another program", ".sh", script + "touch $LOCK; add 80 17", []uint16{80, 443}},

		{"a name", ".cf", cf + "\treal = bogus.invalid:80 gate\n", []uint16{443}},
		{"a weight", ".cf", cf + "\treal = 10.0.0.17 gate x\n", []uint16{443}},
		{"a real server twice", ".cf", cf + "\treal = 10.0.0.7 gate\n", []uint16{80, 443}},
		{"a name", ".conf", fmt.Sprintf(conf, "real_server bogus.invalid 80"), []uint16{443}},
		{"a method", ".conf", fmt.Sprintf(conf, "real_server 10.0.0.17 80 {\nlvs_method X\n}"), []uint16{443}},
		{"nothing lost", ".conf", fmt.Sprintf(conf, "real_server 10.0.0.17 80 {\nnotify_up /x\n}"), []uint16{80, 443}},
	} {
		t.Run(tt.ending[1:]+", "+tt.name, func(t *testing.T) {
			file := drafts[tt.ending]("it", tt.text).File()
			var got []uint16
			for _, s := range file.Config.Services {
				if len(file.Config.AllVIPs()) > 0 {
					got = append(got, s.Port)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ports (-want +got):\n%s%s", diff, file.YAML("it"))
			}
		})
	}
}

// What is wrong with a word is told in our words, and by its own keyword.
func TestRemarks(t *testing.T) {
	const (
		server = "lvs_sched rr\nreal_server 10.0.0.7 80\n}\n"
		good   = "virtual_server 172.16.0.100 80 {\n" + server
	)
	for _, tt := range []struct{ ending, text, want string }{
		{".conf", good + "virtual_server_group G {\n10.0.0.1-255 80-90\n10.0.0.1-x 80\n}\nvirtual_server group G {\n" + server,
			`# line 6 not imported: virtual_server_group G: 10.0.0.1-255 80-90: "80-90" is no port` + "\n" +
				`# line 7 not imported: virtual_server_group G: 10.0.0.1-x 80: "10.0.0.1-x" is no address` + "\n"},
		{".conf", good + "virtual_server nowhere 80 {\n" + server, `# line 5 not imported: virtual_server nowhere 80: "nowhere" is no address` + "\n"},
		{".conf", good + "virtual_server 172.16.0.101 80 {\npersistence_timeout 1h\n" + server,
			"# not imported: -t 172.16.0.101:80: line 6: persistence_timeout 1h: expected seconds\n"},
		{".conf", "virtual_server 172.16.0.100 80 {\nip_family inet6\n" + server, "# line 2 not imported: ip_family inet6: the address is of the other family\n"},
		{".cf", "virtual = 172.16.0.100:80\n\treal = 10.0.0.7 gate\n\treceive = \"(?<=a)b\"\n",
			"# line 3: receive (?<=a)b not imported: invalid named capture: \"(?<=a)b\"\n"},
		{".sh", web + "ip addr add 10.0.0.300/24 dev eth0\n", `# line 2 not imported: ip addr add 10.0.0.300/24 dev eth0: "10.0.0.300/24" is no address` + "\n"},
	} {
		if got := string(drafts[tt.ending]("it", tt.text).File().YAML("it")); !strings.Contains(got, tt.want) {
			t.Errorf("%s\n%s is not in\n%s", tt.text, tt.want, got)
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
