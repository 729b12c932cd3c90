//go:build linux

package compat

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// restless is how many services another network namespace gets and loses, again
// and again.
const restless = 400

// many are rules for so many services of one real server each.
func many(ipv4, ipv6 int) string {
	var b strings.Builder
	for i := range ipv4 {
		fmt.Fprintf(&b, "-A -t 10.%d.%d.1:80 -s rr\n-a -t 10.%d.%d.1:80 -r 10.200.0.1 -m\n", i/250, i%250, i/250, i%250)
	}
	for i := range ipv6 {
		fmt.Fprintf(&b, "-A -t [fd00::%x]:80 -s rr\n-a -t [fd00::%x]:80 -r fd01::1 -m\n", i+1, i+1)
	}
	return b.String()
}

// churn fills and empties the table of a namespace of its own at full speed, by
// the real program, until the test ends.
func churn(t *testing.T) {
	t.Helper()
	s := newSession(t, 0)
	rules := filepath.Join(t.TempDir(), "rules")
	var b strings.Builder
	for i := range restless {
		fmt.Fprintf(&b, "-A -t 10.99.%d.%d:80\n", i/250, i%250)
	}
	b.WriteString("-C\n")
	if err := os.WriteFile(rules, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", `while :; do ipvsadm -R <"$0" || exit; done`, rules)
	cmd.Env = environment(reference)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.do(cmd.Start); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
}

// TestTorn: what lies still is listed whole, whatever happens to the tables of
// others meanwhile. The kernel's own dump is not: of the original's listings some
// lack services or have them twice.
func TestTorn(t *testing.T) {
	if goldenOnly {
		return
	}
	for _, table := range []struct {
		name       string
		ipv4, ipv6 int
		lines      []string
	}{
		{"IPv4", 330, 0, []string{"-Ln", "-Sn", "-Ln --stats", "-Ln --rate", "-Ln -t 10.0.7.1:80"}},
		{"both families", 170, 170, []string{"-Sn", "ipvsadm-save -n"}},
	} {
		t.Run(table.name, func(t *testing.T) {
			s := newSession(t, 0)
			if o := s.run(t, reference, parse(t, "-R\n"+many(table.ipv4, table.ipv6))); o.status != 0 {
				t.Fatal(o)
			}
			want := map[string]string{}
			for _, line := range table.lines {
				want[line] = s.exec(t, reference, parse(t, line)).String()
			}
			churn(t)
			for _, line := range table.lines {
				for _, p := range []program{overSockopt, overNetlink, multicall} {
					torn := 0
					for range *tornListings {
						compared++
						if d := cmp.Diff(want[line], s.exec(t, p, parse(t, line)).String()); d != "" {
							torn++
							t.Logf("$ %s (-at rest +%s):\n%s", line, p.name, d)
						}
					}
					if torn > 0 {
						t.Errorf("$ %s: %d of %d by %s are torn", line, torn, *tornListings, p.name)
					}
				}
			}
		})
	}
}
