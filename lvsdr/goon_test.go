package lvsdr

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"lvsdr/internal/health"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/machinetest"
)

// TestWatchGoesOn: what cannot be keeps nothing else from being done: a VIP that
// somebody has put elsewhere, a parameter that the kernel hides, a synchronisation
// daemon of somebody else's. Once it can be, it is done, and a stop leaves nothing.
func TestWatchGoesOn(t *testing.T) {
	const text = "vip: [172.16.0.100, 172.16.0.101]\nreal_servers: [10.0.0.7, 10.0.0.17]\n" + watchCheck
	const parameter = "net.ipv4.vs.expire_nodest_conn"
	elsewhere := host.Address{Prefix: netip.MustParsePrefix("172.16.0.100/32"), Interface: "eth0", Label: "eth0"}
	theirs := ipvs.Daemon{State: ipvs.Master, Interface: "eth0", SyncID: 7}
	for _, tt := range []struct {
		name, more string
		wrong      func(*desk)
		right      func(*desk)
		why        string
	}{
		{"a VIP elsewhere", "", func(d *desk) { must(d.t, d.machine.AddAddress(elsewhere)) },
			func(d *desk) { must(d.t, d.machine.DeleteAddress(elsewhere)) }, "172.16.0.100 is already on eth0"},
		{"another interface that is missing", "", func(d *desk) { d.configure("director_label: vips:1\n" + text) },
			func(d *desk) { d.configure(text) }, "there is no interface vips"},
		{"somebody else's daemon", "sync: {role: master, interface: eth0, id: 1}\n", func(d *desk) {
			all, err := d.machine.Daemons()
			must(d.t, err)
			for _, running := range all {
				must(d.t, d.machine.StopDaemon(running))
			}
			must(d.t, d.machine.StartDaemon(theirs))
		}, func(d *desk) { must(d.t, d.machine.StopDaemon(theirs)) }, "daemon"},
		{"a parameter that is hidden", "", nil, func(d *desk) {
			d.succeed("vs status")
			d.succeed("vs start")
			d.machine.AddSysctl(parameter, 0)
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, a := newDesk(t, text+tt.more), &answers{said: map[netip.Addr]health.Answer{}}
				if tt.wrong != nil {
					d.machine.AddSysctl(parameter, 0)
				}
				clean := d.text()
				w := d.watch(a)
				time.Sleep(5 * time.Second)
				if tt.wrong != nil {
					tt.wrong(d)
					w.reload <- struct{}{}
				}
				a.set(rs7, refuses)
				time.Sleep(15 * time.Second)
				table := strings.Join(entriesOf(t, d.machine), "\n")
				if n := strings.Count(table, "10.0.0.7 weight 0"); n != 2 {
					t.Errorf("one is down:\n%s\n%s", table, w.said())
				}
				if said := w.said(); !strings.Contains(said, tt.why) || !strings.Contains(said, `"ready"`) || strings.Contains(said, "put_back") {
					t.Errorf("it says\n%s", said)
				}
				for _, vip := range []string{"172.16.0.100", "172.16.0.101"} {
					if !strings.Contains(d.text(), vip+"/32 dev lo") {
						t.Errorf("%s is gone:\n%s", vip, d.text())
					}
				}
				tt.right(d)
				w.reload <- struct{}{}
				time.Sleep(15 * time.Second)
				d.expect("vs diff", result{})
				w.end()
				if d.succeed("vs stop"); tt.wrong != nil {
					d.looks("after vs stop", clean)
				}
				d.noRecord()
			})
		})
	}
}

// TestWatchReady: what keeps clients away keeps a watch from being ready, and nothing
// else does, however long it fails.
func TestWatchReady(t *testing.T) {
	const text = "vip: [172.16.0.100, 172.16.0.101]\nreal_servers: [10.0.0.7, 10.0.0.17]\n" + watchCheck
	for _, tt := range []struct {
		name, config string
		wrong        func(*desk)
		right        func(*desk) // nil: it does not matter
		why          string
	}{
		{"an interface that is missing", "director_label: vips:1\n" + text, func(*desk) {},
			func(d *desk) { d.machine.AddLink(host.Link{Name: "vips", Kind: "dummy", NoARP: true}) }, "there is no interface vips"},
		{"a scheduler that is missing", strings.Replace(text, "vip:", "services: [{port: 80, scheduler: lc}]\nvip:", 1),
			func(d *desk) {
				d.system.open = func(need) (machine, error) { return unscheduled{d.machine}, nil }
			}, func(d *desk) {
				d.configure(text)
			}, "no such file or directory"},
		{"a VIP elsewhere", text, func(d *desk) {
			must(d.t, d.machine.AddAddress(host.Address{Prefix: netip.MustParsePrefix("172.16.0.100/32"), Interface: "eth0", Label: "eth0"}))
		}, nil, "172.16.0.100 is already on eth0"},
		{"somebody else's daemon", "sync: {role: master, interface: eth0, id: 1}\n" + text, func(d *desk) {
			must(d.t, d.machine.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0", SyncID: 7}))
		}, nil, "daemon"},
		{"no room for the record", text, func(d *desk) {
			must(d.t, os.MkdirAll(filepath.Join(d.state+".new", "in the way"), 0o700))
		}, nil, "record"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, tt.config)
				tt.wrong(d)
				w := d.watch(&answers{})
				defer w.end()
				time.Sleep(30 * time.Second)
				if said := w.said(); !strings.Contains(said, tt.why) || strings.Contains(said, `"ready"`) != (tt.right == nil) {
					t.Errorf("it says\n%s", said)
				}
				if tt.right == nil {
					return
				}
				tt.right(d)
				w.reload <- struct{}{}
				time.Sleep(15 * time.Second)
				if said := w.said(); !strings.Contains(said, `"ready"`) {
					t.Errorf("it says\n%s", said)
				}
			})
		})
	}
}

// unscheduled is a machine that lacks the module of a scheduler.
type unscheduled struct{ *machinetest.Machine }

func (m unscheduled) AddService(s ipvs.Service) error {
	if s.Scheduler == "lc" {
		return syscall.ENOENT
	}
	return m.Machine.AddService(s)
}
