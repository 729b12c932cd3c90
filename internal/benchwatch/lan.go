package main

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"lvsdr/internal/lab/vnet"
)

const vip = "172.16.0.100"

// names is what the namespaces' names begin with.
const names = "benchwatch-"

var (
	servers   = []string{"rs1", "rs2", "rs3"}
	addresses = map[string]string{"rs1": "10.0.0.7", "rs2": "10.0.0.17", "rs3": "10.0.0.27"}
)

// The network: a client, a director and three real servers on one switch. The
// client finds the VIP behind the director; the real servers answer it directly.
const plugIn = `
ns=` + names + `
ip netns add ${ns}switch
ip -n ${ns}switch link add br0 type bridge
ip -n ${ns}switch link set br0 up
for host in client=10.0.0.6 lvs=10.0.0.8 rs1=10.0.0.7 rs2=10.0.0.17 rs3=10.0.0.27; do
	name=${host%=*}
	ip netns add $ns$name
	ip -n ${ns}switch link add $name type veth peer name eth0 netns $ns$name
	ip -n ${ns}switch link set $name master br0 up
	ip -n $ns$name link set lo up
	ip -n $ns$name addr add ${host#*=}/24 dev eth0
	ip -n $ns$name link set eth0 up
done
ip -n ${ns}client route add ` + vip + ` via 10.0.0.8
ip -n ${ns}lvs addr add ` + vip + `/32 dev lo
for rs in rs1 rs2 rs3; do
	ip netns exec $ns$rs sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	ip -n $ns$rs addr add ` + vip + `/32 dev lo
done
`

const unplug = `for name in switch client lvs rs1 rs2 rs3; do ip netns del ` + names + `$name; done`

// lan is the network with its web servers.
type lan struct {
	running []*exec.Cmd
	web     map[string]*exec.Cmd
}

func newLAN() (*lan, error) {
	n := &lan{web: map[string]*exec.Cmd{}}
	err := shell(plugIn)
	for _, name := range servers {
		err = errors.Join(err, n.serve(name))
	}
	return n, err
}

// serve starts the web server of a real server, and waits until it listens.
func (n *lan) serve(name string) error {
	n.web[name] = exec.Command("/proc/self/exe", "serve", name)
	err := n.start(name, n.web[name])
	for end := time.Now().Add(never); err == nil; time.Sleep(tick) {
		wrong := vnet.In(names+"client", func() error {
			c, err := net.DialTimeout("tcp", addresses[name]+":80", patience)
			if err == nil {
				c.Close()
			}
			return err
		})
		if wrong == nil || time.Now().After(end) {
			return wrong
		}
	}
	return err
}

// start starts a program on a host, which ends with the network.
func (n *lan) start(host string, cmd *exec.Cmd) error {
	err := vnet.In(names+host, cmd.Start)
	if err == nil {
		n.running = append(n.running, cmd)
	}
	return err
}

// close ends what runs there, and the network.
func (n *lan) close() error {
	for _, cmd := range n.running {
		if cmd.ProcessState == nil {
			cmd.Process.Signal(syscall.SIGCONT)
			cmd.Process.Kill()
			cmd.Wait()
		}
	}
	return shell(unplug)
}

func shell(script string) error {
	if out, err := exec.Command("sh", "-ec", script).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", script, err, out)
	}
	return nil
}

func ip(format string, args ...any) error {
	return shell("ip -n " + names + strings.TrimSpace(fmt.Sprintf(format, args...)))
}
