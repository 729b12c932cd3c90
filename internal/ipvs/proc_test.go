package ipvs

import (
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestParseConnection(t *testing.T) {
	want := Connection{
		Protocol:    "UDP",
		Client:      netip.MustParseAddrPort("10.1.0.2:0"),
		Virtual:     netip.MustParseAddrPort("10.1.0.100:5060"),
		Destination: netip.MustParseAddrPort("10.3.0.2:5060"),
		State:       "ASSURED",
		Expires:     296,
		PE:          "sip",
		PEData:      "callid-123456@host",
	}
	got, ok := parseConnection("UDP 0A010002 0000 0A010064 13C4 0A030002 13C4 ASSURED         296 sip callid-123456@host\n")
	if !ok {
		t.Fatal("not understood")
	}
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestParseConnectionRefuses(t *testing.T) {
	for _, line := range []string{
		"",
		"TCP",
		"TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED",
		"TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED many",
		"TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED 896s",
		"TCP 0A01000G 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED 896",
		"TCP 0A01000200 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED 896",
		"TCP 0A010002 101BB 0A010064 0050 0A030002 1F90 ESTABLISHED 896",
		"TCP 0A010002 01BB 0A010064 port 0A030002 1F90 ESTABLISHED 896",
		"TCP fd00:: 01BB 0A010064 0050 fd00:::1 1F90 ESTABLISHED 896",
		"TCP fd00::1%lo 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED 896",
		"TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED 18446744073709551616",
	} {
		if c, ok := parseConnection(line); ok {
			t.Errorf("%q is understood as %+v", line, c)
		}
	}
}

// A list ends with the error that it came to.
func TestReadConnections(t *testing.T) {
	const title, line = "Pro FromIP\n", "TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED 896\n"
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		in   io.Reader
		n    int
		want error
	}{
		{"title alone", strings.NewReader(title), 0, nil},
		{"blank lines", strings.NewReader(title + "\n" + line + " \t\n" + line), 2, nil},
		{"last line without newline", strings.NewReader(title + line + strings.TrimSpace(line)), 2, nil},
		{"a line that is none", strings.NewReader(title + line + "TCP\n" + line), 1, ErrConnection},
		{"a file that breaks off", io.MultiReader(strings.NewReader(title+line), iotest.ErrReader(broken)), 1, broken},
	} {
		list, err := ReadConnections(tt.in)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		n, last := 0, error(nil)
		for _, err := range list {
			if last = err; err == nil {
				n++
			}
		}
		if n != tt.n || last != tt.want {
			t.Errorf("%s: %d connections and %v, want %d and %v", tt.name, n, last, tt.n, tt.want)
		}
	}
	if _, err := ReadConnections(strings.NewReader("")); err != io.EOF {
		t.Errorf("an empty file: %v", err)
	}
}
