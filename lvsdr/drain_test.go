package lvsdr

import (
	"strings"
	"syscall"
	"testing"

	"lvsdr/internal/ipvs"
)

func TestDrain(t *testing.T) {
	d := newDesk(t, tutorial+"services: [{port: 80}, {port: 443}]")
	d.succeed("vs start")
	running := d.text()
	zero := "ipvsadm -e -t 172.16.0.100:80 -r 10.0.0.7 -g -w 0\nipvsadm -e -t 172.16.0.100:443 -r 10.0.0.7 -g -w 0\n"
	d.expect("vs drain 10.0.0.7", result{"", zero + "lvsdr: 10.0.0.7 is drained\n", 0})
	drained := d.text()
	d.expect("vs drain 10.0.0.7", result{"", "lvsdr: 10.0.0.7 is drained\n", 0})
	d.expect("vs start", result{vsReady, vsNothing, 0})
	d.looks("after drain and start", drained)
	if got := d.run("vs status"); got.Status != 0 || strings.Count(got.Stdout, "draining") != 2 {
		t.Errorf("status of a drained one: %+v", got)
	}
	one := strings.ReplaceAll(zero, "-w 0", "-w 1")
	d.expect("vs undrain 10.0.0.7", result{"", one, 0})
	d.looks("after undrain", running)
	d.expect("vs undrain 10.0.0.7", result{"", "", 0})
	d.onlyClaims()
}

// Persistence binds clients to a real server whatever its weight, unless a
// parameter of the kernel says otherwise.
func TestDrainPersistent(t *testing.T) {
	d := newDesk(t, tutorial+"services: [{port: 80, persistent: 300}, {port: 443}, {fwmark: 7, persistent: 60}, {port: 25, persistent: 9, real_servers: [10.0.0.17]}]")
	d.succeed("vs start")
	const warning = "lvsdr: vs drain: warning: clients that persistence binds to 10.0.0.7 keep coming until they have stayed away for the persistence timeout: " +
		"-t 172.16.0.100:80 (300 s), -f 7 (60 s)\n" +
		"lvsdr: hint: to give them another real server with their next connection: sysctl -w net.ipv4.vs.expire_quiescent_template=1\n"
	if got := d.run("vs drain 10.0.0.7"); got.Status != 0 || !strings.Contains(got.Stderr, warning) {
		t.Errorf("drain: %+v", got)
	}
	d.expect("--quiet vs drain 10.0.0.7", result{"", warning, 0})
	d.machine.SetParameter("net.ipv4.vs.expire_quiescent_template", 0)
	d.expect("--quiet vs drain 10.0.0.7", result{"", warning, 0})
	d.machine.SetParameter("net.ipv4.vs.expire_quiescent_template", 1)
	d.expect("--quiet vs drain 10.0.0.7", result{"", "", 0})
	d.succeed("vs undrain 10.0.0.7")
}

// Some schedulers have no other real server for the clients of one at weight 0.
func TestDrainRefuses(t *testing.T) {
	d := newDesk(t, tutorial+"services: [{port: 80, scheduler: sh}, {port: 81, scheduler: sh, flags: [sh-fallback]}, {port: 82, scheduler: mh}, {port: 83, scheduler: dh, real_servers: [10.0.0.17]}]")
	d.succeed("vs start")
	d.expect("--quiet vs drain 10.0.0.7", result{"", "lvsdr: vs drain: warning: new connections of the clients of 10.0.0.7 are refused, as the scheduler knows no other real server for them: " +
		"-t 172.16.0.100:80 (sh), -t 172.16.0.100:82 (mh)\n" +
		"lvsdr: hint: flags: [sh-fallback] or [mh-fallback] gives them another one\n", 0})
	d.expect("--quiet vs drain 10.0.0.17", result{"", "lvsdr: vs drain: warning: new connections of the clients of 10.0.0.17 are refused, as the scheduler knows no other real server for them: " +
		"-t 172.16.0.100:80 (sh), -t 172.16.0.100:82 (mh), -t 172.16.0.100:83 (dh)\n" +
		"lvsdr: hint: flags: [sh-fallback] or [mh-fallback] gives them another one\n", 0})
}

// A drain with connections left keeps the weight at zero; one that fails
// leaves everything as it was.
func TestDrainNotDone(t *testing.T) {
	d := newDesk(t, tutorial)
	d.succeed("vs start")
	running := d.text()
	d.machine.FailAt(d.machine.Calls()+1, syscall.EIO)
	if got := d.run("vs drain 10.0.0.7"); got.Status != 1 {
		t.Errorf("a failed drain: %+v", got)
	}
	d.looks("after a failed drain", running)
	d.onlyClaims()

	services, err := d.machine.Services(ipvs.Everything)
	must(t, err)
	destinations, err := d.machine.Destinations(&services[0], ipvs.Everything, nil)
	must(t, err)
	for _, e := range destinations {
		d.machine.SetConnections(services[0].Service, e.Destination, 3, 1)
	}
	d.expect("vs drain --timeout 1ms --json 10.0.0.7", result{
		"{\n  \"real_server\": \"10.0.0.7\",\n  \"active\": 3,\n  \"drained\": false\n}\n",
		"ipvsadm -e -t 172.16.0.100:80 -r 10.0.0.7 -g -w 0\n" +
			"lvsdr: vs drain: 10.0.0.7 has 3 active connections left; its weight stays 0\n" +
			"lvsdr: hint: wait on: lvsdr vs drain 10.0.0.7; give it up: lvsdr vs undrain 10.0.0.7\n", 1,
	})
	if !strings.Contains(d.text(), "10.0.0.7:80 DirectRoute weight 0") {
		t.Errorf("the weight is not 0:\n%s", d.text())
	}
	d.succeed("vs undrain --json 10.0.0.7")
}

func TestDrainWhom(t *testing.T) {
	tests := []struct {
		name, words, want string
		status            int
	}{
		{"nobody", "vs drain", `lvsdr: vs drain: "": expected the address of one real server`, 2},
		{"a name", "vs undrain rs1", `lvsdr: vs undrain: "rs1": expected the address of one real server`, 2},
		{"a stranger", "vs drain 10.0.0.99", "lvsdr: vs drain: 10.0.0.99 is not a real server of the configuration", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, tutorial)
			if got := d.run(tt.words); got.Status != tt.status || !strings.HasPrefix(got.Stderr, tt.want+"\n") {
				t.Errorf("%+v, want %d %s", got, tt.status, tt.want)
			}
			d.noRecord()
		})
	}
}

func TestBar(t *testing.T) {
	var w strings.Builder
	b := newBar(&w, true)
	for _, left := range []uint32{0, 4, 1, 0} {
		b.show(left)
	}
	b.end()
	for i, line := range strings.Split(w.String(), "\r")[1:] {
		if want := []int{30, 0, 22, 30}[i]; strings.Count(line, "#") != want {
			t.Errorf("%q, want %d marks", line, want)
		}
		if want := []string{"0 active connections", "4 active connections", "1 active connection", "0 active connections"}[i]; !strings.Contains(line, " "+want+" left") {
			t.Errorf("%q, want %s left", line, want)
		}
	}
}
