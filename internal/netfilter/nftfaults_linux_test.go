package netfilter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestStockFaultsInet is like [TestStockFaultsNFT].
func TestStockFaultsInet(t *testing.T) {
	testNFT(t, unix.NFPROTO_INET)
	testNFT(t, unix.NFPROTO_IPV4)
}

func testNFT(t *testing.T, family uint8) {
	name := nftFamily(family)
	r := recording{path: "testdata/" + name + ".txtar"}
	r.save(t)
	ns := freshFor(t)
	for _, c := range nftCases {
		t.Run(name+" "+c.name, func(t *testing.T) {
			ns.enter(t)
			run(t, "nft", "table "+name+" t { "+strings.ReplaceAll(c.table, "VIP", vip4)+"; }")
			r.add(t, c.name, func() ([]byte, error) { return nftBytes(family) })
			p := withDefaults(c.packet, vip4)
			faults := nftFaults(t, family, p)
			bases, err := nftBases(family)
			must(t, err)
			testMarks(t, ruleset(bases), p, c.name, c.marked, c.marks)
			if d := cmp.Diff(c.want, withoutTables(faults)); d != "" {
				t.Errorf("faults (-want +got):\n%s\n%s", d, run(t, "nft", "-a", "list", "ruleset"))
			}
			for _, f := range faults {
				remedy := strings.Fields(f.Remedy)
				run(t, remedy[0], remedy[1:]...)
			}
			if left := nftFaults(t, family, p); left != nil {
				t.Errorf("after the remedies: %+v", left)
			}
		})
	}
}

// nftFaults is [Rules.Faults] of one protocol family.
func nftFaults(t *testing.T, family uint8, p Packet) []Fault {
	t.Helper()
	bases, err := nftBases(family)
	must(t, err)
	faults, err := ruleset(bases).Faults(p, way...)
	must(t, err)
	return faults
}
