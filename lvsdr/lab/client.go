package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// requestTimeout is how long the client waits for a page.
const requestTimeout = 2 * time.Second

// Get asks for a page as the client, on a connection of its own, and returns
// it. The lab has no name server: an URL names an address.
func (l *Lab) Get(ctx context.Context, url string) (string, error) {
	client := http.Client{
		Timeout:   requestTimeout,
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: l.dialFrom("client")},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("get %s: %s: %s", url, response.Status, strings.TrimSpace(string(page)))
	}
	return string(page), err
}

// dialFrom dials in a host's namespace. The time-out is the dialler's too: a
// request that gives up leaves its dialler behind.
func (l *Lab) dialFrom(host string) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: requestTimeout}
	return func(ctx context.Context, network, address string) (c net.Conn, err error) {
		err = l.In(host, func() (err error) {
			c, err = dialer.DialContext(ctx, network, address)
			return err
		})
		return c, err
	}
}
