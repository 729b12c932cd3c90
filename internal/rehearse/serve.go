package rehearse

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"lvsdr/internal/config"
)

// servers are the servers of a machine, in this process. To the machines around, a
// server whose sockets are closed is a killed program, and a server that accepts no
// connection and reads no datagram is a hanging one: the kernel answers for both.
type servers struct {
	talks       map[socket]talk
	certificate tls.Certificate
	note        func(client netip.Addr) // that somebody is served

	open    []io.Closer
	mu      sync.Mutex
	running *sync.Cond // it does not hang
	hanging bool
}

// start opens sockets on addresses of the calling thread's network namespace.
func (s *servers) start(addresses []netip.Addr, sockets []socket) error {
	s.running = sync.NewCond(&s.mu)
	for _, at := range sockets {
		for _, addr := range addresses {
			where := netip.AddrPortFrom(addr, at.port).String()
			if at.network == "udp" {
				c, err := net.ListenPacket("udp", where)
				if err != nil {
					return errors.Join(err, s.kill())
				}
				s.open = append(s.open, c)
				go s.serveDatagrams(c, s.talks[at])
				continue
			}
			l, err := net.Listen("tcp", where)
			if err != nil {
				return errors.Join(err, s.kill())
			}
			s.open = append(s.open, l)
			go s.serve(listener{l, s}, s.talks[at])
		}
	}
	return nil
}

// kill closes all sockets.
func (s *servers) kill() (err error) {
	for _, c := range s.open {
		err = errors.Join(err, c.Close())
	}
	s.open = nil
	s.hang(false)
	return err
}

// hang has the servers hang, or go on.
func (s *servers) hang(on bool) {
	s.mu.Lock()
	s.hanging = on
	s.mu.Unlock()
	s.running.Broadcast()
}

// proceed waits until the servers do not hang.
func (s *servers) proceed() {
	s.mu.Lock()
	for s.hanging {
		s.running.Wait()
	}
	s.mu.Unlock()
}

// listener accepts connections while the servers do not hang.
type listener struct {
	net.Listener
	servers *servers
}

// Accept notes who is served before it is.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	l.servers.proceed()
	if err == nil {
		l.servers.note(netip.MustParseAddrPort(c.RemoteAddr().String()).Addr())
	}
	return c, err
}

// serve answers connections until the listener is closed.
func (s *servers) serve(l net.Listener, t talk) {
	if t.kind == config.CheckTLS || t.kind == config.CheckHTTPS {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{s.certificate}})
	}
	if t.kind == config.CheckHTTP || t.kind == config.CheckHTTPS {
		h := &http.Server{Handler: http.HandlerFunc(t.page), ErrorLog: quiet, ReadTimeout: connectionTime, WriteTimeout: connectionTime}
		h.SetKeepAlivesEnabled(false)
		h.Serve(l)
		return
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			converse(c, t)
		}()
	}
}

// converse answers on one connection.
func converse(c net.Conn, t talk) {
	endBy(c)
	switch {
	case t.kind == config.CheckDNS:
		length := make([]byte, 2)
		if _, err := io.ReadFull(c, length); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		if reply := t.reply(query); reply != nil {
			c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
		}
	case t.speaks():
		if t.checks[0].Send != "" {
			if _, err := c.Read(make([]byte, maxDatagram)); err != nil {
				return
			}
		}
		text, _ := t.specimen()
		io.WriteString(c, text)
		io.Copy(io.Discard, c)
	default:
		io.Copy(c, c)
	}
}

// serveDatagrams answers datagrams until the socket is closed.
func (s *servers) serveDatagrams(c net.PacketConn, t talk) {
	for b := make([]byte, maxDatagram); ; {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		s.proceed()
		s.note(netip.MustParseAddrPort(from.String()).Addr())
		answer := b[:n]
		switch t.kind {
		case config.CheckDNS:
			answer = t.reply(answer)
		case config.CheckUDP:
			text, _ := t.specimen()
			answer = []byte(text)
		}
		if answer != nil {
			c.WriteTo(answer, from)
		}
	}
}

const (
	maxDatagram = 4 << 10
	// connectionTime is how long a connection may take.
	connectionTime = 10 * time.Second
)

// quiet is for what goes wrong with one connection: checks and clients break some
// off.
var quiet = log.New(io.Discard, "", 0)

func endBy(c net.Conn) { c.SetDeadline(time.Now().Add(connectionTime)) }
