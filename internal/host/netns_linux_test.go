package host

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"lvsdr/internal/lantest"
)

func TestKernelNetNS(t *testing.T) {
	lantest.Fresh(t)
	h := NewHost()
	dir := t.TempDir()
	lantest.Named(t, dir, "rs1")
	outside, err := NamespaceID()
	lantest.Must(t, err)
	lantest.Must(t, h.AddAddress(vip4))

	const parameter = "net.ipv4.conf.lo.arp_ignore"
	lantest.Within(t, dir, "rs1", func() {
		inside, err := NamespaceID()
		lantest.Must(t, err)
		if inside == outside {
			t.Errorf("both namespaces are %d", inside)
		}
		again, err := NamespaceID()
		if err != nil || again != inside {
			t.Errorf("the same namespace is %d, then %d, %v", inside, again, err)
		}
		if list, err := h.Addresses(); err != nil || len(list) != 0 {
			t.Errorf("addresses inside: %v, %v; want none", list, err)
		}
		lantest.Must(t, h.AddAddress(Address{Prefix: netip.MustParsePrefix("10.0.0.7/32"), Interface: "lo"}))
		lantest.Must(t, Sysctl{}.Set(parameter, 1))
		if value, err := (Sysctl{}).Get(parameter); err != nil || value != 1 {
			t.Errorf("inside, %s is %d, %v; want 1", parameter, value, err)
		}
	})

	if id, err := NamespaceID(); err != nil || id != outside {
		t.Errorf("back in namespace %d, %v; want %d", id, err, outside)
	}
	if value, err := (Sysctl{}).Get(parameter); err != nil || value != 0 {
		t.Errorf("outside, %s is %d, %v; want 0", parameter, value, err)
	}
	if list, err := h.Addresses(); err != nil || len(list) != 3 { // 127.0.0.1, ::1, the VIP
		t.Errorf("addresses outside: %v, %v", list, err)
	}
}

// TestKernelNetNSFollowers checks who comes along: a program does, another
// goroutine does not, even if it needs a thread that is made inside.
func TestKernelNetNSFollowers(t *testing.T) {
	lantest.Fresh(t)
	dir := t.TempDir()
	lantest.Named(t, dir, "rs1")
	lantest.Within(t, dir, "rs1", func() {
		inside, err := os.Readlink(threadNamespace)
		lantest.Must(t, err)
		program, err := exec.Command("readlink", "/proc/self/ns/net").Output()
		if err != nil || strings.TrimSpace(string(program)) != inside {
			t.Errorf("a program is in %s, %v; want %s", program, err, inside)
		}
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				runtime.LockOSThread() // each a thread of its own
				defer runtime.UnlockOSThread()
				if other, err := os.Readlink(threadNamespace); err != nil || other == inside {
					t.Errorf("another goroutine is in %s, %v; want it elsewhere", other, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestNetNSErrors(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		want error
	}{
		{"nowhere", os.ErrNotExist},
		{"", syscall.EINVAL},
		{"..", syscall.EINVAL},
		{"../ns", syscall.EINVAL},
	} {
		if _, err := enterNetNS(dir, tt.name); !errors.Is(err, tt.want) {
			t.Errorf("%q: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := enterNetNS(dir, "file"); err == nil {
		t.Error("a plain file was entered")
	}
}
