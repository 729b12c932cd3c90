package main

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"lvsdr/internal/guest"
)

// fill adds what the guest needs to measure: this program as its init, both
// programs with all they load, and the plan.
func (o options) fill(a *guest.Initramfs) {
	text, err := json.Marshal(o.plan)
	if err != nil {
		a.Fail(err)
	}
	a.File(guestPlan, 0o644, text)
	self, err := os.Executable()
	if err != nil {
		a.Fail(err)
	}
	for _, program := range []struct{ from, to string }{
		{self, "/init"},
		{o.ours, guestOurs + "/lvsdr"},
		{"/sbin/ipvsadm", guestTheirs + "/ipvsadm"},
		{"/bin/bash", "/bin/bash"}, // for ipvsadm-restore, as is grep
		{"/bin/grep", "/bin/grep"},
	} {
		if err := addProgram(a, program.from, program.to); err != nil {
			a.Fail(err)
		}
	}
	a.Copy("/sbin/ipvsadm-restore", guestTheirs+"/ipvsadm-restore")
	for _, name := range ourNames {
		a.Link(guestOurs+"/"+name, "lvsdr")
	}
	// Without it the loader searches every directory, which takes longer.
	a.Copy("/etc/ld.so.cache", "/etc/ld.so.cache")
}

// addProgram adds a program with its loader and libraries.
func addProgram(a *guest.Initramfs, from, to string) error {
	a.Copy(from, to)
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
			a.Copy(word, word)
		}
	}
	return nil
}
