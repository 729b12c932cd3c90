package acceptance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lvsdr/internal/host"
)

// The network of the traffic tests: a client, a director and three real servers
// on one switch, each in a network namespace. The client finds the VIP behind
// the director; the real servers answer it directly.
const (
	vip       = "172.16.0.100"
	hostsFrom = "lvsdr-test-" // what the namespaces' names begin with
)

// realServers are the addresses of the real servers.
var realServers = map[string]string{"rs1": "10.0.0.7", "rs2": "10.0.0.17", "rs3": "10.0.0.27"}

const plugIn = `
ns=` + hostsFrom + `
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
ip -n ${ns}client route add 172.16.0.100 via 10.0.0.8
`

const unplug = `for name in switch client lvs rs1 rs2 rs3; do ip netns del ` + hostsFrom + `$name; done`

// network builds the network for one test, with a web server on each real
// server that answers with its name.
func network(t testing.TB) {
	t.Helper()
	t.Cleanup(func() { exec.Command("sh", "-c", unplug).Run() })
	program(t, "sh", "-ec", plugIn)
	for name := range realServers {
		var l net.Listener
		err := on(name, func() (err error) {
			l, err = net.Listen("tcp4", ":80")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, name)
		})}
		t.Cleanup(func() { server.Close() })
		go server.Serve(l)
	}
}

// on does something in a host's namespace.
func on(name string, do func() error) error {
	restore, err := host.EnterNetNS(hostsFrom + name)
	if err != nil {
		return err
	}
	return errors.Join(do(), restore())
}

// program runs a program that has to succeed.
func program(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// request is one request of a load.
type request struct {
	at     time.Time
	server string // who answered
	err    error
}

// mostAtOnce bounds the requests that wait for an answer: a busy machine makes fewer.
const mostAtOnce = 20

// load asks for a page through the VIP 20 times a second, each time on a
// connection of its own and whether or not the last answer has come, until ctx
// ends. It returns the requests in the order in which they were made.
func load(ctx context.Context) []request {
	client := &http.Client{
		Timeout:   patience,
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialFromClient},
	}
	answers := make(chan request)
	running := 0
	var all []request
	for tick := time.Tick(time.Second / 20); ctx.Err() == nil || running > 0; {
		select {
		case <-tick:
			if ctx.Err() == nil && running < mostAtOnce {
				running++
				go func() { answers <- ask(client, time.Now()) }()
			}
		case r := <-answers:
			running--
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b request) int { return a.at.Compare(b.at) })
	return all
}

// clientPort is the port of the last connection. Each has its own: the director
// remembers a connection that has ended for two minutes, and takes another one
// from the same port for a part of it, whose real server may be gone (kernel:
// ipvs-sysctl.rst, conn_reuse_mode and expire_nodest_conn).
var clientPort atomic.Int32

func dialFromClient(ctx context.Context, network, address string) (c net.Conn, err error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{Port: 10000 + int(clientPort.Add(1))}}
	err = on("client", func() (err error) {
		c, err = d.DialContext(ctx, network, address)
		return err
	})
	return c, err
}

func ask(client *http.Client, at time.Time) request {
	answer, err := client.Get("http://" + vip + "/")
	if err != nil {
		return request{at: at, err: err}
	}
	defer answer.Body.Close()
	name, err := io.ReadAll(answer.Body)
	if err == nil && realServers[string(name)] == "" {
		err = fmt.Errorf("%s, %q", answer.Status, name)
	}
	return request{at, string(name), err}
}
