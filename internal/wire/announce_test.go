package wire

import (
	"encoding/hex"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAnnouncement compares with packets written down by hand: the checksum of
// the last one is the one's complement sum of RFC 4443, section 2.3.
func TestAnnouncement(t *testing.T) {
	for _, tt := range []struct {
		vip, to string
		packets []string
	}{
		{"172.16.0.100", "ff:ff:ff:ff:ff:ff", []string{
			"0001 0800 06 04 0001 02000a000008 ac100064 ffffffffffff ac100064",
			"0001 0800 06 04 0002 02000a000008 ac100064 02000a000008 ac100064",
		}},
		{"fd00::100", "33:33:00:00:00:01", []string{
			"60000000 0020 3a ff fd000000000000000000000000000100 ff020000000000000000000000000001" +
				"88 00 4e96 20000000 fd000000000000000000000000000100 02 01 02000a000008",
		}},
	} {
		a := newAnnouncement(net.HardwareAddr{2, 0, 10, 0, 0, 8}, netip.MustParseAddr(tt.vip))
		var got, want []string
		for _, p := range a.packets {
			got = append(got, hex.EncodeToString(p))
		}
		for _, p := range tt.packets {
			want = append(want, strings.ReplaceAll(p, " ", ""))
		}
		if d := cmp.Diff(want, got); d != "" || a.to.String() != tt.to {
			t.Errorf("%s to %s, want %s (-want +got):\n%s", tt.vip, a.to, tt.to, d)
		}
	}
}
