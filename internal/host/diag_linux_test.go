package host

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink/nl"

	"lvsdr/internal/ipvs"
)

// diagAnswer is a socket at addr as sock_diag tells it.
func diagAnswer(addr string, attributes ...[]byte) []byte {
	a := netip.MustParseAddrPort(addr)
	b := make([]byte, diagLen)
	b[0], b[1] = 10, stateListening
	binary.BigEndian.PutUint16(b[4:], a.Port())
	copy(b[8:24], a.Addr().AsSlice())
	return append(b, slices.Concat(attributes...)...)
}

func attribute(typ int, data ...byte) []byte { return nl.NewRtAttr(typ, data).Serialize() }

func TestDiagSocket(t *testing.T) {
	shutdown := attribute(8, 1)
	for _, tt := range []struct {
		name   string
		b      []byte
		bound  string
		v6Only bool
	}{
		{"IPv6 only", diagAnswer("[::]:80", shutdown, attribute(diagV6Only, 1)), "[::]:80", true},
		{"both families", diagAnswer("[::]:80", shutdown, attribute(diagV6Only, 0)), "[::]:80", false},
		{"an older kernel", diagAnswer("[fd00::7]:80", shutdown), "[fd00::7]:80", false},
		{"IPv4", diagAnswer("[::ffff:10.0.0.7]:80"), "10.0.0.7:80", false},
	} {
		bound, v6Only, err := diagSocket(tt.b)
		if err != nil || bound.String() != tt.bound || v6Only != tt.v6Only {
			t.Errorf("%s: %s, %t, %v; want %s, %t", tt.name, bound, v6Only, err, tt.bound, tt.v6Only)
		}
	}
}

func TestDiagSocketMalformed(t *testing.T) {
	whole := diagAnswer("[::]:80", attribute(diagV6Only, 1))
	for name, b := range map[string][]byte{
		"nothing":                nil,
		"cut short":              whole[:diagLen-1],
		"attribute cut short":    whole[:diagLen+4],
		"attribute without data": diagAnswer("[::]:80", attribute(diagV6Only)),
	} {
		if _, _, err := diagSocket(b); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: %v, want EINVAL", name, err)
		}
	}
}

func TestDiagRequest(t *testing.T) {
	want := make([]byte, 56)
	want[0], want[1] = 10, 6
	binary.NativeEndian.PutUint32(want[4:], 0x480)
	if got := diagRequest(10, ipvs.TCP, 1<<stateListening|1<<stateClosed); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}
