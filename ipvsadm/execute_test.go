package ipvsadm

import (
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"lvsdr/internal/ipvs"
)

// aTable is a kernel with three services; the first has destinations.
func aTable() *fakeKernel {
	udp := serviceOf(ipvs.UDP, "10.0.0.2:53")
	mark := markOf(1, ipvs.INET)
	second := changed(realServer, func(d *ipvs.DestinationEntry) {
		d.Addr, d.Weight, d.Upper, d.Lower = destinationOf("10.0.1.0").Addr, 2, 0, 0
	})
	return &fakeKernel{
		services: []ipvs.ServiceEntry{mark, udp, web}, // not in the order of a listing
		destinations: map[ipvs.Service][]ipvs.DestinationEntry{
			web.Service: {realServer, second},
		},
		timeouts: ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 1 << 31},
		daemons: []ipvs.Daemon{
			{State: ipvs.Master, Interface: "eth0", SyncID: 1}, {State: ipvs.Backup, Interface: "eth0"},
		},
	}
}

const (
	aBanner = "IP Virtual Server version 1.2.1 (size=4096)\n"
	aTitle  = "Prot LocalAddress:Port Scheduler Flags\n" +
		"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
	aWeb = "TCP  10.0.0.1:80 rr\n" +
		"  -> 10.0.1.0:80                  Route   2      3          4         \n" +
		"  -> 10.0.1.1:80                  Route   1      3          4         \n"
	anUnsortedWeb = "TCP  10.0.0.1:80 rr\n" +
		"  -> 10.0.1.1:80                  Route   1      3          4         \n" +
		"  -> 10.0.1.0:80                  Route   2      3          4         \n"
	aUDP  = "UDP  10.0.0.2:53 rr\n"
	aMark = "FWM  1 rr\n"
)

func TestListings(t *testing.T) {
	invalid := general[syscall.EINVAL] + "\n"
	tests := []struct {
		name   string
		line   string
		refuse map[string]error
		want   outcome
	}{
		{"whole table", "-L -n", nil, outcome{Stdout: aBanner + aTitle + aWeb + aUDP + aMark}},
		{"kernel order", "-Ln --nosort", nil, outcome{Stdout: aBanner + aTitle + aMark + aUDP + anUnsortedWeb}},
		{"one service", "-Ln -t 10.0.0.1:80", nil, outcome{Stdout: aTitle + aWeb}},
		{"one service in kernel order", "-Ln -t 10.0.0.1:80 --nosort", nil, outcome{Stdout: aTitle + anUnsortedWeb}},
		{"missing service", "-L -t 10.0.0.1:80", map[string]error{"Service": syscall.ESRCH}, outcome{Stderr: "No such service\n", Status: 1}},
		{"services refused", "-L", map[string]error{"Services": syscall.EINVAL}, outcome{aBanner, invalid, 1}},
		{"services that never come to rest", "-Ln", map[string]error{"Services": ipvs.ErrTorn}, outcome{Stdout: aBanner + aTitle + aWeb + aUDP + aMark}},
		{"destinations that never come to rest", "-Ln", map[string]error{"Destinations": ipvs.ErrTorn}, outcome{Stdout: aBanner + aTitle + aWeb + aUDP + aMark}},
		{"services that never come to rest, to save", "-S", map[string]error{"Services": ipvs.ErrTorn}, outcome{"", "Resource temporarily unavailable\n", 1}},
		{"destinations that never come to rest, to save", "-S", map[string]error{"Destinations": ipvs.ErrTorn}, outcome{"", "Resource temporarily unavailable\n", 1}},
		{"services refused to -S", "-S", map[string]error{"Services": syscall.ESRCH}, outcome{"", "No such process\n", 1}},
		{"destinations refused", "-Ln", map[string]error{"Destinations of 10.0.0.2": syscall.ENOMEM},
			outcome{aBanner + aTitle + aWeb, "Memory allocation problem\n", 1}},
		{"destinations of one service refused", "-Ln -t 10.0.0.1:80", map[string]error{"Destinations": syscall.EPERM},
			outcome{aTitle, "Permission denied (you must be root)\n", 1}},
		{"save", "-Sn", nil, outcome{Stdout: "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.1.0:80 -g -w 2\n" +
			"-a -t 10.0.0.1:80 -r 10.0.1.1:80 -g -w 1 -x 20 -y 10\n-A -u 10.0.0.2:53 -s rr\n-A -f 1 -s rr\n"}},
		{"save, destinations refused", "-Sn", map[string]error{"Destinations of 10.0.0.2": syscall.ENOMEM}, outcome{
			"-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.1.0:80 -g -w 2\n" +
				"-a -t 10.0.0.1:80 -r 10.0.1.1:80 -g -w 1 -x 20 -y 10\n", "Memory allocation problem\n", 1}},
		{"timeouts", "-L --timeout", nil, outcome{Stdout: "Timeout (tcp tcpfin udp): 900 120 -2147483648\n"}},
		{"timeouts refused", "-L --timeout", map[string]error{"Timeouts": syscall.EINVAL}, outcome{"", invalid, 1}},
		{"daemons", "-L --daemon", nil, outcome{Stdout: "master sync daemon (mcast=eth0, syncid=1)\nbackup sync daemon (mcast=eth0, syncid=0)\n"}},
		{"daemons refused", "-L --daemon", map[string]error{"Daemons": syscall.EPERM}, outcome{"", "Permission denied (you must be root)\n", 1}},
		{"no connections file", "-L -c", nil, outcome{"", "cannot open file /proc/net/ip_vs_conn\n", 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := aTable()
			k.refuse = tt.refuse
			if d := diff(tt.want, newRig(t, k, "").do(tt.line)); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.line, d)
			}
		})
	}
}

func TestListWithoutArguments(t *testing.T) {
	k := &fakeKernel{services: []ipvs.ServiceEntry{web}}
	want := outcome{Stdout: aBanner + aTitle + "TCP  vip:http rr\n"}
	if d := diff(want, newRig(t, k, "").do("")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestListConnections(t *testing.T) {
	tests := []struct {
		file string
		want outcome
	}{
		{connHeader, outcome{Stdout: connTitles}},
		{"", outcome{"", "unexpected input from /proc/net/ip_vs_conn\n", 1}},
	}
	for _, tt := range tests {
		r := newRig(t, &fakeKernel{}, "")
		r.connections = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(tt.file)), nil }
		if d := diff(tt.want, r.do("-Lc")); d != "" {
			t.Errorf("file %q (-want +got):\n%s", tt.file, d)
		}
	}
}

// The kernel is asked for a service without a netmask, as the original asks,
// and for destinations by the service that it answered with.
func TestListAsks(t *testing.T) {
	k := aTable()
	newRig(t, k, "").do("-L -t 10.0.0.1:80")
	if d := diff([]string{"Service t 10.0.0.1:80 0", "Destinations t 10.0.0.1:80"}, k.calls); d != "" {
		t.Errorf("calls (-want +got):\n%s", d)
	}
}

// changes are the operations that print nothing: what they ask of the kernel.
var changes = []struct {
	line   string
	action action
	call   string
}{
	{"-A -t 10.0.0.1:80", addService, "AddService t 10.0.0.1:80"},
	{"-E -u 10.0.0.1:80", editService, "EditService u 10.0.0.1:80"},
	{"-D -f 7 -6", deleteService, "DeleteService f 7 -6"},
	{"-C", flush, "Flush"},
	{"-Z", zero, "Zero"},
	{"-Z -t 0.0.0.0", zero, "Zero"},
	{"-Z -t [::]:0", zero, "Zero"},
	{"-Z -t 0.0.0.0:80", zero, "ZeroService t 0.0.0.0:80"},
	{"-Z -f 1", zero, "ZeroService f 1"},
	{"-Z -t 10.0.0.1", zero, "ZeroService t 10.0.0.1:0"},
	{"-a -t 10.0.0.1:80 -r 10.0.1.1:81", addServer, "AddDestination t 10.0.0.1:80 10.0.1.1:80"},
	{"-e -t 10.0.0.1:80 -r 10.0.1.1:81 -m", editServer, "EditDestination t 10.0.0.1:80 10.0.1.1:81"},
	{"-d -t 10.0.0.1:80 -r 10.0.1.1:81", deleteServer, "DeleteDestination t 10.0.0.1:80 10.0.1.1:81"},
	{"--set 1 2 3", setTimeouts, "SetTimeouts {1 2 3}"},
	{"--start-daemon master", startDaemon, "StartDaemon 1 eth0"},
	{"--stop-daemon backup", stopDaemon, "StopDaemon 2"},
}

func TestChanges(t *testing.T) {
	for _, tt := range changes {
		t.Run(tt.line, func(t *testing.T) {
			k := &fakeKernel{}
			if d := diff(outcome{}, newRig(t, k, "").do(tt.line)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if d := diff([]string{tt.call}, k.calls); d != "" {
				t.Errorf("calls (-want +got):\n%s", d)
			}
		})
	}
}

// Every operation with every error that has a text.
func TestChangesRefused(t *testing.T) {
	for _, tt := range changes {
		method, _, _ := strings.Cut(tt.call, " ")
		for errno := range general {
			want := outcome{Stderr: kernelText(tt.action, errno) + "\n", Status: 255}
			k := &fakeKernel{refuse: map[string]error{method: fmt.Errorf("%s: %w", method, errno)}}
			if d := diff(want, newRig(t, k, "").do(tt.line)); d != "" {
				t.Errorf("%s with errno %d (-want +got):\n%s", tt.line, int(errno), d)
			}
		}
	}
}
