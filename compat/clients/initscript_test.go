//go:build linux

package clients

import (
	"strings"
	"testing"
)

const (
	initScript  = "/etc/init.d/ipvsadm"
	rulesFile   = "/etc/ipvsadm.rules"
	initDefault = "/etc/default/ipvsadm"
)

// initRules are a table with something of everything that rules can say.
const initRules = `-A -t 192.0.2.1:80 -s wrr -p 600 -M 255.255.255.0
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 5
-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 0
-a -t 192.0.2.1:80 -r 10.0.0.3:80 -i -w 2 --tun-type ipip
-A -u 192.0.2.1:53 -s rr -o
-a -u 192.0.2.1:53 -r 10.0.0.1:53 -m -w 1
-A -f 7 -s sh -b sh-port
-a -f 7 -r 10.0.0.1:0 -g -w 1
-A -t [2001:db8::1]:80 -s wlc
-a -t [2001:db8::1]:80 -r [fd00::1]:8080 -m -w 3
`

// TestKernelInitScript runs Debian's /etc/init.d/ipvsadm through the life of a
// machine: rules saved and loaded, the synchronization daemons started and
// stopped, some of it twice.
func TestKernelInitScript(t *testing.T) { compare(t, administer) }

func administer(r *room) {
	r.ip("link add eth0 type dummy", "link set eth0 up", "addr add 10.8.0.1/24 dev eth0")
	r.write("/run/rules", initRules, 0o644)
	r.do("sh", "-c", "ipvsadm -R </run/rules")

	r.services("AUTO=false DAEMON=none", "start", "status", "rate", "save")
	saved := r.rules()
	if want := "# ipvsadm.rules\n" + ordered(initRules); saved != want {
		r.Errorf("saved\n%s\nwant\n%s", saved, want)
	}
	r.services("AUTO=false DAEMON=none", "reload", "restart", "stop")
	r.do("ipvsadm", "-C")
	r.services("AUTO=false DAEMON=none", "load")
	r.services("AUTO=true DAEMON=none", "stop", "reload")
	r.services("AUTO=false DAEMON=master", "start", "start", "stop", "stop")
	r.do("ipvsadm", "-D", "-f", "7")
	r.services("AUTO=true DAEMON=backup", "start", "restart", "stop")
	daemons := r.services("AUTO=true DAEMON=both SYNCID=7", "start", "restart", "start", "reload")
	for _, want := range []string{"master sync daemon (mcast=eth0, syncid=7,", "backup sync daemon (mcast=eth0, syncid=7,"} {
		if !strings.Contains(daemons, want) {
			r.Errorf("no %q in\n%s", want, daemons)
		}
	}
	r.services("AUTO=true DAEMON=both SYNCID=7", "stop", "stop")
	r.write(rulesFile, "# no rules\n-A -t 192.0.2.1:80 -s nosuch\n-A -t 192.0.2.2:80\n-a -t 192.0.2.3\n", 0o644)
	r.services("AUTO=false DAEMON=none", "load")
	r.run(1, initScript, "bogus")
}

// services runs the script with each verb, notes what that leaves, and returns
// the daemons that run in the end.
func (r *room) services(config string, verbs ...string) (daemons string) {
	r.Helper()
	r.note("#", config)
	r.write(initDefault, strings.ReplaceAll(config, " ", "\n")+"\n", 0o644)
	for _, verb := range verbs {
		r.run(0, initScript, verb)
		r.table()
		daemons = r.exec(realDir+"/ipvsadm", "-L", "--daemon").stdout
		r.note("daemon", daemons)
	}
	return daemons
}

// rules reads the file of rules, and notes it.
func (r *room) rules() string {
	r.Helper()
	text := ordered(r.read(rulesFile))
	r.note("rules", text)
	return text
}
