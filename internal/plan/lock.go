package plan

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"lvsdr/internal/hint"
	"lvsdr/internal/host"
)

// lockPoll is how often a waiting run looks whether the lock is free.
const lockPoll = 50 * time.Millisecond

// lockName is the file of a lock in the folder of its namespace.
const lockName = "lock"

// Lock waits until this run is the only one in the folder, which it makes if it
// is missing. The kernel frees the lock with the process, however that ends.
// Unlock takes the folder away if nothing is recorded there.
func Lock(dir string, wait time.Duration) (unlock func() error, err error) {
	name := filepath.Join(dir, lockName)
	for deadline := time.Now().Add(wait); ; time.Sleep(lockPoll) {
		if err = os.MkdirAll(dir, 0o700); err == nil {
			var f *os.File
			if f, err = tryLock(name); err == nil {
				return func() error { return unlockFolder(dir, f) }, nil
			}
		}
		// Whoever ends takes the folder away. While it does so the folder is still
		// found, but no file can be made in it.
		ends := errors.Is(err, errGone) || errors.Is(err, fs.ErrNotExist)
		switch {
		case !ends && !errors.Is(err, errHeld):
			return nil, err
		case time.Now().After(deadline):
			return nil, hint.Add(fmt.Errorf("another lvsdr has held %s for %s", name, wait), "wait longer with --wait")
		}
	}
}

// LockWatch makes this run the only watch of a claimant, while it holds the
// folder's lock, until it ends, however that is, or calls unlock.
func LockWatch(dir string, who Claimant) (unlock func() error, err error) {
	name := watchLock(dir, who)
	for {
		f, err := tryLock(name)
		switch {
		case err == nil:
			return func() error { return errors.Join(os.Remove(name), f.Close()) }, nil
		case errors.Is(err, errHeld):
			return nil, hint.Add(fmt.Errorf("another lvsdr vs watch looks after %s", who.called()), "to find it: fuser "+name)
		case !errors.Is(err, errGone):
			return nil, err
		}
	}
}

// IsWatched reports whether a watch of a claimant is at work, while this run holds
// the folder's lock.
func IsWatched(dir string, who Claimant) (bool, error) {
	f, err := os.Open(watchLock(dir, who))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock: %w", err)
	}
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return err != nil, nil
}

func watchLock(dir string, who Claimant) string {
	return filepath.Join(dir, fmt.Sprintf("watch-%x.lock", sha256.Sum256([]byte(who.File))))
}

var (
	errHeld = errors.New("another process has the lock")
	errGone = errors.New("the file of the lock was taken away")
)

// tryLock locks a file, which it makes if it is missing. Errors are [errHeld],
// [errGone] if whoever had it ended just now, and those of files.
func tryLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case err == nil && isThere(f):
		return f, nil
	case err == nil:
		return nil, errors.Join(errGone, f.Close())
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, errors.Join(errHeld, f.Close())
	default:
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
	}
}

// isThere reports whether f is still the file that others find.
func isThere(f *os.File) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	theirs, err := os.Stat(f.Name())
	return err == nil && os.SameFile(mine, theirs)
}

func unlockFolder(dir string, f *os.File) error {
	if _, err := os.Stat(filepath.Join(dir, recordName)); errors.Is(err, fs.ErrNotExist) {
		os.Remove(filepath.Join(dir, recordName+".new")) // of one that was killed
		os.Remove(f.Name())
		os.Remove(dir)
	}
	return f.Close()
}

// RemoveStale removes the folders below runDir that nobody needs any more:
// those of another boot, of namespaces that are gone, and those without a
// record. Held is [host.NamespacesHeld]. A folder stays if this cannot be decided.
func RemoveStale(runDir string, here host.Namespace, held func() (map[uint64]bool, error)) {
	entries, _ := os.ReadDir(runDir)
	var alive map[uint64]bool
	for _, e := range entries {
		if id, err := strconv.ParseUint(e.Name(), 10, 64); err != nil || id == here.ID {
			continue
		}
		dir := filepath.Join(runDir, e.Name())
		r, err := readRecord(filepath.Join(dir, recordName))
		if err != nil || r.Namespace == nil && !r.Empty() {
			continue
		}
		if of := r.Namespace; of != nil && of.SameBoot(here) {
			if alive == nil {
				if alive, err = held(); err != nil {
					return
				}
			}
			if alive[of.Inode] {
				continue
			}
		}
		if unlock, err := Lock(dir, 0); err == nil {
			if r.Namespace != nil {
				os.RemoveAll(dir)
			}
			unlock()
		}
	}
}
