package health

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// An authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	file string // in PEM
}

func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	a := authority{key: newKey(t), file: filepath.Join(t.TempDir(), "ca.pem")}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := sign(t, a, a.cert, a.key)
	must(t, os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	var err error
	a.cert, err = x509.ParseCertificate(der)
	must(t, err)
	return a
}

func sign(t *testing.T, by authority, c *x509.Certificate, key crypto.Signer) (der []byte) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, by.cert, key.Public(), by.key)
	must(t, err)
	return der
}

// certificate is one for shop.example and 127.0.0.1, with changes; signed by
// nobody, it signs itself.
func (a authority) certificate(t *testing.T, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	return a.certify(t, newKey(t), change)
}

func (a authority) certify(t *testing.T, key crypto.Signer, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "shop"}, DNSNames: []string{"shop.example"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(c)
	}
	if a.cert == nil {
		a = authority{cert: c, key: key}
	}
	return tls.Certificate{Certificate: [][]byte{sign(t, a, c, key)}, PrivateKey: key}
}

// secured talks by TLS: one answer of HTTP.
func secured(settings *tls.Config) func(net.Conn) {
	return func(conn net.Conn) {
		c := tls.Server(conn, settings)
		if c.Handshake() == nil {
			says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")(c)
			c.Close()
		}
	}
}

func TestTLS(t *testing.T) {
	trusted, other := newAuthority(t, "Our CA"), newAuthority(t, "Their CA")
	day := func(s string) time.Time {
		at, err := time.Parse(time.DateOnly, s)
		must(t, err)
		return at
	}
	with := func(c tls.Certificate) func(net.Conn) {
		return secured(&tls.Config{Certificates: []tls.Certificate{c}})
	}
	sound := with(trusted.certificate(t, nil))
	expired := with(trusted.certificate(t, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = day("2025-01-02"), day("2026-01-02") }))
	selfSigned := with(authority{}.certificate(t, nil))
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	noPEM := filepath.Join(t.TempDir(), "empty.pem")
	must(t, os.WriteFile(noPEM, []byte("nothing\n"), 0o600))
	named := func(name string) func(*config.Check) { return func(c *config.Check) { c.Name = name } }
	ca := func(file string) func(*config.Check) { return func(c *config.Check) { c.CA = file } }
	unverified := func(c *config.Check) { c.Verify, c.CA = false, "" }
	for _, tt := range []struct {
		name   string
		server func(net.Conn)
		change func(*config.Check)
		want   want
	}{
		{"by address", sound, named(""), good},
		{"by name", sound, named("shop.example"), good},
		{"another name", sound, named("www.example"), bad("certificate not for www.example, but for shop.example, 127.0.0.1")},
		{"no name", with(trusted.certificate(t, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, nil })), named("www.example"),
			bad("certificate not for www.example, but for no name")},
		{"expired", expired, named(""), bad("certificate expired on 2026-01-02")},
		{"expired, and not looked at", expired, unverified, good},
		{"not yet", with(trusted.certificate(t, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = day("2101-01-02"), day("2102-01-02") })),
			named(""), bad("certificate not valid before 2101-01-02")},
		{"self-signed", selfSigned, named(""), bad("certificate is self-signed")},
		{"self-signed, and not looked at", selfSigned, unverified, good},
		{"authority of the system", sound, ca(""), bad("certificate signed by an unknown authority, CN=Our CA")},
		{"another authority", sound, ca(other.file), bad("certificate signed by an unknown authority, CN=Our CA")},
		{"no authority", sound, ca("/nonexistent/ca.pem"), bad("open /nonexistent/ca.pem: no such file or directory")},
		{"no PEM", sound, ca(noPEM), bad(noPEM + " has no certificate in PEM")},
		{"TLS 1.0", secured(&tls.Config{Certificates: []tls.Certificate{trusted.certificate(t, nil)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}),
			named(""), bad("TLS 1.0, wanted TLS 1.2 or newer")},
		{"TLS 1.2", secured(&tls.Config{Certificates: []tls.Certificate{trusted.certificate(t, nil)}, MaxVersion: tls.VersionTLS12}), named(""), good},
		{"an old key exchange", secured(&tls.Config{
			Certificates: []tls.Certificate{trusted.certify(t, rsaKey, nil)},
			MaxVersion:   tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA},
		}), named(""), good},
		{"no certificate for that", secured(&tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, io.EOF }}),
			named(""), bad("the server refuses the TLS handshake: internal error")},
		{"not TLS", says("HTTP/1.1 400 Bad Request\r\n\r\n"), named(""), bad("the server does not speak TLS")},
		{"closes in the middle", says("\x16\x03\x03\x00\x7a\x02"), named(""), bad("connection closed in the TLS handshake")},
		{"closes at once", says(""), named(""), bad("connection closed in the TLS handshake")},
		{"is silent", silent, func(c *config.Check) { c.Timeout = soon }, bad("connected, but no complete answer in 300ms")},
		{"drips", drips("\x16\x03\x03\x40\x00", 5*time.Millisecond), func(c *config.Check) { c.Timeout = soon },
			bad("connected, but no complete answer in 300ms")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, kind := range []config.CheckType{config.CheckTLS, config.CheckHTTPS} {
				asked(t, Target{Server: serve(t, tt.server), Protocol: ipvs.TCP, Check: check(kind, ca(trusted.file), tt.change)}, tt.want)
			}
		})
	}
}

// TestHTTPS: what comes after the handshake is as by HTTP; without name, the
// certificate is the one that clients of the host want.
func TestHTTPS(t *testing.T) {
	trusted := newAuthority(t, "Our CA")
	asks := make(chan string, 1)
	server := serve(t, secured(&tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		asks <- hello.ServerName
		c := trusted.certificate(t, nil)
		return &c, nil
	}}))
	for _, tt := range []struct {
		name   string
		change func(*config.Check)
		sni    string
		want   want
	}{
		{"body", func(c *config.Check) { c.Body = "^OK$" }, "", good},
		{"another body", func(c *config.Check) { c.Body = "^KO$" }, "", bad(`body does not match "^KO$": "OK"`)},
		{"host", func(c *config.Check) { c.Host = "shop.example:8443" }, "shop.example", good},
		{"host and name", func(c *config.Check) { c.Host, c.Name = "www.example", "shop.example" }, "shop.example", good},
		{"another host", func(c *config.Check) { c.Host = "www.example" }, "www.example",
			bad("certificate not for www.example, but for shop.example, 127.0.0.1")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked(t, Target{Server: server, Protocol: ipvs.TCP, Check: check(config.CheckHTTPS, func(c *config.Check) { c.CA = trusted.file }, tt.change)}, tt.want)
			if got := <-asks; got != tt.sni {
				t.Errorf("asked for %q, want %q", got, tt.sni)
			}
		})
	}
}
