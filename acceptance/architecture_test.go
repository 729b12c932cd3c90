package acceptance

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestArchitectureNamesRooms: ARCHITECTURE.md names every package of internal,
// and no other.
func TestArchitectureNamesRooms(t *testing.T) {
	text, err := os.ReadFile("../ARCHITECTURE.md")
	must(t, err)
	var got, want []string
	for _, name := range regexp.MustCompile(`\binternal/[a-z/]*[a-z]`).FindAllString(string(text), -1) {
		got = append(got, "lvsdr/"+name)
	}
	for _, path := range imports(t, "", "../...") {
		if strings.HasPrefix(path, "lvsdr/internal/") {
			want = append(want, path)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, slices.Compact(got)); d != "" {
		t.Errorf("packages (-there +ARCHITECTURE.md):\n%s", d)
	}
}

// TestArchitectureArrows: what a room may not lead to, however far.
func TestArchitectureArrows(t *testing.T) {
	const routes, commands = "github.com/vishvananda/netlink", "github.com/urfave/cli/v2"
	for _, room := range []struct {
		path, tags string
		never      []string
	}{
		{path: "..", tags: "ipvsadm_only", never: []string{"lvsdr/lvsdr", "lvsdr/internal/host", routes, commands, "os/exec", "net/http"}},
		{path: "../ipvsadm", never: []string{"lvsdr/lvsdr", routes, commands, "os/exec"}},
		{path: "../lvsdr", never: []string{"lvsdr/ipvsadm"}},
		{path: "../internal/config", never: []string{"lvsdr/internal/host", routes, commands}},
		{path: "../internal/health", never: []string{"lvsdr/internal/host", "lvsdr/internal/plan", "lvsdr/internal/check", routes, commands}},
		{path: "../internal/keepalived", never: []string{"lvsdr/internal/host", routes, commands}},
		{path: "../internal/imports", never: []string{"lvsdr/internal/host", "lvsdr/internal/plan", "lvsdr/internal/names", routes, commands}},
		{path: "../internal/ipvs", never: []string{"lvsdr/internal/host", routes, "os/exec"}},
		{path: "../internal/names", never: []string{"net", "os/exec", "context"}},
		{path: "../internal/plan", never: []string{"lvsdr/internal/check", "lvsdr/internal/wire", commands}},
		{path: "../internal/check", never: []string{"lvsdr/internal/plan", commands}},
		{path: "../internal/sorry", never: []string{"lvsdr/internal/host", "lvsdr/internal/plan", routes, commands, "os/exec"}},
		{path: "../internal/lab", never: []string{"lvsdr/internal/plan", commands}},
		{path: "../internal/top", never: []string{"lvsdr/internal/ipvs", "lvsdr/internal/plan", "lvsdr/internal/watch", commands, "net/http"}},
		{path: "../internal/guest", never: []string{"lvsdr/internal/lab", commands}},
	} {
		reached := imports(t, room.tags, "-deps", room.path)
		for _, path := range room.never {
			if slices.Contains(reached, path) {
				t.Errorf("%s (tags %q) imports %s", room.path, room.tags, path)
			}
		}
	}
}

// imports lists packages, as "go list" does.
func imports(t *testing.T, tags string, words ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-tags", "urfave_cli_no_docs," + tags}, words...)...).Output()
	must(t, err)
	return strings.Fields(string(out))
}
