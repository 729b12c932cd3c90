package guest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The test binary is its own lab: "lab guest ARGS" runs ARGS in user-mode-linux
// even where the running kernel would do, "lab stock ARGS" on a stock kernel,
// "lab again ARGS" in user-mode-linux unless it is in a guest, "lab run ARGS" as
// [Run] chooses.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "lab" {
		status, err := lab(os.Args[2], os.Args[3:])
		if err != nil {
			fmt.Fprintln(os.Stderr, "lab:", err)
		}
		os.Exit(status)
	}
	os.Exit(m.Run())
}

func lab(word string, args []string) (status int, err error) {
	switch word {
	case InitWord:
		return statusFailed, Init(args)
	case "guest":
		return bootUML(args)
	case "stock":
		return BootStock(args, StockOptions{})
	case "again":
		return Boot(args)
	}
	return Run(args)
}

// onEachGuest runs a test on both kernels that are guests.
func onEachGuest(t *testing.T, test func(t *testing.T, kernel string)) {
	for _, kernel := range []string{"guest", "stock"} {
		t.Run(kernel, func(t *testing.T) { test(t, kernel) })
	}
}

// labCommand is this binary running args in user-mode-linux.
func labCommand(t *testing.T, args ...string) *exec.Cmd {
	return labCommandOn(t, "guest", args...)
}

// labCommandOn is this binary running args in a guest, in a folder of its own.
func labCommandOn(t *testing.T, kernel string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, append([]string{"lab", kernel}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Stderr = os.Stderr
	return cmd
}

// A result is what is to be seen of a command.
type result struct {
	Stdout, Stderr string
	Status         int
}

func run(t *testing.T, cmd *exec.Cmd, stdin io.Reader) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// leftovers are the folders that the guest of process pid has.
func leftovers(t *testing.T, pid int) (all []string) {
	t.Helper()
	for _, k := range []kernel{umlinux{}, stock{}} {
		room, err := k.room()
		if err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(filepath.Join(room, fmt.Sprintf("lvsdr-kernel-%d-*", pid)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}
