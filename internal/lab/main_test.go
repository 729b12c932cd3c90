package lab_test

import (
	"os"
	"testing"

	"lvsdr/internal/command"
	"lvsdr/ipvsadm"
	"lvsdr/lvsdr"
)

// TestMain makes this test binary answer to the names under which the lab
// starts its own executable.
func TestMain(m *testing.M) {
	for name, run := range map[string]func(command.Env) int{
		"lvsdr": lvsdr.Run, "ipvsadm": ipvsadm.Run, "ipvsadm-save": ipvsadm.Save, "ipvsadm-restore": ipvsadm.Restore,
	} {
		if os.Args[0] == name {
			os.Exit(run(command.OS(os.Args)))
		}
	}
	os.Exit(m.Run())
}
