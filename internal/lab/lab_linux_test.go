package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/host"
	"lvsdr/internal/lab/vnet"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// set sets a parameter of this machine for one test.
func set(t *testing.T, name string, value int) {
	t.Helper()
	before, err := host.Sysctl{}.Get(name)
	must(t, err)
	must(t, host.Sysctl{}.Set(name, value))
	t.Cleanup(func() { must(t, host.Sysctl{}.Set(name, before)) })
}

// leavesNothing checks, when the test has ended, that the machine has the
// processes, namespaces and files that it had before.
func leavesNothing(t *testing.T) {
	t.Helper()
	before := machine(t)
	t.Cleanup(func() {
		diff := cmp.Diff(before, machine(t))
		// What a killed lab had started for a host ends by itself where the host
		// is no more.
		for end := time.Now().Add(5 * time.Second); diff != "" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			diff = cmp.Diff(before, machine(t))
		}
		if diff != "" {
			t.Errorf("the machine (-before +after):\n%s", diff)
		}
	})
}

// machine is what a lab may leave of itself on a machine.
func machine(t *testing.T) []string {
	t.Helper()
	var lines []string
	for _, dir := range []string{runFolder, folder, vnet.Folder} {
		entries, err := os.ReadDir(dir)
		if err == nil {
			lines = append(lines, dir)
		}
		for _, e := range entries {
			lines = append(lines, filepath.Join(dir, e.Name()))
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	must(t, err)
	links, err := host.NewHost().Links()
	must(t, err)
	for _, l := range links {
		lines = append(lines, "interface "+l.Name)
	}
	return append(lines, fmt.Sprintf("%d mounts, %d processes of lvsdr", strings.Count(string(mounts), "\n"), len(ours(t))))
}

// ours are the processes that were started under our name.
func ours(t *testing.T) (pids []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(t, err)
	for _, file := range files {
		if words, _ := os.ReadFile(file); bytes.HasPrefix(words, []byte("lvsdr\x00")) {
			pids = append(pids, file)
		}
	}
	return pids
}

// TestKernelUp builds the lab on a machine whose own parameters would spoil it,
// and looks at every host.
func TestKernelUp(t *testing.T) {
	leavesNothing(t)
	for _, link := range []string{"all", "default", "lo"} {
		for _, name := range linkParameters {
			set(t, host.LinkParameter(link, name), 2)
		}
	}
	l := up(t)
	const loopback = "127.0.0.1/8 lo"
	for _, c := range []struct {
		host              string
		addresses, routes []string
		links             []string
		special           map[string]int // parameters that are not 0
	}{
		{"client", []string{loopback, "192.168.0.6/24 eth0"},
			[]string{"default via 192.168.0.200 dev eth0", "192.168.0.0/24 dev eth0"},
			[]string{"eth0 00:0c:29:0d:dc:1c"}, nil},
		{"router", []string{loopback, "10.0.0.200/24 eth0", "172.16.0.200/24 eth0", "192.168.0.200/24 eth1"},
			[]string{"10.0.0.0/24 dev eth0", "172.16.0.0/24 dev eth0", "192.168.0.0/24 dev eth1"},
			[]string{"eth0 00:0c:29:91:72:d3", "eth1 00:0c:29:91:72:dd"}, map[string]int{"net.ipv4.ip_forward": 1}},
		{"lvs", []string{loopback, "10.0.0.8/24 eth0"},
			[]string{"default via 10.0.0.200 dev eth0", "10.0.0.0/24 dev eth0"},
			[]string{"eth0 00:0c:29:19:bf:73"},
			map[string]int{"net.ipv4.conf.all.rp_filter": 1, "net.ipv4.conf.default.rp_filter": 1, "net.ipv4.conf.eth0.rp_filter": 1}},
		{"rs1", []string{loopback, "10.0.0.7/24 eth0"},
			[]string{"default via 10.0.0.200 dev eth0", "10.0.0.0/24 dev eth0"},
			[]string{"eth0 00:0c:29:dc:0a:2b"}, nil},
		{"rs2", []string{loopback, "10.0.0.17/24 eth0"},
			[]string{"default via 10.0.0.200 dev eth0", "10.0.0.0/24 dev eth0"},
			[]string{"eth0 00:0c:29:88:8f:74"}, nil},
	} {
		t.Run(c.host, func(t *testing.T) {
			want := hostState{slices.Sorted(slices.Values(c.addresses)), slices.Sorted(slices.Values(c.routes)), c.links, c.special}
			var got hostState
			must(t, l.In(c.host, func() (err error) {
				got, err = lookAtHost()
				return err
			}))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// hostState is what makes a host of the tutorial, of IPv4.
type hostState struct {
	Addresses, Routes []string // sorted
	Links             []string // but lo, with their Ethernet addresses
	Parameters        map[string]int
}

func lookAtHost() (s hostState, err error) {
	h := host.NewHost()
	addresses, err := h.Addresses()
	routes, err2 := vnet.Routes()
	links, err3 := h.Links()
	if err := errors.Join(err, err2, err3); err != nil {
		return s, err
	}
	for _, a := range addresses {
		if a.Prefix.Addr().Is4() {
			s.Addresses = append(s.Addresses, a.Prefix.String()+" "+a.Interface)
		}
	}
	for _, r := range routes {
		if r.Prefix.Addr().Is4() {
			s.Routes = append(s.Routes, r.String())
		}
	}
	names := []string{"net.ipv4.ip_forward"}
	for _, link := range append([]host.Link{{Name: "all"}, {Name: "default"}}, links...) {
		if link.MAC != nil && !link.Loopback {
			s.Links = append(s.Links, link.Name+" "+link.MAC.String())
		}
		for _, p := range linkParameters {
			names = append(names, host.LinkParameter(link.Name, p))
		}
	}
	for _, name := range names {
		value, err := host.Sysctl{}.Get(name)
		if err != nil {
			return s, err
		}
		if value != 0 {
			if s.Parameters == nil {
				s.Parameters = map[string]int{}
			}
			s.Parameters[name] = value
		}
	}
	slices.Sort(s.Addresses)
	slices.Sort(s.Routes)
	slices.Sort(s.Links)
	return s, nil
}

// TestKernelUpTwice finds the same lab again, and starts a web server again that
// has ended.
func TestKernelUpTwice(t *testing.T) {
	leavesNothing(t)
	l := up(t)
	id := hostID(t, l)
	var said bytes.Buffer
	again, err := Up(context.Background(), &said)
	must(t, err)
	if now := hostID(t, again); now != id || said.Len() > 0 {
		t.Errorf("namespace %d was %d; steps:\n%s", now, id, &said)
	}
	killAll(t, "rs2")
	if l.answers("rs2") {
		t.Error("a killed web server answers")
	}
	_, err = Up(context.Background(), io.Discard)
	must(t, err)
	if !l.answers("rs2") || hostID(t, l) != id {
		t.Error("the web server was not started again, or more than that")
	}
	must(t, Down())
	must(t, Down())
	if _, err := Open(); !errors.Is(err, ErrNone) {
		t.Errorf("open when it is down: %v, want %v", err, ErrNone)
	}
	if Exists() {
		t.Error("something of it is left")
	}
}

func hostID(t *testing.T, l *Lab) (id uint64) {
	t.Helper()
	must(t, l.In("lvs", func() (err error) {
		id, err = host.NamespaceID()
		return err
	}))
	return id
}

// TestKernelSetUp starts the cluster: the real servers take turns, and know who
// asks.
func TestKernelSetUp(t *testing.T) {
	leavesNothing(t)
	l := up(t)
	ctx := context.Background()
	if page, err := l.Get(ctx, "http://"+vip+"/"); err == nil {
		t.Errorf("a page before anything is started: %q", page)
	}
	for range 2 {
		var stdout bytes.Buffer
		must(t, l.SetUp(ctx, &stdout, io.Discard))
		if want := "The VS Server is Ready!\nThe RS Server is Ready!\nThe RS Server is Ready!\n"; stdout.String() != want {
			t.Errorf("the verbs say %q, want %q", &stdout, want)
		}
	}
	pages := map[string]int{}
	for range 6 {
		page, err := l.Get(ctx, "http://"+vip+"/")
		must(t, err)
		pages[page]++
	}
	if diff := cmp.Diff(map[string]int{rip1 + " \n": 3, rip2 + " \n": 3}, pages); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	line := regexp.MustCompile(`(?m)^192\.168\.0\.6 - - \[[^]]+\] "GET / HTTP/1\.1" 200 1[01]$`)
	for host := range realServers() {
		log, err := os.ReadFile(l.AccessLog(host))
		must(t, err)
		if n := len(line.FindAll(log, -1)); n != 3 || bytes.Count(log, []byte("\n")) != 3 {
			t.Errorf("access log of %s:\n%s\nwant 3 lines of the client", host, log)
		}
	}
}

func TestKernelCommand(t *testing.T) {
	leavesNothing(t)
	l := up(t)
	for _, c := range []struct {
		name         string
		host         string
		args         []string
		stdout, said string // patterns
		status       int
	}{
		{"a program sees its host alone", "router", []string{"cat", "/proc/net/dev"}, `(?s)\beth1:`, `^$`, 0},
		{"ipvsadm is this program", "lvs", []string{"sh", "-c", "readlink -f $(command -v ipvsadm); ipvsadm -Sn"}, `lab\.test\n$`, `^$`, 0},
		{"lvsdr has the lab's configuration", "rs1", []string{"lvsdr", "config"}, `(?m)^vip: .?172\.16\.0\.100`, `^$`, 0},
		{"its status", "client", []string{"sh", "-c", "exit 9"}, `^$`, `^$`, 9},
		{"no such program", "client", []string{"nosuch"}, `^$`, `^lvsdr: lab exec: .*nosuch`, 127},
		{"no such host", "nosuch", []string{"true"}, `^$`, `^lvsdr: lab exec: unknown host "nosuch": client, router, lvs, rs1 or rs2\n$`, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			cmd := l.Command(context.Background(), c.host, c.args...)
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
				t.Fatal(err)
			}
			if status := cmd.ProcessState.ExitCode(); status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			for text, pattern := range map[string]string{stdout.String(): c.stdout, stderr.String(): c.said} {
				if !regexp.MustCompile(pattern).MatchString(text) {
					t.Errorf("%q does not match %s", text, pattern)
				}
			}
		})
	}
}

// TestKernelCommandOfNoLab must not build one for a program whose lab is gone.
func TestKernelCommandOfNoLab(t *testing.T) {
	leavesNothing(t)
	out, err := new(Lab).Command(context.Background(), "client", "true").CombinedOutput()
	if want := "lvsdr: lab exec: no lab is up\nlvsdr: hint: lvsdr lab up\n"; err == nil || string(out) != want {
		t.Errorf("%v, %q, want %q", err, out, want)
	}
}

// TestKernelGetErrors needs no server: nobody answers, or not with a page.
func TestKernelGetErrors(t *testing.T) {
	leavesNothing(t)
	l := up(t)
	for _, c := range []struct{ name, url, want string }{
		{"nobody listens", "http://10.0.0.8/", "connection refused"},
		{"nobody is there", "http://10.0.0.66/", "no answer|no route to host"},
		{"no URL", "http://[", "missing ']'"},
		{"another protocol", "ftp://10.0.0.7/", "unsupported protocol"},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			page, err := l.Get(context.Background(), c.url)
			if err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) {
				t.Errorf("got %q, %v; want %s", page, err, c.want)
			}
			if took := time.Since(start); took > 2*requestTimeout {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestKernelDownWithGuests takes a lab down in which somebody works.
func TestKernelDownWithGuests(t *testing.T) {
	leavesNothing(t)
	l := up(t)
	must(t, l.SetUp(context.Background(), io.Discard, io.Discard))
	sleep := l.Command(context.Background(), "client", "sleep", "1000")
	must(t, sleep.Start())
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if slices.Contains(processes(t, "client"), sleep.Process.Pid) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the program does not come to the client")
		}
	}
	must(t, Down())
	if err := sleep.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("the program ended with %v, want that it was killed", err)
	}
}

// inside is the namespace of a host.
func inside(t *testing.T, host string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join(vnet.Folder, namespace(host)))
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func processes(t *testing.T, host string) []int {
	t.Helper()
	pids, err := vnet.Processes(inside(t, host))
	must(t, err)
	return pids
}

func killAll(t *testing.T, host string) {
	t.Helper()
	must(t, kill(inside(t, host)))
}
