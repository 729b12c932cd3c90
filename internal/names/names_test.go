package names

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The wanted values in the tests of this package are what a C program got from
// glibc 2.36 (Debian 12) with the same files and name servers.

// newResolver writes the files, by their names below /etc, and is a Resolver for
// them. A file that is not given does not exist.
func newResolver(t *testing.T, files map[string]string) *Resolver {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &Resolver{paths: paths{
		hosts:    filepath.Join(dir, "hosts"),
		services: filepath.Join(dir, "services"),
		order:    filepath.Join(dir, "nsswitch.conf"),
		config:   filepath.Join(dir, "resolv.conf"),
	}, dial: dial}
}

// checkHost4 compares the address of a name with the wanted text, "" for none.
func checkHost4(t *testing.T, r *Resolver, name, want string) {
	t.Helper()
	got := ""
	if addr, ok := r.Host4(name); ok {
		got = addr.String()
	}
	if got != want {
		t.Errorf("Host4(%q) = %q; want %q", name, got, want)
	}
}

// none is the wanted name of an address that has none; an empty name is a name.
const none = "(none)"

// checkHostName compares the name of an address with the wanted one.
func checkHostName(t *testing.T, r *Resolver, addr, want string) {
	t.Helper()
	got, ok := r.HostName(netip.MustParseAddr(addr))
	if !ok {
		got = none
	}
	if got != want {
		t.Errorf("HostName(%s) = %q; want %q", addr, got, want)
	}
}

func TestSystemPaths(t *testing.T) {
	s := System()
	got := []string{s.paths.hosts, s.paths.services, s.paths.order, s.paths.config}
	want := []string{"/etc/hosts", "/etc/services", "/etc/nsswitch.conf", "/etc/resolv.conf"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestMissingFiles(t *testing.T) {
	r := newResolver(t, map[string]string{"nsswitch.conf": "hosts: files\n"})
	checkHost4(t, r, "localhost", "")
	checkHostName(t, r, "127.0.0.1", none)
	if port, ok := r.Port("http", "tcp"); ok {
		t.Errorf("Port(http) = %d; want none", port)
	}
}

// Every file is read at the first question and never again.
func TestFilesAreReadOnce(t *testing.T) {
	r := newResolver(t, map[string]string{
		"nsswitch.conf": "hosts: files\nservices: files\n",
		"hosts":         "10.0.0.1 one\n",
		"services":      "http 80/tcp\n",
	})
	ask := func() {
		t.Helper()
		checkHost4(t, r, "one", "10.0.0.1")
		checkHostName(t, r, "10.0.0.1", "one")
		if port, _ := r.Port("http", "tcp"); port != 80 {
			t.Errorf("Port(http) = %d; want 80", port)
		}
	}
	ask()
	for _, path := range []string{r.paths.order, r.paths.hosts, r.paths.services} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	ask()
}

// What looks like an address is not looked up, not even in the hosts file.
func TestNumeric(t *testing.T) {
	tests := []struct {
		name string
		want bool
	}{
		{"", false},
		{"10.0.0.256", true},
		{"1.2.3.4.5", true},
		{"08.1", true},
		{"99999999999", true},
		{"1.2.3.4.", false},
		{"1a", false},
		{"0x1g", false},
		{"abc", false},
		{".", false},
		{"abc:1", true},
		{"dead:beef:x", true},
		{"fe80::1%lo", true},
		{"::1", true},
		{"10.0.0.1:80", true},
		{"web:80", false},
	}
	for _, tt := range tests {
		if got := numeric(tt.name); got != tt.want {
			t.Errorf("numeric(%q) = %v; want %v", tt.name, got, tt.want)
		}
		r := newResolver(t, map[string]string{"nsswitch.conf": "hosts: files", "hosts": "10.1.1.1 " + tt.name})
		want := "10.1.1.1"
		if tt.want {
			want = ""
		}
		checkHost4(t, r, tt.name, want)
	}
}

func BenchmarkFirst(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		System().Service(80, "tcp")
	}
}

func BenchmarkAgain(b *testing.B) {
	r := System()
	addr := netip.MustParseAddr("127.0.0.1")
	b.ReportAllocs()
	for b.Loop() {
		r.HostName(addr)
		r.Service(80, "tcp")
	}
}
