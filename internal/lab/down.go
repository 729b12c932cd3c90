package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"lvsdr/internal/host"
	"lvsdr/internal/lab/vnet"
)

// Exists reports whether any part of a lab exists.
func Exists() bool {
	if _, err := os.Stat(folder); err == nil {
		return true
	}
	for _, name := range append(namespaces(), namespace(second.name)) {
		if _, err := os.Lstat(filepath.Join(vnet.Folder, name)); err == nil {
			return true
		}
	}
	return false
}

// Down takes down all parts of a lab, complete or not: it kills the processes on
// the hosts and leaves no namespace and no file. If one part cannot be taken
// down, the others still are.
func Down() error {
	err := dismantle()
	if gone := os.RemoveAll(folder); gone != nil {
		return errors.Join(err, gone)
	}
	os.Remove(runFolder) // if nothing else is in it
	return err
}

// Down takes the lab down, as the function does.
func (l *Lab) Down() error { return Down() }

// dismantle takes everything down but the lab's folder and the holder's file in
// it: the folder carries the lock.
func dismantle() error {
	errs := []error{ignoreMissing(os.Remove(readyFile))}
	for _, name := range append(namespaces(), namespace(second.name)) {
		if err := RemoveHost(name); err != nil {
			errs = append(errs, fmt.Errorf("network namespace %s: %w", name, err))
		}
	}
	if _, err := os.Stat(netnsFile); err == nil {
		errs = append(errs, vnet.RemoveFolder())
	}
	entries, err := os.ReadDir(folder)
	errs = append(errs, ignoreMissing(err))
	for _, e := range entries {
		if path := filepath.Join(folder, e.Name()); path != holderFile {
			errs = append(errs, os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// RemoveHost deletes a namespace, the processes in it and the record that our
// verbs have of it. The name goes first: a process that enters afterwards leaves
// by itself (see [Lab.Exec]), and one that is inside is found without the name.
func RemoveHost(name string) error {
	if !vnet.HasNamespace(name) {
		return vnet.DeleteNamespace(name) // a name that leads nowhere, or none
	}
	inside, err := os.Open(filepath.Join(vnet.Folder, name))
	if err != nil {
		return errors.Join(err, vnet.DeleteNamespace(name))
	}
	defer inside.Close()
	record, err := recordOf(name)
	errs := []error{err, vnet.DeleteNamespace(name), kill(inside)}
	if err == nil {
		errs = append(errs, os.RemoveAll(record))
	}
	return errors.Join(errs...)
}

// killPatience is how long a process may take to end when it was killed.
const killPatience = 5 * time.Second

// kill ends the processes in a namespace, but not this one.
func kill(inside *os.File) error {
	for end := time.Now().Add(killPatience); ; time.Sleep(5 * time.Millisecond) {
		pids, err := vnet.Processes(inside)
		if err != nil {
			return err
		}
		alive := 0
		for _, pid := range pids {
			if pid == os.Getpid() {
				continue
			}
			alive = pid
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("kill process %d: %w", pid, err)
			}
		}
		switch {
		case alive == 0:
			return nil
		case time.Now().After(end):
			return fmt.Errorf("process %d does not end", alive)
		}
	}
}

// recordOf is the folder in which vs and rs record what they did in a namespace.
func recordOf(name string) (folder string, err error) {
	err = vnet.In(name, func() error {
		id, err := host.NamespaceID()
		folder = filepath.Join(runFolder, strconv.FormatUint(id, 10))
		return err
	})
	return folder, err
}
