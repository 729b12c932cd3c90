package acceptance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lvsdr/internal/host"

	"github.com/google/go-cmp/cmp"
)

// TestKernelKeepalived runs keepalived: with what lvsdr exports, and beside
// both programs. Its tests wait half of the time, so some run at once, however few
// processors there are.
func TestKernelKeepalived(t *testing.T) {
	var all sync.WaitGroup
	turn := make(chan bool, 4)
	for name, test := range keepalivedTests(t) {
		turn <- true
		all.Go(func() {
			t.Run(name, func(t *testing.T) { test(newLAN(t, name)) })
			<-turn
		})
	}
	all.Wait()
}

func keepalivedTests(t *testing.T) map[string]func(*lan) {
	tests := map[string]func(*lan){
		"servers":   exportServers,
		"directors": exportDirectors,
		"others":    besideOthers,
		"sync":      besideSync,
		"start":     besideStart,
		"listings":  besideListings,
	}
	files, err := filepath.Glob("../internal/keepalived/testdata/*.yaml")
	must(t, err)
	if len(files) < 5 {
		t.Fatalf("only %d configurations", len(files))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		tests[name] = func(l *lan) { l.exportTable(file) }
	}
	return tests
}

// A lan is the network of a test: two directors and one machine with the
// addresses of all real servers, each in a network namespace.
type lan struct {
	t    *testing.T
	name string // what the namespaces' names begin with
}

const plugLAN = `
ns=$0
for host in rs lvs1 lvs2; do ip netns add $ns$host; done
ip -n ${ns}rs -batch - <<-EOF
	link set lo up
	link add br0 type bridge
	link set br0 up
	link add lvs1 type veth peer name eth0 netns ${ns}lvs1
	link add lvs2 type veth peer name eth0 netns ${ns}lvs2
	link set lvs1 master br0 up
	link set lvs2 master br0 up
	addr add 10.0.0.7/24 dev br0
	addr add 10.0.0.17/24 dev br0
	addr add 10.0.0.27/24 dev br0
	addr add 2001:db8::7/64 dev br0 nodad
	addr add 2001:db8::17/64 dev br0 nodad
EOF
for n in 1 2; do
	ip -n ${ns}lvs$n -batch - <<-EOF
		link set lo up
		link set eth0 up
		addr add 10.0.0.8$n/24 dev eth0
		addr add 2001:db8::8$n/64 dev eth0 nodad
	EOF
done
`

func newLAN(t *testing.T, name string) *lan {
	t.Helper()
	l := &lan{t, "keepalived-" + name + "-"}
	t.Cleanup(func() {
		for _, host := range []string{"rs", "lvs1", "lvs2"} {
			exec.Command("ip", "netns", "del", l.name+host).Run()
		}
	})
	if out, err := exec.Command("sh", "-ec", plugLAN, l.name).CombinedOutput(); err != nil {
		t.Fatalf("plug the network in: %v\n%s", err, out)
	}
	return l
}

// inside does something in a host's namespace.
func (l *lan) inside(name string, do func() error) error {
	restore, err := host.EnterNetNS(l.name + name)
	if err != nil {
		return err
	}
	return errors.Join(do(), restore())
}

// run runs a program on a host that has to succeed, silent on standard error
// unless it is lvsdr, and returns what it prints.
func (l *lan) run(host, name string, args ...string) string {
	l.t.Helper()
	return l.finish(host, exec.Command(name, args...))
}

func (l *lan) finish(host string, cmd *exec.Cmd) string {
	l.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := l.inside(host, cmd.Start)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil || cmd.Args[0] != "lvsdr" && stderr.Len() > 0 {
		l.t.Fatalf("%s: %s: %v\n%s%s", host, strings.Join(cmd.Args, " "), err, &stdout, &stderr)
	}
	return stdout.String()
}

// real is what the real program lists. While the other tests change their tables
// its dump may lack something, or have it twice: two that agree do not.
func (l *lan) real(host string, options ...string) string {
	l.t.Helper()
	for end := time.Now().Add(patience); ; {
		listing := l.run(host, "/sbin/ipvsadm", options...)
		if listing == l.run(host, "/sbin/ipvsadm", options...) {
			return listing
		}
		if time.Now().After(end) {
			l.t.Fatalf("ipvsadm %s never said the same twice", strings.Join(options, " "))
		}
	}
}

// table is a director's table as both programs save it.
func (l *lan) table(host string) string {
	l.t.Helper()
	return "ipvsadm:\n" + l.real(host, "-Sn") + "ours:\n" + l.run(host, "ipvsadm", "-Sn")
}

// noTable is the table of a director without services.
const noTable = "ipvsadm:\nours:\n"

// same is a table that both programs save as the same bytes.
func same(lines ...string) string {
	text := strings.Join(lines, "\n") + "\n"
	return "ipvsadm:\n" + text + "ours:\n" + text
}

// file writes a file for the time of the test.
func (l *lan) file(name, text string) string {
	l.t.Helper()
	path := filepath.Join(l.t.TempDir(), name)
	must(l.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// exported is the keepalived.conf of a configuration, with a check a second
// instead of every five seconds.
func (l *lan) exported(config, words string) string {
	l.t.Helper()
	args := append([]string{"--config", config, "export", "keepalived"}, strings.Fields(words)...)
	return strings.ReplaceAll(l.run("lvs1", "lvsdr", args...), "delay_loop 5", "delay_loop 1")
}

// A daemon is keepalived on a director.
type daemon struct {
	lan  *lan
	host string
	conf string // its file
	cmd  *exec.Cmd
	log  string // the file of its log
}

// keepalived starts keepalived, which ends with the test at the latest.
func (l *lan) keepalived(host, conf string) *daemon {
	l.t.Helper()
	dir := l.t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	d := &daemon{lan: l, host: host, conf: at("keepalived.conf"), log: at("log")}
	d.write(conf)
	log, err := os.Create(d.log)
	must(l.t, err)
	defer log.Close()
	d.cmd = exec.Command("keepalived", "--dont-fork", "--log-console", "--log-detail", "--use-file", d.conf,
		"--pid", at("pid"), "--vrrp_pid", at("vrrp"), "--checkers_pid", at("checkers"))
	d.cmd.Stdout, d.cmd.Stderr = log, log
	must(l.t, l.inside(host, d.cmd.Start))
	l.t.Cleanup(func() {
		d.stop()
		if l.t.Failed() {
			l.t.Logf("keepalived on %s:\n%s", host, d.said())
		}
	})
	return d
}

func (d *daemon) write(conf string) {
	d.lan.t.Helper()
	must(d.lan.t, os.WriteFile(d.conf, []byte(conf), 0o600))
}

// reload has it read another file.
func (d *daemon) reload(conf string) {
	d.lan.t.Helper()
	d.write(conf)
	must(d.lan.t, d.cmd.Process.Signal(syscall.SIGHUP))
}

// stop ends it, and waits until it has taken its services away.
func (d *daemon) stop() {
	d.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(patience, func() { d.cmd.Process.Kill() })
	defer kill.Stop()
	d.cmd.Wait()
}

func (d *daemon) said() string {
	data, _ := os.ReadFile(d.log)
	return string(data)
}

// await waits until something is as it should be.
func (l *lan) await(what, want string, got func() string) {
	l.t.Helper()
	for end := time.Now().Add(2 * patience); ; time.Sleep(200 * time.Millisecond) {
		diff := cmp.Diff(want, got())
		if diff == "" {
			return
		}
		if time.Now().After(end) {
			l.t.Fatalf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func (l *lan) awaitTable(what, host, want string) {
	l.t.Helper()
	l.await(what, want, func() string { return l.table(host) })
}

// awaitVIPs waits until a director has these addresses on its interface.
func (l *lan) awaitVIPs(host string, vips ...string) {
	l.t.Helper()
	l.await("VIPs of "+host, strings.Join(vips, " "), func() string { return strings.Join(l.vips(host), " ") })
}

// vips are the addresses of a director's interface with a full mask, IPv4
// first.
func (l *lan) vips(host string) []string {
	l.t.Helper()
	return regexp.MustCompile(`\S+/(32|128)\b`).FindAllString(l.run(host, "ip", "-br", "addr", "show", "eth0"), -1)
}

// A server is a socket of the real servers, which counts how often it is asked.
type server struct {
	asked atomic.Int32
	close func()
}

// serve opens what a check of keepalived asks: by its keyword, at an address.
func (l *lan) serve(keyword string, addr netip.AddrPort) *server {
	l.t.Helper()
	s := new(server)
	if keyword == "UDP_CHECK" {
		l.serveUDP(s, addr)
	} else {
		l.serveHTTP(s, addr, keyword == "SSL_GET")
	}
	l.t.Cleanup(s.close)
	return s
}

func (l *lan) serveUDP(s *server, addr netip.AddrPort) {
	var c net.PacketConn
	must(l.t, l.inside("rs", func() (err error) {
		c, err = net.ListenPacket("udp", addr.String())
		return err
	}))
	s.close = func() { c.Close() }
	go func() {
		b := make([]byte, 2048)
		for {
			if _, _, err := c.ReadFrom(b); err != nil {
				return
			}
			s.asked.Add(1)
		}
	}()
}

// serveHTTP also does for clients that only open a connection.
func (l *lan) serveHTTP(s *server, addr netip.AddrPort, secure bool) {
	var listener net.Listener
	must(l.t, l.inside("rs", func() (err error) {
		listener, err = net.Listen("tcp", addr.String())
		return err
	}))
	h := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.Listener.Close()
	h.Listener = counting{listener, &s.asked}
	s.close = func() { listener.Close() } // not h.Close, which waits for clients
	if secure {
		h.StartTLS()
	} else {
		h.Start()
	}
}

// counting counts connections.
type counting struct {
	net.Listener
	accepted *atomic.Int32
}

func (c counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.accepted.Add(1)
	}
	return conn, err
}

// serveAll opens what the checks of a keepalived.conf ask.
func (l *lan) serveAll(conf string) map[string]*server {
	l.t.Helper()
	type ask struct {
		keyword string
		at      netip.AddrPort
	}
	var asks []ask
	var at netip.AddrPort
	for line := range strings.Lines(conf) {
		words := strings.Fields(line)
		switch {
		case len(words) == 4 && words[0] == "real_server":
			at = addrPort(l.t, words[1], words[2])
		case len(words) == 2 && words[0] == "connect_port":
			last := &asks[len(asks)-1]
			last.at = addrPort(l.t, at.Addr().String(), words[1])
		case len(words) == 2 && (strings.HasSuffix(words[0], "_CHECK") || strings.HasSuffix(words[0], "_GET")):
			asks = append(asks, ask{words[0], at})
		}
	}
	servers := map[string]*server{}
	for _, a := range asks {
		if key := fmt.Sprint(a.keyword, " ", a.at); servers[key] == nil {
			servers[key] = l.serve(a.keyword, a.at)
		}
	}
	return servers
}

func addrPort(t *testing.T, addr, port string) netip.AddrPort {
	t.Helper()
	a, err := netip.ParseAddrPort(net.JoinHostPort(addr, port))
	must(t, err)
	return a
}
