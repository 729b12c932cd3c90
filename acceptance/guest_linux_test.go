package acceptance

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The tests of this file are for the kernel of the machine itself: an ordinary
// user, who may make no namespaces there, has the lab in a guest.

// asUser is lvsdr run by an ordinary user.
func asUser(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(programs, "lvsdr"), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin", "SHELL=/bin/sh"}
	if os.Getuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestGuestLab(t *testing.T) {
	type result struct {
		Stdout, Stderr string
		Status         int
	}
	for _, tt := range []struct {
		name, words, input string
		want               result
	}{
		{"a program on a host", "lab exec lvs -- cat /proc/sys/net/ipv4/conf/eth0/rp_filter -", "typed\n", result{Stdout: "1\ntyped\n"}},
		{"its status", "lab exec client -- false", "", result{Status: 1}},
		{"a request", "lab get http://172.16.0.100/", "", result{Stdout: "10.0.0.17 \n"}},
		{"a shell", "lab up --quiet", "lvsdr lab get 172.16.0.100\nlvsdr lab exec rs1 -- ipvsadm -Sn; exit 5\n", result{
			Stdout: "10.0.0.17 \n", Stderr: "The VS Server is Ready!\nThe RS Server is Ready!\nThe RS Server is Ready!\n", Status: 5}},
		{"nothing to take down", "lab down", "", result{Stderr: "lvsdr: lab down: no lab is up\n"}},
		{"usage", "lab exec nosuch -- true", "", result{
			Stderr: "lvsdr: lab exec: unknown host \"nosuch\": client, router, lvs, rs1 or rs2\n", Status: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			cmd := asUser(strings.Fields(tt.words)...)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(tt.input), &stdout, &stderr
			if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
				t.Fatal(err)
			}
			got := result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestGuestLabInterrupted ends a lab in a guest from outside.
func TestGuestLabInterrupted(t *testing.T) {
	cmd := asUser("lab", "exec", "client", "--", "sh", "-c", `trap "echo asked; exit 9" TERM; echo ready; while :; do sleep 0.1; done`)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line := make([]byte, len("ready\n"))
	if _, err := out.Read(line); err != nil || string(line) != "ready\n" {
		t.Errorf("it says %q, %v; want that it is ready", line, err)
	}
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	var rest bytes.Buffer
	stop := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer stop.Stop()
	_, err = rest.ReadFrom(out)
	must(t, err)
	cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != 9 || rest.String() != "asked\n" {
		t.Errorf("status %d after %q, want 9 after that it was asked", status, &rest)
	}
}

// TestGuestWithoutIPVS: the doctor finds that the kernel has none, and the
// command that he prints loads it.
func TestGuestWithoutIPVS(t *testing.T) {
	const script = `
export LVSDR_VIP=172.16.0.100 LVSDR_RS=10.0.0.7
rmmod ip_vs
echo /bin/false > /proc/sys/kernel/modprobe
MODPROBE_OPTIONS="-d /nowhere" lvsdr check | grep -A2 ' ipvs '
modprobe ip_vs
lvsdr check | grep ' ipvs '`
	cmd := asUser("lab", "kernel", "--", "sh", "-ec", "PATH=$(dirname $0):$PATH"+script)
	cmd.Args = append(cmd.Args, cmd.Path)
	got, err := cmd.Output()
	must(t, err)
	const want = `fail     ipvs           the kernel has none loaded
         why: without IPVS in the kernel nothing is balanced
         mend: modprobe ip_vs
pass     ipvs           the kernel has it
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
