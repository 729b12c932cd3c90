package guest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoadOrder(t *testing.T) {
	const dependencies = `kernel/net/ip_vs.ko.xz: kernel/net/nf_conntrack.ko.xz kernel/lib/libcrc32c.ko.xz
kernel/net/ip_vs_wrr.ko.xz: kernel/net/ip_vs.ko.xz kernel/net/nf_conntrack.ko.xz
kernel/net/nf_conntrack.ko.xz: kernel/lib/libcrc32c.ko.xz
kernel/lib/libcrc32c.ko.xz:
kernel/crypto/crc32c-generic.ko.xz:
`
	got, err := loadOrder(dependencies, "kernel/drivers/virtio/virtio_pci.ko\n", []string{"virtio_pci", "crc32c_generic", "ip_vs_wrr"})
	want := []string{
		"kernel/crypto/crc32c-generic.ko.xz", "kernel/lib/libcrc32c.ko.xz", "kernel/net/nf_conntrack.ko.xz",
		"kernel/net/ip_vs.ko.xz", "kernel/net/ip_vs_wrr.ko.xz",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("loadOrder: %v (-want +got)\n%s", err, diff)
	}
	if _, err := loadOrder(dependencies, "", []string{"ip_vs_rr"}); err == nil {
		t.Error("loadOrder finds a module that is not there")
	}
}
