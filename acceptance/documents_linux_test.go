package acceptance

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"lvsdr/man"
)

// The commands that the documents show are scripts, as a reader would type them,
// in the tutorial's network. README.md and docs/ share one network, a manual page
// has its own. A block with lvsdr lab is for the machine that the lab is on, any
// other one for the director; what is for the machine comes last. A comment that
// begins with "status 3" says how a command ends.

// places are where commands are for that are not for the director.
var places = map[string][]string{
	"lvsdr rs start":        {"rs1", "rs2"},
	"lvsdr rs stop":         {"rs1", "rs2"},
	"lvsdr check --role rs": {"rs1"},
}

// before is what has to be so before a command, on each host.
var before = map[string]map[string]string{
	"mkdir -p /etc/lvsdr": {"lvs": "lvsdr vs stop --quiet; ipvsadm -C"}, // the reader begins with nothing
	"lvsdr check":         {"rs1": "lvsdr rs start --quiet", "rs2": "lvsdr rs start --quiet"},
}

// units are what systemd would do here.
var units = map[string]string{
	"systemctl enable --now lvsdr-vs":    "lvsdr vs start",
	"systemctl enable --now lvsdr-watch": "lvsdr vs start",
}

// elsewhere are the commands that another test runs, by the file that has them.
var elsewhere = map[string]string{
	"apt install ./dist/lvsdr_VERSION_amd64.deb":                             "packaging/debian_linux_test.go",
	"lvsdr export keepalived --vrrp-only --interface eth0 > keepalived.conf": "testscripts/pair_vrrp.txtar",
	"keepalived -t -f keepalived.conf":                                       "testscripts/pair_vrrp.txtar",
	"lvsdr check --peer http://10.0.0.9:9812":                                "testscripts/pair_vrrp.txtar",
	"ip route show table 179":                                                "testscripts/pair_bgp.txtar",
	"lvsdr vs retire":                                                        "testscripts/pair_vrrp.txtar",
	"lvsdr lab run --pair sync retired":                                      "testscripts/lab_run_pair.txtar",
	"sysctl -w net.ipv4.vs.sloppy_tcp=1":                                     "testscripts/pair_vrrp.txtar",
	"man lvsdr":                                                              "packaging/debian_linux_test.go",
	"lvsdr lab rehearse --config lvsdr.yaml --fault killed@10.0.0.7 --fault hanging@10.0.0.17 --json": "testscripts/rehearse_faults.txtar",

	"systemctl disable lvsdr-vs":         "packaging/testdata/units.sh",
	"systemctl enable --now lvsdr-rs":    "packaging/testdata/units.sh",
	"systemctl enable --now lvsdr-vs":    "packaging/testdata/units.sh",
	"systemctl enable --now lvsdr-watch": "packaging/testdata/units.sh",
	"systemctl reload lvsdr-vs":          "packaging/testdata/units.sh",
	"systemctl reload lvsdr-watch":       "packaging/testdata/units.sh",

	"make":         ".ci/run",
	"make demo":    ".ci/run",
	"make install": ".ci/run",
}

// TestDocuments runs every command of the documents, or finds it elsewhere.
func TestDocuments(t *testing.T) {
	scripts := map[string]string{"documents": scriptOf(t, original, pathsOf(t, "../docs/*.md")...)}
	for _, page := range pathsOf(t, "../man/*.[58]") {
		scripts[filepath.Base(page)] = scriptOf(t, page)
	}
	dir := t.TempDir()
	for name, script := range scripts {
		must(t, os.WriteFile(filepath.Join(dir, name+".txtar"), []byte(script), 0o600))
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: enterNamespaces, Cmds: scriptCommands, RequireExplicitExec: true})
}

// pathsOf are the files that a pattern finds; there are some.
func pathsOf(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	must(t, err)
	if len(paths) == 0 {
		t.Errorf("there is no %s", pattern)
	}
	return paths
}

// scriptOf makes one script of the commands of documents.
func scriptOf(t *testing.T, first string, more ...string) string {
	t.Helper()
	var director, machine strings.Builder
	director.WriteString("exec lvsdr lab up --bare --quiet\n")
	// The older iptables of the two that Debian has: a guest's kernel knows it.
	director.WriteString("exec mkdir /etc/alternatives\nexec ln -s /usr/sbin/iptables-legacy /etc/alternatives/iptables\n")
	toured := map[string]bool{}
	for _, path := range append([]string{first}, more...) {
		fmt.Fprintf(&director, "\n# %s\n", path)
		fmt.Fprintf(&machine, "\n# %s\n", path)
		for _, block := range blocksOf(t, path) {
			forMachine := strings.Contains(block, "lvsdr lab ")
			for _, c := range commandsIn(block) {
				switch found := ranElsewhere(t, c); {
				case found:
					if does := units[c.words]; does != "" {
						runOn(&director, "lvs", command{words: does})
					}
				case !forMachine:
					runOnHosts(&director, c)
				case !toured[c.words]:
					fmt.Fprintf(&machine, "status %d %s", c.status, shell(c.words))
					toured[c.words] = strings.HasPrefix(c.words, "lvsdr lab run") // it has a lab of its own: once is enough
				}
			}
		}
	}
	if !strings.Contains(director.String()+machine.String(), "\nstatus ") {
		t.Errorf("%s: no commands", first)
	}
	const down = "exec lvsdr lab down\n"
	return director.String() + down + machine.String() + down +
		"-- etc/lvsdr/lvsdr.yaml --\nvip: 172.16.0.100\nreal_servers: [10.0.0.7, 10.0.0.17]\n"
}

// runOnHosts has a command run where it is for.
func runOnHosts(b *strings.Builder, c command) {
	for _, host := range slices.Sorted(maps.Keys(before[c.words])) {
		runOn(b, host, command{words: before[c.words][host]})
	}
	hosts := places[c.words]
	if hosts == nil {
		hosts = []string{"lvs"}
	}
	for _, host := range hosts {
		runOn(b, host, c)
	}
}

// runOn has a command run on a host of the lab.
func runOn(b *strings.Builder, host string, c command) {
	fmt.Fprintf(b, "status %d lvsdr lab exec %s -- env -u LVSDR_CONFIG %s", c.status, host, shell(c.words))
}

func shell(words string) string { return "sh -c '" + strings.ReplaceAll(words, "'", "''") + "'\n" }

// ranElsewhere reports whether another test runs a command; it has to be there.
func ranElsewhere(t *testing.T, c command) bool {
	t.Helper()
	words := strings.ReplaceAll(c.words, release(t), "VERSION")
	file, ok := elsewhere[words]
	if ok {
		found(t, words, "../"+file)
	}
	return ok
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

// A command is a line of a block, and how it ends.
type command struct {
	words  string
	status int
}

var (
	fenced  = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$")
	comment = regexp.MustCompile(`(?:^|\s)\s*# (?:.*\bstatus (\d))?.*`)
)

// commandsIn are the commands of a block, without their comments.
func commandsIn(block string) (commands []command) {
	for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
		c := command{words: strings.TrimSpace(comment.ReplaceAllString(line, ""))}
		if told := comment.FindStringSubmatch(line); told != nil {
			c.status, _ = strconv.Atoi(told[1])
		}
		if c.words != "" {
			commands = append(commands, c)
		}
	}
	return commands
}

// wordsIn are the commands of blocks, however they end.
func wordsIn(blocks []string) (words []string) {
	for _, block := range blocks {
		for _, c := range commandsIn(block) {
			words = append(words, c.words)
		}
	}
	return words
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
	text := textOf(t, path)
	if path == comingFrom {
		text, _, _ = strings.Cut(text, theWay) // the ways have scripts of their own
	}
	return fencedIn(text)
}

func textOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

// fencedIn are the blocks of sh in a text of Markdown.
func fencedIn(text string) (blocks []string) {
	for _, block := range fenced.FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, block[1])
	}
	return blocks
}

const (
	original   = "../README.md"
	comingFrom = "../docs/coming-from.md"
	theWay     = "\n## Coming from "
)

// TestDocumentsComingFrom: each way of docs/coming-from.md has five commands, which
// its script runs; the units are for the test of the packages.
func TestDocumentsComingFrom(t *testing.T) {
	ways := strings.Split(textOf(t, comingFrom), theWay)[1:]
	if len(ways) != 4 {
		t.Errorf("%d ways, want 4", len(ways))
	}
	for _, way := range ways {
		from, text, _ := strings.Cut(way, "\n")
		commands := wordsIn(fencedIn(text))
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
	pairs := map[string]string{original: "../README.zh-CN.md"}
	for _, translation := range pathsOf(t, "../docs/zh-CN/*.md") {
		pairs[filepath.Join("../docs", filepath.Base(translation))] = translation
	}
	for original, translation := range pairs {
		if diff := cmp.Diff(wordsIn(blocksOf(t, original)), wordsIn(blocksOf(t, translation))); diff != "" {
			t.Errorf("commands (-%s +%s):\n%s", original, translation, diff)
		}
		if diff := cmp.Diff(shapeOf(t, original), shapeOf(t, translation)); diff != "" {
			t.Errorf("shape (-%s +%s):\n%s", original, translation, diff)
		}
	}
}

// shapeOf is what a translation leaves: the level of each heading, the kinds of
// lines between them, and the pictures.
func shapeOf(t *testing.T, path string) (shape []string) {
	t.Helper()
	kinds := regexp.MustCompile("^ *(#+ |[|]|- |[0-9]+[.] |```\\w*)|pictures/[\\w.-]+")
	for line := range strings.Lines(textOf(t, path)) {
		shape = append(shape, kinds.FindAllString(line, -1)...)
	}
	return shape
}

// TestDocumentsBird: the files for bird that a document shows are those of a script.
func TestDocumentsBird(t *testing.T) {
	script := textOf(t, "../testscripts/pair_bgp.txtar")
	blocks := regexp.MustCompile("(?ms)^```bird\n(.*?)^```$").FindAllStringSubmatch(textOf(t, "../docs/bgp.md"), -1)
	if len(blocks) != 3 {
		t.Errorf("%d files, want 3", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(script, " --\n"+block[1]) {
			t.Errorf("no script has this file:\n%s", block[1])
		}
	}
}

// TestDocumentsWanted: what README.md advises to somebody who wants something is
// a command that a document shows, perhaps with more words.
func TestDocumentsWanted(t *testing.T) {
	var shown []string
	for _, path := range append(pathsOf(t, "../docs/*.md"), original) {
		shown = append(shown, wordsIn(blocksOf(t, path))...)
	}
	_, table, _ := strings.Cut(textOf(t, original), "\n| you want to |")
	table, _, _ = strings.Cut(table, "\n\n")
	advised := regexp.MustCompile("(?m)^[|][^|]+[|] `([^`]+)`").FindAllStringSubmatch(table, -1)
	if len(advised) < 10 {
		t.Errorf("%d commands, want a table of them", len(advised))
	}
	for _, row := range advised {
		if !slices.ContainsFunc(shown, func(words string) bool { return words == row[1] || strings.HasPrefix(words, row[1]+" ") }) {
			t.Errorf("no document shows %q", row[1])
		}
	}
}

// TestDocumentsQuestions: README.md leads to the page of each of the twenty answers.
func TestDocumentsQuestions(t *testing.T) {
	_, table, _ := strings.Cut(textOf(t, "../CONTRIBUTING.md"), "\n## Twenty questions\n")
	table, _, _ = strings.Cut(table, "\n## ")
	answers := regexp.MustCompile(`(?m)^[|] .*[?] [|] .*\]\(([^)#]+)`).FindAllStringSubmatch(table, -1)
	if len(answers) != 20 {
		t.Errorf("%d answers, want 20", len(answers))
	}
	for _, answer := range answers {
		if !strings.Contains(textOf(t, original), "]("+answer[1]) {
			t.Errorf("README.md does not lead to %s", answer[1])
		}
	}
}

// TestDocumentsLinks: what a document leads to is there, the heading too.
func TestDocumentsLinks(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"`)
	code := regexp.MustCompile("(?ms)^ *```.*?^ *```$|`[^`\n]*`")
	anchors := map[string][]string{} // by file
	seen := 0
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/*/*.md"} {
		for _, path := range pathsOf(t, pattern) {
			for _, link := range links.FindAllStringSubmatch(code.ReplaceAllString(textOf(t, path), ""), -1) {
				target := link[1] + link[2]
				if strings.Contains(target, "://") {
					continue
				}
				seen++
				file, anchor, _ := strings.Cut(target, "#")
				to := path
				if file != "" {
					to = filepath.Join(filepath.Dir(path), file)
				}
				if _, err := os.Stat(to); err != nil {
					t.Errorf("%s: %s: %v", path, target, err)
					continue
				}
				if anchor == "" {
					continue
				}
				if anchors[to] == nil {
					anchors[to] = anchorsOf(t, to)
				}
				if !slices.Contains(anchors[to], anchor) {
					t.Errorf("%s: %s: there is no such heading", path, target)
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("%d links, want those of the documents", seen)
	}
}

// anchorsOf are what links into a document may have behind the #: its headings, as
// the usual hosts name them, and its own.
func anchorsOf(t *testing.T, path string) (anchors []string) {
	t.Helper()
	text := regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(textOf(t, path), "")
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		anchors = append(anchors, strings.ReplaceAll(name, " ", "-"))
	}
	for _, own := range regexp.MustCompile(`<a id="([^"]+)">`).FindAllStringSubmatch(text, -1) {
		anchors = append(anchors, own[1])
	}
	return anchors
}
