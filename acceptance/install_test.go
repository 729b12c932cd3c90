package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstall: make install builds what it installs, whatever was built before,
// and wherever.
func TestInstall(t *testing.T) {
	bin, root := t.TempDir(), t.TempDir()
	stale, err := os.ReadFile("/bin/true")
	must(t, err)
	for _, name := range []string{"lvsdr", "ipvsadm"} {
		must(t, os.WriteFile(filepath.Join(bin, name), stale, 0o755))
	}
	out, err := exec.Command("make", "-s", "-C", "..", "install", "BIN="+bin, "DESTDIR="+root, "PREFIX=/usr", "VERSION=9.8.7").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sbin := filepath.Join(root, "usr/sbin")
	for name, want := range map[string]string{"lvsdr": "lvsdr 9.8.7", "ipvsadm": "ipvsadm v1.31"} {
		words, err := exec.Command(filepath.Join(sbin, name), "--version").CombinedOutput()
		if err != nil || !strings.HasPrefix(string(words), want) {
			t.Errorf("%s --version: %q, %v", name, words, err)
		}
	}
	for _, link := range []string{"ipvsadm-save", "ipvsadm-restore"} {
		if to, err := os.Readlink(filepath.Join(sbin, link)); to != "ipvsadm" {
			t.Errorf("%s leads to %q, %v", link, to, err)
		}
	}
	for _, name := range []string{"lvsdr", "ipvsadm"} {
		want, err := os.ReadFile(filepath.Join(bin, name))
		must(t, err)
		if got, err := os.ReadFile(filepath.Join(sbin, name)); err != nil || string(got) != string(want) {
			t.Errorf("%s is not the one that was built, %v", name, err)
		}
	}
}
