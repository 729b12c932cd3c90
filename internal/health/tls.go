package health

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

func askTLS(ctx context.Context, t Target) (alive bool, err error) {
	return t.converseTLS(ctx, func(net.Conn) error { return nil })
}

// converseTLS is converse on a connection of TLS.
func (t Target) converseTLS(ctx context.Context, talk func(net.Conn) error) (accepted bool, err error) {
	return t.converse(ctx, func(conn net.Conn) error {
		secured, err := t.handshake(conn)
		if err != nil {
			return err
		}
		defer secured.Close() // tells the server that this is the end
		return talk(secured)
	})
}

// handshake makes a connection one of TLS. Version 1.0 is offered to recognise
// a server that knows nothing newer, which today's clients refuse.
func (t Target) handshake(conn net.Conn) (*tls.Conn, error) {
	settings := &tls.Config{
		MinVersion: tls.VersionTLS10, CipherSuites: suites(),
		ServerName: t.certificateName(), InsecureSkipVerify: !t.Check.Verify,
	}
	if t.Check.CA != "" {
		trusted, err := os.ReadFile(t.Check.CA)
		if err != nil {
			return nil, err
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(trusted) {
			return nil, fmt.Errorf("%s has no certificate in PEM", t.Check.CA)
		}
	}
	secured := tls.Client(conn, settings)
	if err := secured.Handshake(); err != nil {
		return nil, handshakeFault(err)
	}
	if v := secured.ConnectionState().Version; v < tls.VersionTLS12 {
		return nil, fmt.Errorf("%s, wanted TLS 1.2 or newer", tls.VersionName(v))
	}
	return secured, nil
}

// suites are all that there are: clients may make do with what Go would not
// choose.
func suites() (ids []uint16) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, s.ID)
	}
	return ids
}

// certificateName is whom the certificate has to name: as a client of the
// service would have it, else the real server's address.
func (t Target) certificateName() string {
	host := t.Check.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return cmp.Or(t.Check.Name, host, t.Server.Addr().Unmap().WithZone("").String())
}

// handshakeFault puts what became of a handshake into words.
func handshakeFault(err error) error {
	var (
		record  tls.RecordHeaderError
		alert   *net.OpError
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
	)
	switch {
	case late(err):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("connection closed in the TLS handshake")
	case errors.As(err, &record):
		return errors.New("the server does not speak TLS")
	case errors.As(err, &alert) && alert.Op == "remote error":
		return fmt.Errorf("the server refuses the TLS handshake: %s", strings.TrimPrefix(alert.Err.Error(), "tls: "))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return outOfTime(invalid.Cert)
	case errors.As(err, &name):
		return fmt.Errorf("certificate not for %s, but for %s", name.Host, names(name.Certificate))
	case errors.As(err, &unknown) && unknown.Cert != nil && unknown.Cert.Issuer.String() == unknown.Cert.Subject.String():
		return errors.New("certificate is self-signed")
	case errors.As(err, &unknown) && unknown.Cert != nil:
		return fmt.Errorf("certificate signed by an unknown authority, %s", unknown.Cert.Issuer)
	}
	return err
}

func outOfTime(c *x509.Certificate) error {
	if time.Now().Before(c.NotBefore) {
		return fmt.Errorf("certificate not valid before %s", c.NotBefore.Format(time.DateOnly))
	}
	return fmt.Errorf("certificate expired on %s", c.NotAfter.Format(time.DateOnly))
}

// names are those of a certificate.
func names(c *x509.Certificate) string {
	all := c.DNSNames
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return "no name"
	}
	return strings.Join(all, ", ")
}
