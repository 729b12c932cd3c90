package main

import (
	_ "embed"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"lvsdr/internal/page"
)

var shots = flag.String("shots", "", "a folder for what the browser shows at each width")

//go:embed inspect.js
var inspect string

// widths are those of a phone, a tablet and a desk.
var widths = []int{390, 820, 1440}

// TestBrowser has a real browser lay out everything that the page can show, in frames as
// wide as a phone, a tablet and a desk: nothing is cut off, all of it can be read, and no
// text is run as a program. What the browser is told to forbid is left out for that, or
// nobody could look into it.
func TestBrowser(t *testing.T) {
	shown := page.Handler(everything())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			shown.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/bare" {
			inner := httptest.NewRecorder()
			shown.ServeHTTP(inner, httptest.NewRequest(http.MethodGet, "/", nil))
			w.Write(inner.Body.Bytes())
			return
		}
		fmt.Fprint(w, "<!DOCTYPE html><body>")
		for _, width := range widths {
			fmt.Fprintf(w, `<iframe src=/bare width=%d height=900 style="border:0"></iframe>`, width)
		}
		fmt.Fprintf(w, "<script>onload = () => { %s }</script>", inspect)
	}))
	defer server.Close()
	for name, s := range map[string]scheme{"light": light, "dark": dark} {
		said := textOf(t, s, server.URL+"/frames", "pre")
		texts, wrong, _ := strings.Cut(said, "\n")
		if n, err := strconv.Atoi(strings.TrimSuffix(texts, " texts")); err != nil || n < 300 || wrong != "" {
			t.Errorf("%s: %s", name, said)
		}
		for _, width := range widths {
			if *shots == "" {
				break
			}
			if _, err := browse(s, width, 2400, server.URL, "--screenshot="+filepath.Join(*shots, fmt.Sprintf("%d-%s.png", width, name))); err != nil {
				t.Fatal(err)
			}
		}
	}
	// As it is sent: with what it forbids the browser.
	if title := textOf(t, light, server.URL, "title"); title != "! lvs1: lvsdr" {
		t.Errorf("title %q", title)
	}
}

// textOf is the text of the first element of that name, once the browser has the page.
func textOf(t *testing.T, s scheme, url, name string) string {
	t.Helper()
	dom, err := browse(s, 1600, 900, url, "--dump-dom")
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(dom))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name && n.FirstChild != nil {
			return n.FirstChild.Data
		}
	}
	t.Fatalf("no %s in:\n%s", name, dom)
	return ""
}

func TestMain(m *testing.M) {
	flag.Parse()
	if *shots != "" {
		if err := os.MkdirAll(*shots, 0o755); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}
