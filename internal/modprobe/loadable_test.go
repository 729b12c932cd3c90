package modprobe

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLoadable(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	modules := file("modules", "ip_vs_wrr 16384 3 - Live 0x0\nnf_tables_set 1 0 - Live 0x0\nip_vs 200704 5 ip_vs_wrr, Live 0x0\n")
	dep := file("modules.dep", "kernel/net/netfilter/ipvs/ip_vs.ko: kernel/net/netfilter/nf_conntrack.ko\nkernel/net/netfilter/nf_tables.ko.xz:\n")
	nowhere := filepath.Join(dir, "nowhere")
	for _, tt := range []struct {
		module, loaded, there string
		want                  bool
	}{
		{"ip_vs", modules, dep, false},
		{"nf_tables", modules, dep, true},
		{"nf_conntrack", modules, dep, true},
		{"sctp", modules, dep, false},      // built in, or nowhere
		{"nf_tables", nowhere, dep, false}, // a kernel without modules
		{"nf_tables", modules, nowhere, false},
	} {
		if got := loadable(tt.module, tt.loaded, tt.there); got != tt.want {
			t.Errorf("%s, %s, %s: %v, want %v", tt.module, tt.loaded, tt.there, got, tt.want)
		}
	}
}
