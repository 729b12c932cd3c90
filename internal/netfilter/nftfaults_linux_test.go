package netfilter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestKernelFaultsFamily tests in a family that nf_tables has in every kernel
// we test with: its packets are Ethernet's, but its expressions are the same.
func TestKernelFaultsFamily(t *testing.T) {
	testNFT(t, unix.NFPROTO_BRIDGE)
}

// TestStockFaultsInet is like [TestStockFaultsNFT].
func TestStockFaultsInet(t *testing.T) {
	testNFT(t, unix.NFPROTO_INET)
	testNFT(t, unix.NFPROTO_IPV4)
}

func testNFT(t *testing.T, family uint8) {
	name := nftFamily(family)
	r := recording{path: "testdata/" + name + ".txtar"}
	if family != unix.NFPROTO_BRIDGE {
		r.save(t)
	}
	for _, c := range nftCases {
		if c.routed && family == unix.NFPROTO_BRIDGE {
			continue
		}
		t.Run(name+" "+c.name, func(t *testing.T) {
			fresh(t)
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
	hooks := way
	if family == unix.NFPROTO_BRIDGE { // which is asked before
		hooks, p.Bridge = []Hook{Ingress}, true
	}
	faults, err := ruleset(bases).Faults(p, hooks...)
	must(t, err)
	for i, f := range faults {
		if f.Hook == Ingress {
			faults[i].Hook = Input
		}
	}
	return faults
}
