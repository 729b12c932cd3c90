package sorry

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lvsdr/internal/config"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write makes a file for one test.
func write(t testing.TB, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// certificate makes one for 127.0.0.1, signed by itself.
func certificate(t testing.TB) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{{127, 0, 0, 1}}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	return write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}

func TestLoad(t *testing.T) {
	full := strings.Repeat("x", maxPage)
	for _, tt := range []struct{ name, page, want string }{
		{"of its own", write(t, "page.html", "<p>Back at noon · 中午回来"), "<p>Back at noon · 中午回来"},
		{"as large as it may be", write(t, "page.html", full), full},
		{"ours", config.DefaultPage, string(ours)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Load(config.Sorry{Page: tt.page})
			must(t, err)
			if string(p.html) != tt.want {
				t.Errorf("a page of %d bytes, want %d", len(p.html), len(tt.want))
			}
		})
	}
}

// TestLoadFaults: each error says which file, and what is wrong with it.
func TestLoadFaults(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	must(t, unix.Mkfifo(fifo, 0o600))
	cert, key := certificate(t)
	_, other := certificate(t)
	for _, tt := range []struct {
		name  string
		sorry config.Sorry
		want  string // PAGE, CERT, KEY: of sorry
	}{
		{"no file", config.Sorry{Page: "/nowhere/page.html"}, `stat PAGE: no such file or directory`},
		{"a folder", config.Sorry{Page: t.TempDir()}, `read "PAGE": it is no regular file`},
		{"a FIFO", config.Sorry{Page: fifo}, `read "PAGE": it is no regular file`},
		{"nothing in it", config.Sorry{Page: write(t, "page.html", "")}, `read "PAGE": it is empty`},
		{"too large", config.Sorry{Page: write(t, "page.html", strings.Repeat("x", maxPage+1))}, `read "PAGE": it is larger than 1048576 bytes`},
		{"a file without size or end", config.Sorry{Page: "/proc/self/mem"}, `read PAGE: input/output error`},
		{"GB 18030", config.Sorry{Page: write(t, "page.html", "\xd6\xd0\xce\xc4")}, `read "PAGE": it is not UTF-8`},
		{"no certificate", config.Sorry{Page: config.DefaultPage, Cert: "/nowhere/cert.pem", Key: key}, `certificate "CERT" with key "KEY": open CERT: no such file or directory`},
		{"no key", config.Sorry{Page: config.DefaultPage, Cert: cert, Key: "/nowhere/key.pem"}, `certificate "CERT" with key "KEY": open KEY: no such file or directory`},
		{"no PEM", config.Sorry{Page: config.DefaultPage, Cert: write(t, "cert.pem", "secret"), Key: key}, `certificate "CERT" with key "KEY": tls: failed to find any PEM data in certificate input`},
		{"the key of another", config.Sorry{Page: config.DefaultPage, Cert: cert, Key: other}, `certificate "CERT" with key "KEY": tls: private key does not match public key`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(tt.sorry)
			want := "sorry page: " + strings.NewReplacer("PAGE", tt.sorry.Page, "CERT", tt.sorry.Cert, "KEY", tt.sorry.Key).Replace(tt.want)
			if err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
		})
	}
}

// TestOurs: our page needs nobody else, for who would answer?
func TestOurs(t *testing.T) {
	page := string(ours)
	for _, want := range []string{`charset="utf-8"`, "try again", "请稍后再试"} {
		if !strings.Contains(page, want) {
			t.Errorf("our page lacks %q", want)
		}
	}
	if found := regexp.MustCompile(`(?i)(src|href|url|import|script)\b`).FindString(page); found != "" {
		t.Errorf("our page asks for more: %q", found)
	}
}
