//go:build linux

package clients

import (
	"fmt"
	"net"
	"net/http"
	"sync"
)

// A webServer is what a client checks.
type webServer struct {
	server   *http.Server
	listener net.Listener
	pages    http.Handler
}

// close closes the port and all connections.
func (w *webServer) close() {
	w.server.Close()
	w.listener.Close() // in case that it does not serve yet
}

// A site is the web servers of a room by address and port.
type site struct {
	*room
	servers map[string]*webServer
}

func newSite(r *room) *site {
	s := &site{r, map[string]*webServer{}}
	r.Cleanup(func() {
		for _, w := range s.servers {
			w.close()
		}
	})
	return s
}

// start serves pages at an address of the room.
func (s *site) start(at string, pages http.Handler) {
	s.Helper()
	l, err := net.Listen("tcp", at)
	s.check("listen", err)
	w := &webServer{&http.Server{Handler: pages}, l, pages}
	w.server.SetKeepAlivesEnabled(false)
	s.servers[at] = w
	go w.server.Serve(l)
}

// stop closes a server.
func (s *site) stop(at string) { s.servers[at].close() }

// restart serves what the server at that address used to serve.
func (s *site) restart(at string) {
	s.Helper()
	s.start(at, s.servers[at].pages)
}

// A page says something, and can be told to say something else.
type page struct {
	sync.Mutex
	text string
}

func (p *page) say(text string) {
	p.Lock()
	defer p.Unlock()
	p.text = text
}

func (p *page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.Lock()
	defer p.Unlock()
	fmt.Fprintln(w, p.text)
}

// A gate is a page that is asked for once in each round of checks, and does not
// answer until it is told to: what a test changes while it holds the asker
// happens between one round and the next.
type gate struct{ asked, answer chan struct{} }

func newGate() gate { return gate{make(chan struct{}), make(chan struct{})} }

func (g gate) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	select {
	case g.asked <- struct{}{}:
	case <-q.Context().Done():
		return
	}
	select {
	case <-g.answer:
		fmt.Fprintln(w, "alive")
	case <-q.Context().Done():
	}
}
