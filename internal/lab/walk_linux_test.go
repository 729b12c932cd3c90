package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
)

// TestKernelWalkSeesFaults walks through labs that are not as the tutorial's,
// up to the step that shows it.
func TestKernelWalkSeesFaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		host   string
		spoil  func() error
		failed []string // expectations
	}{
		{"a router that forwards nothing", "router", func() error {
			return host.Sysctl{}.Set("net.ipv4.ip_forward", 0)
		}, []string{
			"1: client pings 10.0.0.7", "1: client pings 10.0.0.17", "1: lvs pings 192.168.0.6", "1: rs1 pings 192.168.0.6",
			"1: rs2 pings 192.168.0.6", "1: the page of 10.0.0.7", "1: the page of 10.0.0.17",
		}},
		{"a director without rp_filter", "lvs", func() error {
			for _, link := range []string{"all", "eth0"} {
				if err := (host.Sysctl{}).Set(host.LinkParameter(link, "rp_filter"), 0); err != nil {
					return err
				}
			}
			return nil
		}, []string{"6: without a default route, rp_filter=1 drops what the client sends"}},
		{"a router where nobody should be", "router", func() error {
			return host.NewHost().AddAddress(host.Address{Prefix: netip.MustParsePrefix(nobody + "/24"), Interface: "eth0", Label: "eth0"})
		}, []string{"9: with a default route to nobody, its answer is lost"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := up(t)
			if err := l.In(c.host, c.spoil); err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			r, err := Walk(context.Background(), l, Options{Last: Steps, Out: &text})
			if err != nil {
				t.Fatalf("%v\n%s", err, &text)
			}
			var failed []string
			for _, s := range r.Steps {
				for _, e := range s.Expectations {
					if !e.OK {
						failed = append(failed, fmt.Sprintf("%d: %s", s.Number, e.What))
					}
				}
			}
			if d := cmp.Diff(c.failed, failed); d != "" || r.OK {
				t.Errorf("ok is %t; failed expectations (-want +got):\n%s", r.OK, d)
			}
			if n := strings.Count(text.String(), "FAILED"); n != len(c.failed)+1 {
				t.Errorf("%d times FAILED, want %d and the end:\n%s", n, len(c.failed), &text)
			}
		})
	}
}

// TestKernelWalkBreaks takes a host away.
func TestKernelWalkBreaks(t *testing.T) {
	l := up(t)
	if err := l.Down(); err != nil {
		t.Fatal(err)
	}
	r, err := Walk(context.Background(), l, Options{Last: Steps, Out: io.Discard})
	if err == nil || !strings.HasPrefix(err.Error(), "step 1: ") || r.OK {
		t.Errorf("got %v, ok %t; want an error of step 1", err, r.OK)
	}
}

// up builds a lab for a test.
func up(t *testing.T) *Lab {
	t.Helper()
	l, err := Up(context.Background(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Down(); err != nil {
			t.Error(err)
		}
	})
	return l
}
