package lab

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// holderFile names the process that has locked the lab.
const holderFile = folder + "/holder"

// Lock keeps other processes from building the lab and from taking it down; who
// is the command that this process runs. The lock is on the lab's folder, which
// the holder may delete. Using the lab needs no lock.
func Lock(who string) (unlock func() error, err error) {
	for {
		f, err := openFolder()
		if err != nil {
			return nil, err
		}
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case errors.Is(err, syscall.EWOULDBLOCK):
			f.Close()
			return nil, fmt.Errorf("another lvsdr is using the lab: %s", readHolder())
		case err != nil:
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", folder, err)
		case !isFolder(f): // it was taken down just now
			f.Close()
			continue
		}
		text := fmt.Sprintf("%s (process %d)\n", who, os.Getpid())
		if err := os.WriteFile(holderFile, []byte(text), 0o644); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return func() error { return release(f) }, nil
	}
}

// openFolder opens the lab's folder, and makes it if it is missing. Another
// process that ends may delete it between the two; then it tries again.
func openFolder() (f *os.File, err error) {
	for range 100 {
		if err := os.MkdirAll(folder, 0o755); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		f, err = os.Open(folder)
		if !errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	return f, err
}

// isFolder reports whether f is still the folder that others find.
func isFolder(f *os.File) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	theirs, err := os.Stat(folder)
	return err == nil && os.SameFile(mine, theirs)
}

// release frees the lock, and removes the folder if it is empty.
func release(f *os.File) error {
	if !isFolder(f) {
		return f.Close()
	}
	err := os.Remove(holderFile)
	if os.Remove(folder) == nil {
		os.Remove(runFolder)
	}
	return errors.Join(err, f.Close())
}

func readHolder() string {
	text, err := os.ReadFile(holderFile)
	if err != nil || len(text) == 0 { // the holder is about to write, or has just ended
		return "another process"
	}
	return strings.TrimSpace(string(text))
}
