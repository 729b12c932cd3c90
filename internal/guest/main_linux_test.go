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

// The test binary is its own lab: "lab guest ARGS" runs ARGS in a guest even
// where the running kernel would do, "lab again ARGS" unless it is in one, "lab
// run ARGS" as [Run] chooses.
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
		return statusFailed, Init()
	case "guest":
		kernel, err := findKernel()
		if err != nil {
			return statusFailed, err
		}
		return runGuest(kernel, args)
	case "again":
		return Boot(args)
	}
	return Run(args)
}

// labCommand is this binary running args in a guest, in a folder of its own.
func labCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := findKernel(); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, append([]string{"lab", "guest"}, args...)...)
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
func leftovers(t *testing.T, pid int) []string {
	t.Helper()
	memory, err := memoryDir()
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(memory, fmt.Sprintf("lvsdr-kernel-%d-*", pid)))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
