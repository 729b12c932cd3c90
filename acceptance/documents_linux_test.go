package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"lvsdr/man"
)

// The commands that the documents show are scripts: each document's run one
// after the other, as a reader would type them, in the tutorial's network,
// whose director is the machine until the first command of lvsdr lab. From
// there on it is the machine that the lab is on.

// documents are what a reader reads; README.zh-CN.md has the commands of
// README.md, see TestDocumentsTranslated, and docs/coming-from.md scripts of its
// own, see TestDocumentsComingFrom.
var documents = []string{"../README.md", "../docs/rehearsing.md", "../docs/two-directors.md", "../man/*.[58]"}

// A place is where a command is for, if not for the director, and how it ends,
// if not with status 0.
type place struct {
	hosts  []string
	status int
}

var places = map[string]place{
	"lvsdr rs start":        {hosts: []string{"rs1", "rs2"}},
	"lvsdr vs diff":         {status: 3}, // there is something to do
	"lvsdr check --role rs": {hosts: []string{"rs1"}},

	"lvsdr lab exec lvs -- lvsdr check": {status: 1}, // it has just been spoiled
}

// elsewhere are the commands that another test runs, by the file that has them.
var elsewhere = map[string]string{
	"apt install ./dist/lvsdr_VERSION_amd64.deb":                             "packaging/debian_linux_test.go",
	"lvsdr export keepalived --vrrp-only --interface eth0 > keepalived.conf": "testscripts/pair_vrrp.txtar",
	"keepalived -t -f keepalived.conf":                                       "testscripts/pair_vrrp.txtar",
	"lvsdr check --peer http://10.0.0.9:9812":                                "testscripts/pair_vrrp.txtar",
	"lvsdr vs retire":                          "testscripts/pair_vrrp.txtar",
	"lvsdr lab run --pair sync killed retired": "testscripts/lab_run_pair.txtar",
	"sysctl -w net.ipv4.vs.sloppy_tcp=1":       "testscripts/pair_vrrp.txtar",
	"man lvsdr":                                "packaging/debian_linux_test.go",
	"lvsdr lab rehearse --config lvsdr.yaml --fault killed@10.0.0.7 --fault hanging@10.0.0.17 --json": "testscripts/rehearse_faults.txtar",

	"systemctl disable lvsdr-vs":         "packaging/testdata/units.sh",
	"systemctl enable --now lvsdr-rs":    "packaging/testdata/units.sh",
	"systemctl enable --now lvsdr-vs":    "packaging/testdata/units.sh",
	"systemctl enable --now lvsdr-watch": "packaging/testdata/units.sh",
	"systemctl reload lvsdr-vs":          "packaging/testdata/units.sh",
	"systemctl reload lvsdr-watch":       "packaging/testdata/units.sh",

	"make":         ".ci/run",
	"make demo":    ".ci/run",
	"make help":    ".ci/run",
	"make install": ".ci/run",
	"make test":    ".ci/run",
}

// TestDocuments runs every command of the documents, or finds it elsewhere.
func TestDocuments(t *testing.T) {
	dir := t.TempDir()
	for _, pattern := range documents {
		paths, err := filepath.Glob(pattern)
		must(t, err)
		if len(paths) == 0 {
			t.Errorf("there is no %s", pattern)
		}
		for _, path := range paths {
			script := scriptOf(t, commandsOf(t, path))
			must(t, os.WriteFile(filepath.Join(dir, filepath.Base(path)+".txtar"), []byte(script), 0o600))
		}
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: enterNamespaces, Cmds: scriptCommands, RequireExplicitExec: true})
}

// scriptOf makes the script of a document's commands.
func scriptOf(t *testing.T, commands []string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("exec lvsdr lab up --bare --quiet\n")
	// The older iptables of the two that Debian has: a guest's kernel knows it.
	b.WriteString("exec mkdir /etc/alternatives\nexec ln -s /usr/sbin/iptables-legacy /etc/alternatives/iptables\n")
	director := true
	for _, command := range commands {
		command = strings.ReplaceAll(command, release(t), "VERSION")
		if file, ok := elsewhere[command]; ok {
			found(t, command, "../"+file)
			continue
		}
		if director && strings.HasPrefix(command, "lvsdr lab ") {
			b.WriteString("exec lvsdr lab down\n")
			director = false
		}
		p := places[command]
		if director && p.hosts == nil {
			p.hosts = []string{"lvs"}
		}
		if director && strings.HasPrefix(command, "lvsdr check") { // the director asks its real servers
			b.WriteString("exec lvsdr lab exec rs1 -- lvsdr rs start --quiet\nexec lvsdr lab exec rs2 -- lvsdr rs start --quiet\n")
		}
		shell := "sh -c '" + strings.ReplaceAll(command, "'", "''") + "'\n"
		if p.hosts == nil {
			fmt.Fprintf(&b, "status %d %s", p.status, shell)
		}
		for _, host := range p.hosts {
			fmt.Fprintf(&b, "status %d lvsdr lab exec %s -- env -u LVSDR_CONFIG %s", p.status, host, shell)
		}
	}
	b.WriteString("exec lvsdr lab down\n-- etc/lvsdr/lvsdr.yaml --\nvip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n")
	return b.String()
}

// release is the version of the newest release.
func release(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../CHANGELOG.md")
	must(t, err)
	_, newest, _ := strings.Cut(string(text), "\n## ")
	version, _, _ := strings.Cut(newest, " ")
	return version
}

// found fails if the file, a script or Go, does not run the command: at the
// beginning of a line or of a string, with no more words than where it writes.
func found(t *testing.T, command, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	runs := regexp.MustCompile(`(?m)(^|^say |")` + regexp.QuoteMeta(command) + `($|"| [A-Z]+=| [>|])`)
	if !runs.Match(text) {
		t.Errorf("%q is a command of the documents that %s does not run", command, file)
	}
}

var (
	fenced  = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	comment = regexp.MustCompile(`(^|\s)\s*# .*`)
)

// commandsOf are the commands of a document.
func commandsOf(t *testing.T, path string) (commands []string) {
	t.Helper()
	commands = commandsIn(blocksOf(t, path))
	if len(commands) == 0 {
		t.Errorf("%s: no commands", path)
	}
	return commands
}

// commandsIn are the commands of blocks, without their comments.
func commandsIn(blocks []string) (commands []string) {
	for _, block := range blocks {
		for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
			if command := strings.TrimSpace(comment.ReplaceAllString(line, "")); command != "" {
				commands = append(commands, command)
			}
		}
	}
	return commands
}

// blocksOf are Markdown's blocks of sh, or the EXAMPLES of a manual page.
func blocksOf(t *testing.T, path string) (blocks []string) {
	t.Helper()
	if page, ok := strings.CutPrefix(path, "../man/"); ok {
		for _, lines := range man.Literal(page, "EXAMPLES", "indent") {
			blocks = append(blocks, strings.Join(lines, "\n"))
		}
		return blocks
	}
	data, err := os.ReadFile(path)
	must(t, err)
	return fencedIn(string(data))
}

// fencedIn are the blocks of sh in a text of Markdown.
func fencedIn(text string) (blocks []string) {
	for _, block := range fenced.FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, block[1])
	}
	return blocks
}

// TestDocumentsComingFrom: each way of docs/coming-from.md has five commands, which
// its script runs; the units are for the test of the packages.
func TestDocumentsComingFrom(t *testing.T) {
	data, err := os.ReadFile("../docs/coming-from.md")
	must(t, err)
	ways := strings.Split(string(data), "\n## Coming from ")[1:]
	if len(ways) != 4 {
		t.Errorf("%d ways, want 4", len(ways))
	}
	for _, way := range ways {
		from, text, _ := strings.Cut(way, "\n")
		commands := commandsIn(fencedIn(text))
		if len(commands) != 5 {
			t.Errorf("from %s: %d commands, want 5", from, len(commands))
		}
		for _, command := range commands {
			file := "../testscripts/coming_from_" + from + ".txtar"
			if strings.HasPrefix(command, "systemctl enable --now lvsdr-") {
				file = "../packaging/testdata/units.sh"
			}
			found(t, command, file)
		}
	}
}

// TestDocumentsTranslated: both languages have the same commands, sections and
// tables, in the same order.
func TestDocumentsTranslated(t *testing.T) {
	const original, translation = "../README.md", "../README.zh-CN.md"
	if diff := cmp.Diff(commandsOf(t, original), commandsOf(t, translation)); diff != "" {
		t.Errorf("commands (-%s +%s):\n%s", original, translation, diff)
	}
	if diff := cmp.Diff(shapeOf(t, original), shapeOf(t, translation)); diff != "" {
		t.Errorf("shape (-%s +%s):\n%s", original, translation, diff)
	}
}

// shapeOf is what a translation leaves: the level of each heading, and the kinds
// of lines between them.
func shapeOf(t *testing.T, path string) (shape []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	for line := range strings.Lines(string(data)) {
		kind := regexp.MustCompile("^(#+ |[|]|- |```\\w*)").FindString(line)
		if kind != "" {
			shape = append(shape, kind)
		}
	}
	return shape
}
