package lab

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"lvsdr/internal/host"
)

// serverTimeout is how long a request may take, and how long its answer.
const serverTimeout = 10 * time.Second

// Web is the web server of a real server. It answers everything with the
// addresses that the host has at the start, as the tutorial's "hostname -I >
// index.html", and notes each request on log in Apache's common format. It
// returns only with an error; ":80" listens on every address. With keep connections
// stay open for more requests.
func Web(listen string, keep bool, log io.Writer) error {
	addresses, err := host.NewHost().Addresses()
	if err != nil {
		return fmt.Errorf("read addresses: %w", err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	s := newServer(hostnameI(addresses), log)
	s.SetKeepAlivesEnabled(keep)
	s.IdleTimeout = time.Minute
	return s.Serve(l)
}

// hostnameI is what "hostname -I" prints: all addresses but those of the
// loopback interface and IPv6's link-local ones, each with a blank behind it.
func hostnameI(addresses []host.Address) string {
	var line strings.Builder
	for _, a := range addresses {
		addr := a.Prefix.Addr()
		if a.Interface == "lo" || addr.Is6() && addr.IsLinkLocalUnicast() {
			continue
		}
		line.WriteString(addr.String() + " ")
	}
	return line.String() + "\n"
}

// newServer returns a server with one page and one connection a request. It
// notes a request before it answers: whoever has the page finds it in the log.
func newServer(page string, log io.Writer) *http.Server {
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(log, logLine(r, time.Now(), len(page)))
			io.WriteString(w, page)
		}),
		ReadTimeout:                  serverTimeout,
		WriteTimeout:                 serverTimeout,
		MaxHeaderBytes:               maxHead,
		DisableGeneralOptionsHandler: true, // OPTIONS * gets the page, too
	}
	s.SetKeepAlivesEnabled(false)
	return s
}

// logLine is a line of the common log format (Apache's mod_log_config):
// "%h %l %u %t \"%r\" %>s %b".
func logLine(r *http.Request, now time.Time, size int) string {
	client, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		client = r.RemoteAddr
	}
	bytes := strconv.Itoa(size)
	if r.Method == http.MethodHead {
		bytes = "-"
	}
	request := strconv.QuoteToASCII(r.Method + " " + r.RequestURI + " " + r.Proto)
	return fmt.Sprintf("%s - - [%s] %s 200 %s\n", client, now.Format("02/Jan/2006:15:04:05 -0700"), request, bytes)
}
