package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
)

// requestTimeout is how long the client waits for a page.
const requestTimeout = 2 * time.Second

// maxRedirects is how often the client goes where it is sent.
const maxRedirects = 10

// Get asks for a page as the client, each time on a connection of its own, and
// returns it. The lab has no name server: an URL names an address.
func (l *Lab) Get(ctx context.Context, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	page, err := l.page(ctx, u)
	if err != nil {
		return page, fmt.Errorf("get %s: %w", address, err)
	}
	return page, nil
}

// page is what [Lab.Get] returns; its error leaves it to the caller to name the
// URL.
func (l *Lab) page(ctx context.Context, u *url.URL) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return get(ctx, u, l.dialFrom("client"))
}

// dialer makes a connection, as [net.Dialer.DialContext] does.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// dialFrom dials in a host's namespace. The time-out is the dialler's too: a
// request that gives up leaves its dialler behind.
func (l *Lab) dialFrom(host string) dialer {
	d := net.Dialer{Timeout: requestTimeout}
	return func(ctx context.Context, network, address string) (c net.Conn, err error) {
		err = l.In(host, func() (err error) {
			c, err = d.DialContext(ctx, network, address)
			return err
		})
		return c, err
	}
}

// get follows the server's word where the page is. The page of an error comes
// with it.
func get(ctx context.Context, u *url.URL, dial dialer) (string, error) {
	for range maxRedirects {
		r, err := fetch(ctx, u, dial)
		if err != nil {
			return r.body, err
		}
		location := r.values("location")
		switch {
		case r.redirects() && len(location) > 0:
			if u, err = u.Parse(location[0]); err != nil {
				return "", err
			}
		case r.status[:3] == "200":
			return r.body, nil
		default:
			return r.body, fmt.Errorf("%s: %s", r.status, strings.TrimSpace(r.body))
		}
	}
	return "", fmt.Errorf("sent elsewhere %d times", maxRedirects)
}

// fetch makes one request, and waits for the answer until ctx ends.
func fetch(ctx context.Context, u *url.URL, dial dialer) (response, error) {
	if u.Scheme != "http" {
		return response{}, fmt.Errorf("unsupported protocol %q, expected an URL such as http://%s/", u.Scheme, vip)
	}
	if u.Hostname() == "" {
		return response{}, errors.New("no host in URL")
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return response{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })()
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: lvsdr\r\nConnection: close\r\n\r\n", u.RequestURI(), u.Host)
	if err != nil {
		return response{}, err
	}
	r, err := readResponse(newReader(conn))
	if ctx.Err() != nil && err != nil {
		err = ctx.Err()
	}
	return r, err
}

// response is what a server answers to GET.
type response struct {
	head
	status string // 404 Not Found
	body   string
}

// redirects reports whether the page is elsewhere, by a status with which GET
// stays GET (RFC 9110, section 15.4).
func (r response) redirects() bool {
	switch r.status[:3] {
	case "301", "302", "303", "307", "308":
		return true
	}
	return false
}

// readResponse reads the answer to a request, past those that only announce it
// (RFC 9110, section 15.2).
func readResponse(r *bufio.Reader) (answer response, err error) {
	for {
		if answer.head, err = readHead(r); errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return answer, err
		}
		version, status, _ := strings.Cut(answer.start, " ")
		if answer.status = strings.TrimSpace(status); !isVersion(version) || !isStatus(answer.status) {
			return answer, errMalformed
		}
		if answer.status[0] != '1' {
			break
		}
	}
	answer.body, err = readBody(r, answer)
	return answer, err
}

// isStatus reports whether s is three digits, and perhaps a reason.
func isStatus(s string) bool {
	code, _, _ := strings.Cut(s, " ")
	return len(code) == 3 && !strings.ContainsFunc(code, func(c rune) bool { return c < '0' || c > '9' })
}
