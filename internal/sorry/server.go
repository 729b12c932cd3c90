package sorry

import (
	"context"
	"io"
	"log"
	"net/http"
	"strconv"
	"time"
)

// What a client may take, and all of them together.
const (
	readTimeout  = 5 * time.Second
	writeTimeout = 30 * time.Second // a page of 1 MiB on a slow line
	maxHeader    = 32 << 10
	maxClients   = 1024
)

// retryAfter is when a client may come again, in seconds.
const retryAfter = "30"

// closeTimeout is how long running answers have once the server is closed.
const closeTimeout = time.Second

// ServeHTTP answers everything with the page. The client is not to keep its
// connection: on that it would stay here when a real server is back.
func (p *Page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	h.Set("Content-Length", strconv.Itoa(len(p.html)))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Retry-After", retryAfter)
	w.WriteHeader(http.StatusServiceUnavailable)
	w.Write(p.html)
}

// newServer returns a server of the page by HTTP/1 alone: HTTP/2 has no
// Connection header, and nothing to offer to who asks for one page.
func (p *Page) newServer() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:                      p,
		TLSConfig:                    p.tls,
		Protocols:                    protocols,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		MaxHeaderBytes:               maxHeader,
		ErrorLog:                     log.New(io.Discard, "", 0), // what clients do wrong
		DisableGeneralOptionsHandler: true,                       // OPTIONS * gets the page, too
	}
}

// serve answers until the server is closed.
func (s *Server) serve() {
	if s.http.TLSConfig != nil {
		s.http.ServeTLS(s.listener, "", "")
		return
	}
	s.http.Serve(s.listener)
}

// Close stops listening at once, and waits up to a second for answers that are running.
// Take the destination out of the table first: as long as it is there, new clients
// come, and are refused.
func (s *Server) Close() error {
	err := s.listener.Close()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	s.http.Shutdown(ctx) // it complains of a listener that is closed
	s.http.Close()
	return err
}
