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
	for deadline := time.Now().Add(wait); ; {
		f, err := openLock(dir)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && isThere(f) {
			return func() error { return unlockFolder(dir, f) }, nil
		}
		f.Close()
		switch {
		case err == nil || errors.Is(err, syscall.EINTR): // or its holder took the folder away
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		case time.Now().After(deadline):
			return nil, hint.Add(fmt.Errorf("another lvsdr has held %s for %s", f.Name(), wait), "wait longer with --wait")
		}
		time.Sleep(lockPoll)
	}
}

// LockWatch makes this run the only watch of a claimant, while it holds the
// folder's lock, until it ends, however that is, or calls unlock.
func LockWatch(dir string, who Claimant) (unlock func() error, err error) {
	name := filepath.Join(dir, fmt.Sprintf("watch-%x.lock", sha256.Sum256([]byte(who.File))))
	for {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("lock: %w", err)
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && isThere(f) {
			return func() error { return errors.Join(os.Remove(name), f.Close()) }, nil
		}
		f.Close()
		switch {
		case err == nil || errors.Is(err, syscall.EINTR): // or the other one is just ending
		case errors.Is(err, syscall.EWOULDBLOCK):
			return nil, hint.Add(fmt.Errorf("another lvsdr vs watch looks after %s", who.called()), "to find it: fuser "+name)
		default:
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
	}
}

// openLock opens the file of a lock. Whoever ends may take the folder away
// between the two; then it tries again.
func openLock(dir string) (f *os.File, err error) {
	for range 100 {
		if err := os.MkdirAll(dir, 0o700); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		f, err = os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
		if err == nil {
			return f, nil
		}
		err = fmt.Errorf("lock: %w", err)
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return nil, err
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
