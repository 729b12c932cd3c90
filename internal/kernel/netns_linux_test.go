package kernel

import (
	"errors"
	"net/netip"
	"os"
	"testing"
)

func TestKernelNetNS(t *testing.T) {
	h := fresh(t)
	dir := t.TempDir()
	named(t, dir, "rs1")
	outside, err := NamespaceID()
	must(t, err)
	must(t, h.AddAddress(vip4))

	const parameter = "net.ipv4.conf.lo.arp_ignore"
	within(t, dir, "rs1", func() {
		inside, err := NamespaceID()
		must(t, err)
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
		must(t, h.AddAddress(Address{Prefix: netip.MustParsePrefix("10.0.0.7/32"), Interface: "lo"}))
		must(t, Sysctl{}.Set(parameter, 1))
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
		{"", os.ErrInvalid},
		{"..", os.ErrInvalid},
		{"../ns", os.ErrInvalid},
	} {
		if _, err := enterNetNS(dir, tt.name); !errors.Is(err, tt.want) {
			t.Errorf("%q: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := enterNetNS(dir, "file"); err == nil {
		t.Error("a plain file was entered")
	}
}
