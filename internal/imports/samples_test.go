package imports

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/config"
	exporter "lvsdr/internal/keepalived"
)

// Where Debian has the sample files of both programs; ".ci/deps" installs them.
const (
	keepalivedSamples = "/usr/share/doc/keepalived/samples/keepalived.conf.*"
	ldirectordSample  = "/usr/share/doc/ldirectord/examples/ldirectord.cf"
)

// Each of keepalived's samples that has a virtual server becomes a configuration,
// and what export makes of that is the same table again.
func TestKeepalivedSamples(t *testing.T) {
	samples, err := filepath.Glob(keepalivedSamples)
	if err != nil || len(samples) < 20 {
		t.Fatalf("%d samples are %s: %v", len(samples), keepalivedSamples, err)
	}
	imported := 0
	for _, sample := range samples {
		t.Run(filepath.Base(sample), func(t *testing.T) {
			text, err := os.ReadFile(sample)
			if err != nil {
				t.Fatal(err)
			}
			d := Keepalived(Text{sample, string(text)}, files)
			d.Mark([]netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")})
			if has := strings.Contains(string(text), "\nvirtual_server "); has != (len(d.Services) > 0) {
				t.Fatalf("%d services, %v", len(d.Services), d.Remarks)
			}
			if len(d.Services) == 0 || strings.HasSuffix(sample, ".virtual_server_group") { // its real server is a VIP
				return
			}
			imported++
			from, err := config.Load("", d.File().YAML(sample))
			if err != nil {
				t.Fatal(err)
			}
			var export bytes.Buffer
			if _, err := exporter.Write(&export, from, exporter.Options{Interface: "eth0", RouterID: 51, Priority: 100}); err != nil {
				t.Fatal(err)
			}
			again := Keepalived(Text{"export", export.String()}, files).File()
			if diff := cmp.Diff(tableOf(from), tableOf(again.Config)); diff != "" {
				t.Errorf("(-sample +export):\n%s", diff)
			}
		})
	}
	if imported < 12 {
		t.Errorf("%d samples have a virtual server", imported)
	}
}

// ldirectord's sample is the table that it describes.
func TestLdirectordSample(t *testing.T) {
	text, err := os.ReadFile(ldirectordSample)
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Load("", Ldirectord(string(text), known{}).File().YAML(ldirectordSample))
	if err != nil {
		t.Fatal(err)
	}
	want, err := config.Load("", []byte(`vip: 192.168.6.240
services:
  - {port: 80, scheduler: rr, sorry: [127.0.0.1]}
real_servers: [192.168.6.2, 192.168.6.3, 192.168.6.6]
check: {type: http, interval: 1s, timeout: 1s}
`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tableOf(want), tableOf(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c := got.Services[0].Check; c == nil && got.Check == nil {
		t.Error("it asks nothing")
	}
}
