// Package sorry serves the page by which the director itself answers when a service
// has no real server left: section "sorry" of lvsdr.yaml(5).
//
// IPVS hands a connection to a process on the director only if the table has a
// destination for it, described by [Server.Destination]. A listener alone gets
// nothing.
package sorry

import (
	"crypto/tls"
	_ "embed"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"lvsdr/internal/config"
)

// maxPage limits a page, in bytes: each client is sent all of it.
const maxPage = 1 << 20

//go:embed page.html
var ours []byte

// Page is what the director answers with.
type Page struct {
	html []byte
	tls  *tls.Config // nil: plain HTTP
}

// Load reads the page, and the certificate and key if there are any. What is
// read is kept: a file that changes later changes nothing.
func Load(c config.Sorry) (*Page, error) {
	p := &Page{html: ours}
	if c.Page != config.DefaultPage {
		var err error
		if p.html, err = read(c.Page); err != nil {
			return nil, fmt.Errorf("sorry page: %w", err)
		}
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("sorry page: certificate %q with key %q: %w", c.Cert, c.Key, err)
		}
		p.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	return p, nil
}

// read reads a file of HTML in UTF-8, which is what clients are told it is.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a FIFO would have to be waited for
		return nil, fmt.Errorf("read %q: it is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	html, err := io.ReadAll(io.LimitReader(f, maxPage+1))
	switch {
	case err != nil:
		return nil, err
	case len(html) > maxPage:
		return nil, fmt.Errorf("read %q: it is larger than %d bytes", path, maxPage)
	case len(html) == 0:
		return nil, fmt.Errorf("read %q: it is empty", path)
	case !utf8.Valid(html):
		return nil, fmt.Errorf("read %q: it is not UTF-8", path)
	}
	return html, nil
}
