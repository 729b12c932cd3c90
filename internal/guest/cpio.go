package guest

import (
	"fmt"
	"io"
	"io/fs"
	"path"
)

// An Initramfs is the first root file system of a guest in the making: in the
// "new ASCII" cpio format that a kernel unpacks into memory
// (Documentation/driver-api/early-userspace/buffer-format.rst). The first error
// sticks.
type Initramfs struct {
	w      io.Writer
	inode  int
	length int
	known  map[string]bool // names written so far
	err    error
}

// The file types of mode in an archive's header (inode(7)).
const (
	modeDirectory = 0o040000
	modeCharacter = 0o020000
	modeRegular   = 0o100000
	modeLink      = 0o120000
)

func newInitramfs(w io.Writer) *Initramfs {
	return &Initramfs{w: w, known: map[string]bool{".": true}}
}

// File adds a regular file, and the directories above it. What has been added
// under its name before stays.
func (a *Initramfs) File(name string, perm fs.FileMode, content []byte) {
	a.entry(name, modeRegular|uint32(perm.Perm()), 0, 0, content)
}

// Link adds a symbolic link.
func (a *Initramfs) Link(name, target string) {
	a.entry(name, modeLink|0o777, 0, 0, []byte(target))
}

// Fail makes err the error of the whole, unless there is one already.
func (a *Initramfs) Fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

// device adds a character device.
func (a *Initramfs) device(name string, major, minor int) {
	a.entry(name, modeCharacter|0o600, major, minor, nil)
}

func (a *Initramfs) directory(name string) {
	a.entry(name, modeDirectory|0o755, 0, 0, nil)
}

// entry adds anything. What has been added under that name before stays.
func (a *Initramfs) entry(name string, mode uint32, major, minor int, content []byte) {
	name = path.Clean(name)
	for name != "/" && name[0] == '/' {
		name = name[1:]
	}
	if name == "/" || a.known[name] {
		return
	}
	a.known[name] = true
	a.directory(path.Dir(name))
	a.write(name, mode, major, minor, content)
}

func (a *Initramfs) write(name string, mode uint32, major, minor int, content []byte) {
	a.inode++
	fields := []int{a.inode, int(mode), 0, 0, 1, 0, len(content), 0, 0, major, minor, len(name) + 1, 0}
	header := "070701"
	for _, field := range fields {
		header += fmt.Sprintf("%08X", field)
	}
	a.put([]byte(header + name + "\x00"))
	a.put(content)
}

// put writes and pads to a multiple of four, as header and content end.
func (a *Initramfs) put(b []byte) {
	padding := make([]byte, -(a.length+len(b))&3)
	for _, part := range [][]byte{b, padding} {
		if a.err == nil {
			_, a.err = a.w.Write(part)
		}
		a.length += len(part)
	}
}

func (a *Initramfs) close() error {
	a.write("TRAILER!!!", 0, 0, 0, nil)
	return a.err
}
