package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// requestTimeout is how long the client waits for a page.
const requestTimeout = 2 * time.Second

// maxRedirects is how many redirects the client follows.
const maxRedirects = 10

// maxHead limits the header of a message, in bytes.
const maxHead = 64 << 10

// errNoAnswer says that no page came in time.
var errNoAnswer = errors.New("no answer")

// Get requests a page as the client, each time on a connection of its own. The
// lab has no name server: the URL names an address.
func (l *Lab) Get(ctx context.Context, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	page, err := l.page(ctx, u)
	if err != nil {
		return "", fmt.Errorf("get %s: %w", address, err)
	}
	return page, nil
}

// page is what [Lab.Get] returns; its error leaves it to the caller to name the
// URL.
func (l *Lab) page(ctx context.Context, u *url.URL) (string, error) {
	return get(ctx, u, l.dialFrom("client"), requestTimeout)
}

// dialer makes a connection, as [net.Dialer.DialContext] does.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// dialFrom dials in a host's namespace. It tries the addresses of a name in
// turn: to try two at once, package net would leave the goroutine, and with it
// the namespace.
func (l *Lab) dialFrom(host string) dialer {
	d := net.Dialer{FallbackDelay: -1}
	return func(ctx context.Context, network, address string) (c net.Conn, err error) {
		err = l.In(host, func() (err error) {
			c, err = d.DialContext(ctx, network, address)
			return err
		})
		return c, err
	}
}

// get requests a page, and follows redirects.
func get(ctx context.Context, u *url.URL, dial dialer, patience time.Duration) (string, error) {
	if err := checkURL(u); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errNoAnswer)
	defer cancel()
	client := newClient(dial)
	defer client.CloseIdleConnections() // ends a dial that outlives its request, too
	request := &http.Request{URL: u, Header: http.Header{"User-Agent": {"lvsdr"}}}
	answer, err := client.Do(request.WithContext(ctx))
	if of, ok := errors.AsType[*url.Error](err); ok {
		return "", of.Err
	}
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", answer.Status, strings.TrimSpace(string(page)))
	}
	return string(page), nil
}

// newClient returns a client that reuses no connection and asks for no
// compression.
func newClient(dial dialer) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dial, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxHead,
		},
		CheckRedirect: func(next *http.Request, before []*http.Request) error {
			if len(before) == maxRedirects {
				return fmt.Errorf("redirected %d times", maxRedirects)
			}
			return checkURL(next.URL)
		},
	}
}

func checkURL(u *url.URL) error {
	if u.Scheme != "http" {
		return fmt.Errorf("unsupported protocol %q, expected a URL such as http://%s/", u.Scheme, vip)
	}
	if u.Hostname() == "" {
		return errors.New("no host in URL")
	}
	return nil
}
