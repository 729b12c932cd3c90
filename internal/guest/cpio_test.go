package guest

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInitramfs(t *testing.T) {
	var b bytes.Buffer
	a := newInitramfs(&b)
	a.device("/dev/console", 5, 1)
	a.File("/usr/bin/true", 0o755, []byte("12345"))
	a.Link("/usr/bin/false", "true")
	a.File("usr/bin/../bin/true", 0o644, []byte("once is enough"))
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`dev 40755 0:0 ""`,
		`dev/console 20600 5:1 ""`,
		`usr 40755 0:0 ""`,
		`usr/bin 40755 0:0 ""`,
		`usr/bin/true 100755 0:0 "12345"`,
		`usr/bin/false 120777 0:0 "true"`,
		`TRAILER!!! 0 0:0 ""`,
	}
	if diff := cmp.Diff(want, listArchive(t, b.Bytes())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// listArchive reads name, mode, device and content of each entry.
func listArchive(t *testing.T, b []byte) (entries []string) {
	t.Helper()
	const header = 6 + 13*8
	for at := 0; at < len(b); {
		field := func(n int) int {
			value, err := strconv.ParseUint(string(b[at+6+8*n:at+6+8*(n+1)]), 16, 32)
			if err != nil {
				t.Fatalf("entry %d: %v", len(entries), err)
			}
			return int(value)
		}
		if magic := string(b[at : at+6]); magic != "070701" {
			t.Fatalf("entry %d begins with %q", len(entries), magic)
		}
		size, nameSize := field(6), field(11)
		name := b[at+header : at+header+nameSize-1]
		content := (at + header + nameSize + 3) &^ 3
		entries = append(entries, fmt.Sprintf("%s %o %d:%d %q", name, field(1), field(9), field(10), b[content:content+size]))
		at = (content + size + 3) &^ 3
	}
	return entries
}
