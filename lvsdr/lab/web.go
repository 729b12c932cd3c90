package lab

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"lvsdr/internal/kernel"
)

// Web is the web server of a real server. It answers everything with the
// addresses that the machine has when it starts, as the tutorial's "hostname -I >
// index.html", and notes each request on log in Apache's common format. It
// returns only with an error; ":80" listens on every address.
func Web(listen string, log io.Writer) error {
	addresses, err := kernel.NewHost().Addresses()
	if err != nil {
		return fmt.Errorf("read addresses: %w", err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := http.Server{Handler: site{hostnameI(addresses), log}, ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(l)
}

// hostnameI is what "hostname -I" prints: all addresses but those of the
// loopback interface and IPv6's link-local ones, each with a blank behind it.
func hostnameI(addresses []kernel.Address) string {
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

// site has one page.
type site struct {
	page string
	log  io.Writer
}

// ServeHTTP notes the request first: who has the page finds it in the log.
func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.WriteString(s.log, logLine(r, time.Now(), len(s.page)))
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(s.page)))
	if r.Method != http.MethodHead {
		io.WriteString(w, s.page)
	}
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
	return fmt.Sprintf("%s - - [%s] %s %d %s\n", client, now.Format("02/Jan/2006:15:04:05 -0700"), request, http.StatusOK, bytes)
}
