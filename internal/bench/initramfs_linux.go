package main

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// writeInitramfs makes the guest's root file system: this program as its init,
// both programs to measure with all they load, and the modules.
func writeInitramfs(path string, k stockKernel, o options) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	a := newArchive(w)
	a.device("/dev/console", 5, 1)
	if err := addPrograms(a, o.ours); err != nil {
		return err
	}
	if err := addModules(a, k.modules()); err != nil {
		return err
	}
	text, err := json.Marshal(o.plan)
	if err != nil {
		return err
	}
	a.file(guestPlan, 0o644, text)
	if err := a.close(); err != nil {
		return err
	}
	return w.Flush()
}

func addPrograms(a *archive, ours string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, program := range []struct{ from, to string }{
		{self, "/init"},
		{ours, guestOurs + "/lvsdr"},
		{"/sbin/ipvsadm", guestTheirs + "/ipvsadm"},
		{"/bin/bash", "/bin/bash"}, // for ipvsadm-restore, as is grep
		{"/bin/grep", "/bin/grep"},
	} {
		if err := addProgram(a, program.from, program.to); err != nil {
			return err
		}
	}
	if err := addFile(a, "/sbin/ipvsadm-restore", guestTheirs+"/ipvsadm-restore"); err != nil {
		return err
	}
	for _, name := range ourNames {
		a.link(guestOurs+"/"+name, "lvsdr")
	}
	// Without it the loader searches every directory, which takes longer.
	return addFile(a, "/etc/ld.so.cache", "/etc/ld.so.cache")
}

// addProgram adds a program with its loader and libraries.
func addProgram(a *archive, from, to string) error {
	if err := addFile(a, from, to); err != nil {
		return err
	}
	file, err := elf.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	section := file.Section(".interp")
	if section == nil {
		return nil // static
	}
	loader, err := section.Data()
	if err != nil {
		return err
	}
	list, err := exec.Command(string(bytes.TrimRight(loader, "\x00")), "--list", from).Output()
	if err != nil {
		return fmt.Errorf("list libraries of %s: %w", from, err)
	}
	for _, word := range strings.Fields(string(list)) {
		if filepath.IsAbs(word) {
			if err := addFile(a, word, word); err != nil {
				return err
			}
		}
	}
	return nil
}

func addModules(a *archive, dir string) error {
	dependencies, err := os.ReadFile(dir + "/modules.dep")
	if err != nil {
		return err
	}
	files, err := loadOrder(string(dependencies), modules)
	if err != nil {
		return err
	}
	for i, file := range files {
		to := fmt.Sprintf("%s/%02d-%s", guestModules, i, filepath.Base(file))
		if err := addFile(a, filepath.Join(dir, file), to); err != nil {
			return err
		}
	}
	return nil
}

func addFile(a *archive, from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	a.file(to, info.Mode(), content)
	return a.err
}
