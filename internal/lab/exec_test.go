package lab

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironment(t *testing.T) {
	const config, bin = "LVSDR_CONFIG=/run/lvsdr/lab/lvsdr.yaml", "/run/lvsdr/lab/bin"
	for _, c := range []struct {
		name        string
		outer, want []string
	}{
		{"empty", nil, []string{config, "PATH=" + bin + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
		{"a user's", []string{"HOME=/root", "PATH=/bin:/sbin", "TERM=xterm"}, []string{config, "HOME=/root", "TERM=xterm", "PATH=" + bin + ":/bin:/sbin"}},
		{"of another cluster", []string{"LVSDR_CONFIG=/etc/other", "PATH=/bin", "LVSDR_VIP=192.0.2.1", "LVSDR_NETNS=x"}, []string{config, "PATH=" + bin + ":/bin"}},
		{"of the lab", []string{config, "PATH=" + bin + ":/bin"}, []string{config, "PATH=" + bin + ":/bin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Environment(c.outer)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
