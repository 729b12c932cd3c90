package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// holderFile names the process that has locked the lab.
const holderFile = folder + "/holder"

// Lock keeps other processes from building the lab and from taking it down; who
// is the command that this process runs. The lock is on the lab's folder, which
// the holder may delete. Using the lab needs no lock.
func Lock(who string) (unlock func() error, err error) {
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(lockPoll) {
		f, err := tryLock(who)
		switch {
		case err == nil:
			return func() error { return release(f) }, nil
		case !errors.Is(err, fs.ErrNotExist) || time.Now().After(deadline):
			return nil, err
		}
	}
}

// While another process takes the folder away it may still be found, but no file
// can be made in it.
const (
	lockPatience = 10 * time.Second
	lockPoll     = 20 * time.Millisecond
)

// tryLock locks the lab's folder, which it makes if it is missing. The error is
// [fs.ErrNotExist] if another process takes it away meanwhile.
func tryLock(who string) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	switch err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = fmt.Errorf("another lvsdr is using the lab: %s", readHolder())
	case err != nil:
		err = fmt.Errorf("lock %s: %w", folder, err)
	case !isFolder(f):
		err = fs.ErrNotExist
	default:
		err = os.WriteFile(holderFile, fmt.Appendf(nil, "%s (process %d)\n", who, os.Getpid()), 0o644)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
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
