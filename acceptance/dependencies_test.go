package acceptance

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDependenciesReviewed: the review has every module of go.mod with its
// version, and no other.
func TestDependenciesReviewed(t *testing.T) {
	got := modulesIn(t, "../DEPENDENCIES.md", `(?m)^\| (\S+ v\S+) \|`)
	want := modulesIn(t, "../go.mod", `(?m)^\t(\S+ v\S+)`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-go.mod +DEPENDENCIES.md):\n%s", diff)
	}
}

func modulesIn(t *testing.T, path, pattern string) (modules []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(data), -1) {
		modules = append(modules, m[1])
	}
	slices.Sort(modules)
	return modules
}
