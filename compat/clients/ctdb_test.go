//go:build linux

package clients

import (
	"strings"
	"testing"
)

// TestKernelCTDB makes the calls of ctdb's event script 91.lvs (Samba 4.17) on
// the leader of three nodes, whose services have all ports: it removes what it
// may never have added, and adds itself by way of loopback.
func TestKernelCTDB(t *testing.T) {
	compare(t, func(r *room) {
		ipvsadm := func(status int, options string) {
			r.Helper()
			r.run(status, append([]string{"ipvsadm"}, strings.Fields(options)...)...)
		}
		remove := func(status int) {
			r.Helper()
			ipvsadm(status, "-D -t 10.0.0.100")
			ipvsadm(status, "-D -u 10.0.0.100")
			r.table()
		}
		const missing = 255
		remove(missing)                            // startup
		for _, status := range []int{missing, 0} { // nodes come and go: ipreallocated
			remove(status)
			ipvsadm(0, "-A -t 10.0.0.100 -p 1999999 -s lc")
			ipvsadm(0, "-A -u 10.0.0.100 -p 1999999 -s lc")
			for _, node := range []string{"10.0.0.1", "10.0.0.2"} {
				ipvsadm(0, "-a -t 10.0.0.100 -r "+node+" -g")
				ipvsadm(0, "-a -u 10.0.0.100 -r "+node+" -g")
			}
			ipvsadm(0, "-a -t 10.0.0.100 -r 127.0.0.1")
			ipvsadm(0, "-a -u 10.0.0.100 -r 127.0.0.1")
			if rules := r.table(); strings.Count(rules, "-a ") != 6 {
				r.Errorf("the table is\n%s", rules)
			}
		}
		remove(0) // shutdown
	})
}
