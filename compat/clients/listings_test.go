//go:build linux

package clients

import (
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// busyRules are a table with something of everything that listings show. The
// services of 192.0.2.1 and 2001:db8::1 with masquerading can be used.
const busyRules = `-A -t 192.0.2.1:80 -s wrr
-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 1
-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 3 -x 200 -y 100
-A -t 192.0.2.1:443 -s rr -p 300 -M 255.255.255.0
-a -t 192.0.2.1:443 -r 10.0.0.1:8443 -m
-A -t 192.0.2.2:80 -s mh -b mh-fallback,mh-port
-a -t 192.0.2.2:80 -r 10.0.0.3:80 -i -w 0
-a -t 192.0.2.2:80 -r 10.0.0.4:80 -i --tun-type gue --tun-port 6080
-a -t 192.0.2.2:80 -r 10.0.0.5:80 -g -w 65535
-A -u 192.0.2.1:53 -s rr -o
-a -u 192.0.2.1:53 -r 10.0.0.1:53 -m
-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip
-a -u 192.0.2.1:5060 -r 10.0.0.1:5060 -m
-A --sctp-service 192.0.2.1:9899 -s lc
-a --sctp-service 192.0.2.1:9899 -r 10.0.0.2:9899 -m
-A -t [2001:db8::1]:80 -s wlc -p 600 -M 64
-a -t [2001:db8::1]:80 -r [fd00::1]:8080 -m -w 2
-A -f 7 -s sh -b sh-port
-a -f 7 -r 10.0.0.1:0 -g
-A -f 8 -6 -s rr
-a -f 8 -6 -r [fd00::2]:0 -g
`

// busy fills the table and has clients use it.
func busy(r *room) {
	r.Helper()
	r.addresses("192.0.2.1", "10.0.0.1", "10.0.0.2", "2001:db8::1", "fd00::1")
	r.write("/run/rules", busyRules, 0o644)
	r.do("sh", "-c", realDir+"/ipvsadm -R </run/rules")
	for _, server := range []string{"10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.1:8443", "[fd00::1]:8080"} {
		l, err := net.Listen("tcp", server)
		r.check("listen", err)
		r.Cleanup(func() { l.Close() })
	}
	for range 4 {
		r.send("tcp", "192.0.2.1:80", "GET / HTTP/1.0\r\n\r\n")
	}
	r.send("tcp", "192.0.2.1:443", "hello")
	r.send("tcp", "[2001:db8::1]:80", "GET / HTTP/1.0\r\n\r\n")
	r.send("udp", "192.0.2.1:53", "question")
	r.send("udp", "192.0.2.1:5060", "INVITE sip:a@b SIP/2.0\r\nCall-ID: 4711@host\r\n\r\n")
	r.awaitCounters(8)
}

// awaitCounters waits until the counters of all services, and those of their
// real servers, add up to what was sent: the kernel sums them up at times.
func (r *room) awaitCounters(connections int) {
	r.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		text := r.exec(realDir+"/ipvsadm", "-Ln", "--stats").stdout
		services, members := 0, 0
		for _, l := range parseListing(r.T, text) {
			services += l.Service.count("Conns")
			for _, m := range l.Members {
				members += m.count("Conns")
			}
		}
		if services == connections && members == connections {
			return
		}
		if time.Now().After(end) {
			r.Fatalf("%d connections to services, %d to real servers, want %d\n%s", services, members, connections, text)
		}
	}
}

// send sends a message on a connection that stays open until the test ends.
func (r *room) send(network, to, message string) {
	r.Helper()
	c, err := net.Dial(network, to)
	r.check("dial", err)
	r.Cleanup(func() { c.Close() })
	_, err = c.Write([]byte(message))
	r.check("send", err)
}

// list runs a listing of ours between two of the real program that agree, since
// expiry times and rates move, and returns what it says.
func (r *room) list(options ...string) string {
	r.Helper()
	run := func(dir string) outcome {
		o := r.exec(append([]string{dir + "/ipvsadm"}, options...)...)
		o.stdout = timeLeft.ReplaceAllString(o.stdout, " MM:SS ")
		return o
	}
	for range 50 {
		before, got, after := run(realDir), run(programDir), run(realDir)
		if before != after {
			continue
		}
		if d := cmp.Diff(before, got, cmp.AllowUnexported(outcome{})); d != "" {
			r.Errorf("%q (-real +ours):\n%s", options, d)
		}
		return got.stdout
	}
	r.Errorf("%q: the real program never said the same twice", options)
	return ""
}

// timeLeft is how long a connection has to live, which a slow machine never says
// the same way twice; compat compares how it is written.
var timeLeft = regexp.MustCompile(` \d\d:\d\d `)

// TestKernelSosreport makes the listings that sosreport collects (4.0, plugin
// ipvs; no other one asks ipvsadm): of an empty table and of one in use, in the
// kernel's own order.
func TestKernelSosreport(t *testing.T) {
	t.Parallel()
	r := enter(t, ourProgram)
	r.env = []string{"LC_ALL=C"}
	listings := []struct{ options, want string }{ // blanks do not matter
		{"-Ln", "-> 10.0.0.2:8080 Masq 3 3 0"},
		{"-Ln --connection", "ESTABLISHED 192.0.2.1:"},
		{"-Ln --persistent-conn", "-> 10.0.0.1:8443 1 1 1 0"},
		{"-Ln --rate", "CPS"},
		{"-Ln --stats", "-> 10.0.0.2:8080 3 "},
		{"-Ln --thresholds", "-> 10.0.0.2:8080 200 100 3 0"},
		{"-Ln --timeout", "Timeout (tcp tcpfin udp): 900 120 300"},
	}
	for _, l := range listings {
		r.list(strings.Fields(l.options)...)
	}
	busy(r)
	for _, l := range listings {
		got := r.list(strings.Fields(l.options)...)
		if !strings.Contains(strings.Join(strings.Fields(got), " "), l.want) {
			t.Errorf("%s: no %q in\n%s", l.options, l.want, got)
		}
	}
}
