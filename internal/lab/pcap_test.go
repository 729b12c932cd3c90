package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/lab/vnet"
)

func TestPcapHead(t *testing.T) {
	want := mustHex("d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000")
	if d := cmp.Diff(want, pcapHead()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestPcapRecord(t *testing.T) {
	for _, c := range []struct {
		name  string
		frame vnet.Frame
		want  string
	}{
		{"a whole frame", vnet.Frame{Time: time.Unix(0x01020304, 0x01d2c3*1000+999), Data: []byte("frame"), Length: 5},
			"04030201 c3d20100 05000000 05000000 6672616d65"},
		{"one that was cut off", vnet.Frame{Time: time.Unix(1, 0), Data: []byte("frame"), Length: 1500},
			"01000000 00000000 05000000 dc050000 6672616d65"},
	} {
		if d := cmp.Diff(mustHex(c.want), pcapRecord(c.frame)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// TestTcpdumpReadsCapture asks the program that knows best.
func TestTcpdumpReadsCapture(t *testing.T) {
	text := pcapHead()
	handshake := []tcp{syn1, syn2, synAck, ack1, ack2}
	for i, p := range handshake {
		f := p.frame()
		f.Time = time.Unix(1700000000, int64(i)*1000)
		text = append(text, pcapRecord(f)...)
	}
	file := filepath.Join(t.TempDir(), "capture.pcap")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tcpdump", "-enr", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(handshake) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(handshake), out)
	}
	for i, want := range []string{
		"00:0c:29:91:72:d3 > 00:0c:29:19:bf:73, ethertype IPv4 (0x0800), length 54: 192.168.0.6.5000 > 172.16.0.100.80: Flags [S]",
		"00:0c:29:91:72:73 > 00:0c:29:19:bf:2b, ethertype IPv4 (0x0800), length 54: 192.168.0.6.5000 > 172.16.0.100.80: Flags [S]",
		"00:0c:29:91:72:2b > 00:0c:29:19:bf:d3, ethertype IPv4 (0x0800), length 54: 172.16.0.100.80 > 192.168.0.6.5000: Flags [S.]",
		"00:0c:29:91:72:d3 > 00:0c:29:19:bf:73, ethertype IPv4 (0x0800), length 54: 192.168.0.6.5000 > 172.16.0.100.80: Flags [.]",
		"00:0c:29:91:72:73 > 00:0c:29:19:bf:2b, ethertype IPv4 (0x0800), length 54: 192.168.0.6.5000 > 172.16.0.100.80: Flags [.]",
	} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is\n%s, want\n%s", i+1, lines[i], want)
		}
	}
}
