package health

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lvsdr/internal/config"
)

// How much of a response is read: of its headers, and of a body that is wanted.
const (
	maxHeaders = 64 << 10
	maxBody    = 1 << 20
)

func askHTTP(ctx context.Context, t Target) (alive bool, err error) {
	return t.converse(ctx, func(conn net.Conn) error { return t.request(conn, "http", "80") })
}

func askHTTPS(ctx context.Context, t Target) (alive bool, err error) {
	return t.converseTLS(ctx, func(conn net.Conn) error { return t.request(conn, "https", "443") })
}

// request asks by HTTP on a connection. One request a connection, no redirect
// followed, nothing unpacked: this needs no [http.Client].
func (t Target) request(conn net.Conn, scheme, port string) error {
	request, err := t.newRequest(scheme, port)
	if err != nil {
		return err
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	source := &source{conn: conn, part: "headers", left: maxHeaders}
	response, err := readResponse(bufio.NewReader(source), request)
	if err != nil {
		return cmp.Or(source.err, err)
	}
	if !slices.ContainsFunc(t.Check.Status, func(r config.StatusRange) bool {
		return int(r.From) <= response.StatusCode && response.StatusCode <= int(r.To)
	}) {
		return fmt.Errorf("status %d, wanted %s", response.StatusCode, ranges(t.Check.Status))
	}
	if t.Check.Body == "" {
		return nil
	}
	source.part, source.left = "body", 2*maxBody // with what frames it
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return cmp.Or(source.err, err)
	}
	return match("body", t.Check.Body, body)
}

// source is the bytes of a response. net/http may take its end for the end of
// a line: err is what really ended it.
type source struct {
	conn net.Conn
	part string
	left int // of the part
	some bool
	err  error
}

func (s *source) Read(b []byte) (int, error) {
	if s.left == 0 {
		s.err = fmt.Errorf("the %s is too long", s.part)
		return 0, s.err
	}
	n, err := s.conn.Read(b[:min(len(b), s.left)])
	s.left, s.some = s.left-n, s.some || n > 0
	switch {
	case err == io.EOF && s.some:
		s.err = io.ErrUnexpectedEOF
	case err != nil:
		s.err = err
	}
	return n, err
}

// readResponse reads a response, after any that only precede it (RFC 9110,
// section 15.2).
func readResponse(r *bufio.Reader, request *http.Request) (*http.Response, error) {
	for {
		response, err := http.ReadResponse(r, request)
		if err != nil || response.StatusCode/100 != 1 || response.StatusCode == http.StatusSwitchingProtocols {
			return response, err
		}
	}
}

// newRequest is the request of a check. port is the one that a header Host
// leaves out.
func (t Target) newRequest(scheme, port string) (*http.Request, error) {
	target, err := url.ParseRequestURI(t.Check.Path)
	if err != nil {
		return nil, err
	}
	target.Scheme, target.Host = scheme, hostHeader(t.Server, port)
	request := &http.Request{
		Method: t.Check.Method, URL: target, Host: cmp.Or(t.Check.Host, target.Host), Close: true,
		Header: http.Header{"User-Agent": {"lvsdr"}},
	}
	for name, values := range headers(t.Check.Headers) {
		request.Header[name] = values
	}
	return request, nil
}

// headers are the lines of a check by name.
func headers(lines []config.Header) http.Header {
	h := http.Header{}
	for _, line := range lines {
		h.Add(line.Name, line.Value)
	}
	return h
}

// hostHeader names a real server without the port that is understood.
func hostHeader(server netip.AddrPort, port string) string {
	host := netip.AddrPortFrom(server.Addr().Unmap().WithZone(""), server.Port()).String()
	return strings.TrimSuffix(host, ":"+port)
}

// ranges is "200-299, 404".
func ranges(list []config.StatusRange) string {
	var words []string
	for _, r := range list {
		word := strconv.Itoa(int(r.From))
		if r.To != r.From {
			word += "-" + strconv.Itoa(int(r.To))
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}
