package page

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Listen opens ADDRESS:PORT or unix:PATH.
func Listen(where string) (net.Listener, error) {
	if path, is := strings.CutPrefix(where, "unix:"); is {
		return listenUnix(path)
	}
	if _, err := netip.ParseAddrPort(where); err != nil {
		return nil, err
	}
	return net.Listen("tcp", where)
}

// listenUnix opens a socket for its owner and group. One that an earlier run has
// left goes; a folder that is not there is made.
func listenUnix(path string) (net.Listener, error) {
	folder := filepath.Dir(path)
	err := os.Mkdir(folder, 0o750)
	if err == nil {
		err = os.Chmod(folder, 0o750) // whatever the umask is
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket != 0 {
		c, err := net.Dial("unix", path)
		if err == nil {
			c.Close()
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return nil, fmt.Errorf("listen on unix:%s: another program listens there", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o660) // the folder says who may enter
	}
	if err != nil && l != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, err
}
