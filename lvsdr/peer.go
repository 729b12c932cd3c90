package lvsdr

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/status"
)

const (
	peerPatience = 5 * time.Second
	peerMost     = 64 << 20 // bytes of a status
)

// peerOf is where the other director shows its status; "" if none is named.
func peerOf(c *cli.Context) (string, error) {
	word := c.String("peer")
	if word == "" {
		return "", nil
	}
	u, err := url.Parse(word)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", usageError("check: --peer %q: expected http://ADDRESS:PORT, the other director's watch.listen", word)
	}
	return u.JoinPath("status.json").String(), nil
}

// askPeer gets the status of another director.
func askPeer(url string) (st status.Status, err error) {
	// The transport dials in goroutines, which may be in another network namespace.
	client := http.Client{Timeout: peerPatience}
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return st, err
	}
	port := request.URL.Port()
	if port == "" {
		port = request.URL.Scheme
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(request.URL.Hostname(), port), peerPatience)
	if err != nil {
		return st, err
	}
	defer conn.Close()
	client.Transport = &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}
	response, err := client.Do(request)
	if err != nil {
		return st, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return st, fmt.Errorf("%s: %s", url, response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, peerMost)).Decode(&st); err != nil {
		return st, fmt.Errorf("%s: %w", url, err)
	}
	return st, nil
}
