package plan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"lvsdr/internal/hint"
)

// lockPoll is how often a waiting run looks whether the lock is free.
const lockPoll = 50 * time.Millisecond

// Lock waits until this run is the only one in the folder. The kernel frees
// the lock with the process, however that ends: the file may stay.
func Lock(dir string, wait time.Duration) (unlock func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	for deadline := time.Now().Add(wait); ; time.Sleep(lockPoll) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return f.Close, nil
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
		case time.Now().After(deadline):
			f.Close()
			return nil, hint.Add(fmt.Errorf("another lvsdr has held %s for %s", f.Name(), wait), "wait longer with --wait")
		}
	}
}
