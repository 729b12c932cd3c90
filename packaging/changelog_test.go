package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestChangelog(t *testing.T) {
	const text = `# Changes

What an administrator notices.

## 1.1.0 — 2027-02-28

- One item that is long enough for a second line, since it says the same over
  and over again.
- Another.

## 1.0.0 — 2026-11-24

The first release.
In two lines.

- An item.
`
	const want = `lvsdr (1.1.0) unstable; urgency=medium

  * One item that is long enough for a second line, since it says the same
    over and over again.
  * Another.

 -- lvsdr maintainers <maintainers@lvsdr.example>  Sun, 28 Feb 2027 00:00:00 +0000

lvsdr (1.0.0) unstable; urgency=medium

  * The first release. In two lines.
  * An item.

 -- lvsdr maintainers <maintainers@lvsdr.example>  Tue, 24 Nov 2026 00:00:00 +0000
`
	releases, err := parseChangelog(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, debianChangelog(releases)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	newest := releases[0]
	if want := time.Date(2027, 2, 28, 0, 0, 0, 0, time.UTC); newest.version != "1.1.0" || !newest.date.Equal(want) {
		t.Errorf("the newest is %s of %s, want 1.1.0 of %s", newest.version, newest.date, want)
	}
}

func TestChangelogFaults(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "# Changes\n", "CHANGELOG.md: no release"},
		{"hyphen for dash", "## 1.0.0 - 2026-11-24\n", `CHANGELOG.md: "## 1.0.0 - 2026-11-24" is not of the form ## 1.2.3 — 2026-01-31`},
		{"unreleased", "## Unreleased\n", `CHANGELOG.md: "## Unreleased" is not of the form ## 1.2.3 — 2026-01-31`},
		{"no such day", "## 1.0.0 — 2026-02-30\n", `CHANGELOG.md: "## 1.0.0 — 2026-02-30": parsing time "2026-02-30": day out of range`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			releases, err := parseChangelog(tt.text)
			if err == nil || err.Error() != tt.want {
				t.Errorf("%v, %v; want the error %s", releases, err, tt.want)
			}
		})
	}
}
