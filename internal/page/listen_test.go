package page

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestListenUnix(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "page")
	path := filepath.Join(folder, "socket")
	listen := func() net.Listener {
		t.Helper()
		l, err := Listen("unix:" + path)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	refused := func(why string) {
		t.Helper()
		if _, err := Listen("unix:" + path); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %s", err, why)
		}
	}
	l := listen()
	for name, want := range map[string]os.FileMode{folder: os.ModeDir | 0o750, path: os.ModeSocket | 0o660} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %s", name, info, err, want)
		}
	}
	go http.Serve(l, Handler(source(healthy(), nil)))
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }}}
	for range 2 { // a second listener changes nothing
		r, err := client.Get("http://director/healthz")
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatal(r, err)
		}
		r.Body.Close()
		refused(fmt.Sprintf("listen on unix:%s: another program listens there", path))
	}
	l.Close()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}

	// What was killed leaves it.
	left := listen().(*net.UnixListener)
	left.SetUnlinkOnClose(false)
	left.Close()
	listen().Close()

	// A file is nobody's socket.
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("address already in use")
}

// A socket whose listener is busy is not a stale one.
func TestListenUnixBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 1 << 16 {
		c, err := net.DialTimeout("unix", path, 10*time.Millisecond)
		if err != nil {
			break // its queue is full
		}
		defer c.Close()
	}
	if _, err := Listen("unix:" + path); err == nil || !strings.Contains(err.Error(), "another program listens there") {
		t.Errorf("%v", err)
	}
}
