package lab

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"lvsdr/internal/host"
)

// serverTimeout is how long a request and its answer may take.
const serverTimeout = 10 * time.Second

// Web is the web server of a real server. It answers everything with the
// addresses that the machine has when it starts, as the tutorial's "hostname -I >
// index.html", and notes each request on log in Apache's common format. It
// returns only with an error; ":80" listens on every address.
func Web(listen string, log io.Writer) error {
	addresses, err := host.NewHost().Addresses()
	if err != nil {
		return fmt.Errorf("read addresses: %w", err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	return site{hostnameI(addresses), log}.serve(l)
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

// site has one page.
type site struct {
	page string
	log  io.Writer
}

// serve answers until l is closed.
func (s site) serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		switch {
		case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
			time.Sleep(10 * time.Millisecond) // until somebody hangs up
		case err != nil:
			return err
		default:
			go s.answer(conn)
		}
	}
}

// answer reads one request, and closes the connection behind the reply. It
// notes the request first: who has the page finds it in the log. Who says
// nothing, or stops halfway, gets no reply.
func (s site) answer(conn net.Conn) {
	defer hangUp(conn)
	conn.SetDeadline(time.Now().Add(serverTimeout))
	r, err := readRequest(newReader(conn))
	a := reply{status: "200 OK", body: s.page, headOnly: r.method == "HEAD"}
	switch {
	case errors.Is(err, errMalformed):
		a.refuse("400 Bad Request")
	case errors.Is(err, errTooLarge):
		a.refuse("431 Request Header Fields Too Large")
	case err != nil:
		return
	}
	now := time.Now()
	io.WriteString(s.log, logLine(conn.RemoteAddr(), r.start, now, a))
	io.WriteString(conn, a.message(now))
}

// webRequest is a request without its body.
type webRequest struct {
	head
	method string
}

// readRequest reads up to the body. What it could read is there in spite of an
// error.
func readRequest(r *bufio.Reader) (request webRequest, err error) {
	request.head, err = readHead(r)
	words := strings.Split(request.start, " ")
	if len(words) != 3 {
		return request, cmp.Or(err, errMalformed)
	}
	request.method = words[0]
	if err != nil {
		return request, err
	}
	_, err = url.ParseRequestURI(words[1])
	old := words[2] == "HTTP/1.0"
	hosts := len(request.values("host")) // section 3.2
	if err != nil || !isToken(request.method) || !isVersion(words[2]) || hosts > 1 || hosts == 0 && !old {
		return request, errMalformed
	}
	return request, nil
}

// reply is what the server says.
type reply struct {
	status   string // 200 OK
	body     string
	headOnly bool
}

// refuse says nothing but why.
func (r *reply) refuse(status string) { r.status, r.body = status, status+"\n" }

// message is the reply as it is sent.
func (r reply) message(now time.Time) string {
	var m strings.Builder
	fmt.Fprintf(&m, "HTTP/1.1 %s\r\n", r.status)
	fmt.Fprintf(&m, "Date: %s\r\n", now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	fmt.Fprintf(&m, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n", len(r.body))
	m.WriteString("Connection: close\r\n\r\n")
	if !r.headOnly {
		m.WriteString(r.body)
	}
	return m.String()
}

// logLine is a line of the common log format (Apache's mod_log_config):
// "%h %l %u %t \"%r\" %>s %b".
func logLine(client net.Addr, request string, now time.Time, r reply) string {
	host, _, err := net.SplitHostPort(client.String())
	if err != nil {
		host = client.String()
	}
	bytes := strconv.Itoa(len(r.body))
	if r.headOnly {
		bytes = "-"
	}
	return fmt.Sprintf("%s - - [%s] %s %s %s\n",
		host, now.Format("02/Jan/2006:15:04:05 -0700"), strconv.QuoteToASCII(request), r.status[:3], bytes)
}
