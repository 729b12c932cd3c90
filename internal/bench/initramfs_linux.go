package main

import (
	"encoding/json"
	"os"

	"lvsdr/internal/guest"
)

// fill adds what the guest needs to measure: this program as its init, both
// programs with all they load, and the plan.
func (o options) fill(a *guest.Initramfs) {
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
		a.Program(program.from, program.to)
	}
	a.Copy("/sbin/ipvsadm-restore", guestTheirs+"/ipvsadm-restore")
	for _, name := range ourNames {
		a.Link(guestOurs+"/"+name, "lvsdr")
	}
	// Without it the loader searches every directory, which takes longer.
	a.Copy("/etc/ld.so.cache", "/etc/ld.so.cache")
	text, err := json.Marshal(o.plan)
	if err != nil {
		a.Fail(err)
	}
	a.File(guestPlan, 0o644, text)
}
