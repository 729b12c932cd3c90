package host

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Sysctl reads and writes kernel parameters. Those below net are of the network
// namespace of the calling thread.
type Sysctl struct {
	Root string // empty is /proc/sys
}

// Get returns a parameter that is one whole number. Names are those of
// sysctl(8): "net.ipv4.conf.lo.arp_ignore", with a slash for a dot inside an
// interface's name, or "net/ipv4/conf/eth0.100/arp_ignore". ENOENT: the kernel
// has no such parameter, or no such interface.
func (s Sysctl) Get(name string) (int, error) {
	path, err := s.path(name)
	if err != nil {
		return 0, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	value, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("sysctl %s: %w", name, err)
	}
	return value, nil
}

// Set changes a parameter. EROFS: /proc/sys is mounted read-only, as it is in
// most containers; EACCES or EPERM: not allowed.
func (s Sysctl) Set(name string, value int) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0) // never create a file
	if err != nil {
		return err
	}
	if _, err := f.WriteString(strconv.Itoa(value) + "\n"); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// path is the file of a parameter. The first separator of the name decides, as
// it does for sysctl(8): after a dot the slashes are dots, and the other way
// round.
func (s Sysctl) path(name string) (string, error) {
	file := name
	if i := strings.IndexAny(name, "./"); i >= 0 && name[i] == '.' {
		file = strings.NewReplacer(".", "/", "/", ".").Replace(name)
	}
	if !fs.ValidPath(file) || file == "." {
		return "", fmt.Errorf("sysctl %q: %w", name, fs.ErrInvalid)
	}
	root := s.Root
	if root == "" {
		root = "/proc/sys"
	}
	return filepath.Join(root, file), nil
}

// LinkParameter is the name of an IPv4 parameter of an interface, or of "all"
// or "default": "net.ipv4.conf.eth0.arp_ignore".
func LinkParameter(link, name string) string {
	return "net.ipv4.conf." + strings.ReplaceAll(link, ".", "/") + "." + name
}
