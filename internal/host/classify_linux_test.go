package host

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/lantest"
)

func TestStockClassifiers(t *testing.T) {
	dir := lantest.LAN(t)
	lantest.Within(t, dir, "lvs", func() {
		for _, tt := range []struct {
			words string
			want  []string
		}{
			{"qdisc replace dev eth0 root pfifo", nil},
			{"qdisc add dev eth0 clsact", []string{"eth0"}},
			{"qdisc del dev eth0 clsact", nil},
			{"qdisc add dev eth0 ingress", []string{"eth0"}},
		} {
			out, err := exec.Command("tc", strings.Fields(tt.words)...).CombinedOutput()
			if err != nil {
				t.Fatalf("tc %s: %v\n%s", tt.words, err, out)
			}
			links, err := NewHost().Links()
			lantest.Must(t, err)
			got, err := NewHost().Classifiers(links)
			if d := cmp.Diff(tt.want, got); d != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", tt.words, err, d)
			}
		}
	})
}
