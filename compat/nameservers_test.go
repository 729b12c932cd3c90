//go:build linux

package compat

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/namestest"
)

// nameServers are two of a namespace, at 127.0.0.1 and 127.0.0.2. The first
// gives the answer of the test, the second a good one.
type nameServers struct {
	mu     sync.Mutex
	answer func([]byte) []byte
	log    []string  // of questions: the network, and who was asked
	last   time.Time // of a question
}

// TestNameServers: what becomes of an answer that is not as it should be, and
// who is asked then, at once or after a second.
func TestNameServers(t *testing.T) {
	if goldenOnly || *rewriteGolden || *rewritePins {
		return // the clock cannot be recorded
	}
	s := newSession(t, 0)
	s.touched = true
	servers := new(nameServers)
	servers.serve(t, s)
	t.Cleanup(func() { resolver(t, etc["resolv.conf"]) })
	if err := s.setup(t, reference, []string{"-A -t 10.9.0.1:80", "-A -t 10.9.0.3:80"}); err != nil {
		t.Fatal(err)
	}
	for _, options := range []string{"", " use-vc"} {
		resolver(t, "nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:1 attempts:1"+options+"\n")
		for _, a := range namestest.Malformed {
			t.Run(strings.TrimSpace(options+" "+a.Name), func(t *testing.T) {
				for _, line := range []string{"-Ln -t web.test:80", "-L -t 10.9.0.1:80"} {
					compared++
					if d := servers.compare(t, s, a, line); d != "" {
						t.Errorf("$ %s (-real +ours):\n%s", line, d)
					}
				}
			})
		}
	}
}

// compare tells how the programs differ. A program that the machine holds up looks as
// if it waited; a difference that is ours is there each time.
func (n *nameServers) compare(t *testing.T, s *session, a namestest.Answer, line string) (d string) {
	for range 3 {
		want := n.run(t, s, reference, a, line)
		if d = cmp.Diff(want, n.run(t, s, overSockopt, a, line)); d == "" {
			break
		}
	}
	return d
}

// run runs a command while the first server gives that answer. It returns the
// outcome, and who was asked.
func (n *nameServers) run(t *testing.T, s *session, p program, a namestest.Answer, line string) string {
	n.mu.Lock()
	n.answer, n.log = a.Make, nil
	n.mu.Unlock()
	o := s.run(t, p, parse(t, line))
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wait()
	return o.String() + strings.Join(n.log, "\n")
}

func resolver(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile("/etc/resolv.conf", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wait notes if nearly a second has passed since the last question.
func (n *nameServers) wait() {
	if len(n.log) > 0 && time.Since(n.last) > 800*time.Millisecond {
		n.log = append(n.log, "a second")
	}
}

// reply is the answer of a server to a question.
func (n *nameServers) reply(network, server string, question []byte) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wait()
	n.log, n.last = append(n.log, network+" "+server), time.Now()
	if server == "127.0.0.2" {
		return namestest.Good(question)
	}
	answer := slices.Clone(n.answer(question))
	if network == "tcp" && len(answer) > 2 {
		answer[2] &^= 2 // what is cut short over UDP is whole here
	}
	return answer
}

func (n *nameServers) serve(t *testing.T, s *session) {
	t.Helper()
	for _, server := range []string{"127.0.0.1", "127.0.0.2"} {
		var packets net.PacketConn
		var stream net.Listener
		err := s.do(func() (err error) {
			if packets, err = net.ListenPacket("udp", server+":53"); err == nil {
				stream, err = net.Listen("tcp", server+":53")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { packets.Close(); stream.Close() })
		go n.servePackets(packets, server)
		go n.serveStream(stream, server)
	}
}

func (n *nameServers) servePackets(conn net.PacketConn, server string) {
	buf := make([]byte, 1<<16)
	for {
		size, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		conn.WriteTo(n.reply("udp", server, buf[:size]), from)
	}
}

func (n *nameServers) serveStream(listener net.Listener, server string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			var size uint16
			if binary.Read(conn, binary.BigEndian, &size) != nil {
				return
			}
			question := make([]byte, size)
			if _, err := io.ReadFull(conn, question); err != nil {
				return
			}
			answer := n.reply("tcp", server, question)
			fmt.Fprintf(conn, "%s%s", binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer)
		}()
	}
}
