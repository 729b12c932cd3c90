package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// parameters makes a /proc/sys of files.
func parameters(t *testing.T, files map[string]string) Sysctl {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Sysctl{Root: root}
}

func TestSysctlGet(t *testing.T) {
	s := parameters(t, map[string]string{
		"net/ipv4/conf/all/arp_ignore":      "1\n",
		"net/ipv4/conf/eth0.100/arp_ignore": "2\n",
		"net/ipv4/vs/sync_qlen_max":         "-1\n",
		"net/ipv4/ip_local_port_range":      "32768\t60999\n",
	})
	for _, tt := range []struct {
		name string
		want int
		err  error
	}{
		{name: "net.ipv4.conf.all.arp_ignore", want: 1},
		{name: "net/ipv4/conf/all/arp_ignore", want: 1},
		{name: "net.ipv4.conf.eth0/100.arp_ignore", want: 2},
		{name: "net/ipv4/conf/eth0.100/arp_ignore", want: 2},
		{name: "net.ipv4.vs.sync_qlen_max", want: -1},
		{name: "net.ipv4.conf.eth0.100.arp_ignore", err: fs.ErrNotExist},
		{name: "net.ipv4.conf.lo.arp_ignore", err: fs.ErrNotExist},
		{name: "", err: fs.ErrInvalid},
		{name: "net..ipv4", err: fs.ErrInvalid},
		{name: "net/../../etc/passwd", err: fs.ErrInvalid},
		{name: "net.//.//.etc.passwd", err: fs.ErrInvalid},
		{name: "/etc/passwd", err: fs.ErrInvalid},
	} {
		if got, err := s.Get(tt.name); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%q: %d, %v; want %d, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
	if got, err := s.Get("net.ipv4.ip_local_port_range"); err == nil {
		t.Errorf("two numbers were read as %d", got)
	}
}

func TestSysctlSet(t *testing.T) {
	s := parameters(t, map[string]string{"net/ipv4/conf/eth0.100/arp_ignore": "0\n"})
	const name = "net.ipv4.conf.eth0/100.arp_ignore"
	if err := s.Set(name, 2); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(name); err != nil || got != 2 {
		t.Errorf("after setting 2: %d, %v", got, err)
	}
	if err := s.Set("net.ipv4.conf.lo.arp_ignore", 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unknown parameter: %v, want it not to exist", err)
	}
	if err := s.Set("..", 1); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("no name: %v, want it to be invalid", err)
	}
}

// A VLAN's name has a dot, which the file of its parameter has as well.
func TestLinkParameter(t *testing.T) {
	for link, want := range map[string]string{
		"all":      "/proc/sys/net/ipv4/conf/all/arp_ignore",
		"eth0.100": "/proc/sys/net/ipv4/conf/eth0.100/arp_ignore",
	} {
		if got, err := (Sysctl{}).path(LinkParameter(link, "arp_ignore")); got != want || err != nil {
			t.Errorf("%s: %s, %v; want %s", link, got, err, want)
		}
	}
}
