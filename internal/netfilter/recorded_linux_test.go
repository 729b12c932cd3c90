//go:build amd64 || arm64

package netfilter

// The recordings were made on amd64: other machines would read their numbers in
// other ways.

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// recorded reads a recording by the names of the cases.
func recorded(t testing.TB, path string) map[string][]byte {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range archive.Files {
		packed := base64.NewDecoder(base64.StdEncoding, bytes.NewReader(f.Data))
		if all[f.Name], err = io.ReadAll(flate.NewReader(packed)); err != nil {
			t.Fatalf("%s: %s: %v", path, f.Name, err)
		}
	}
	return all
}

func TestFaultsRecorded(t *testing.T) {
	for path, vip := range map[string]string{recordedLegacy: vip4, recordedLegacy6: vip6, recordedNFT: vip4, recordedNFT6: vip6} {
		all := recorded(t, path)
		for _, c := range iptablesCases {
			p := withDefaults(c.packet, vip)
			rules := testRecorded(t, path, all[c.name], c.name, p, c.want)
			testMarks(t, rules, p, path+": "+c.name, c.marked, c.marks)
		}
	}
	for _, path := range []string{recordedInet, recordedIP} {
		all := recorded(t, path)
		for _, c := range nftCases {
			p := withDefaults(c.packet, vip4)
			rules := testRecorded(t, path, all[c.name], c.name, p, c.want)
			testMarks(t, rules, p, path+": "+c.name, c.marked, c.marks)
		}
	}
}

func testRecorded(t *testing.T, path string, data []byte, name string, p Packet, wanted []want) Rules {
	t.Helper()
	bases, err := decoded(path, data)
	if err != nil || len(data) == 0 && name != "nothing" {
		t.Errorf("%s: %s: %d bytes, %v", path, name, len(data), err)
		return ruleset(nil)
	}
	faults, err := ruleset(bases).Faults(p, way...)
	if d := cmp.Diff(wanted, withoutTables(faults)); d != "" || err != nil {
		t.Errorf("%s: %s: %v, faults (-want +got):\n%s", path, name, err, d)
	}
	return ruleset(bases)
}
