package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"lvsdr/internal/guest"
	"lvsdr/internal/host"
	"lvsdr/internal/lab/vnet"
)

// Command is a program on a host; any thread may start it. It starts this
// executable, which enters the host and replaces itself by the program
// ([Lab.Exec]). The program ends with ctx.
func (l *Lab) Command(ctx context.Context, host string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	words := append([]string{"lab", "exec", "--no-build", host, "--"}, args...)
	cmd := exec.CommandContext(ctx, self, words...)
	cmd.Args[0] = "lvsdr"
	cmd.Env = Environment(os.Environ())
	cmd.Err = err
	return cmd
}

// Exec replaces this process by a program on a host. "lvsdr" and the names of
// ipvsadm mean this executable. Exec returns only if it fails, with the status
// to exit with.
func (l *Lab) Exec(name string, args []string) (status int, err error) {
	if err := CheckHost(name); err != nil {
		return 1, err
	}
	if _, err := host.EnterNetNS(namespace(name)); err != nil {
		return 1, fmt.Errorf("enter the network namespace of %s: %w", name, err)
	}
	if !vnet.Inside(namespace(name)) { // then nobody would find the program there
		return 1, fmt.Errorf("enter the network namespace of %s: the lab has just been taken down", name)
	}
	adopt(Environment(os.Environ()))
	return guest.Exec(args)
}

// adopt makes an environment this process's own.
func adopt(env []string) {
	os.Clearenv()
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		os.Setenv(name, value)
	}
}

// Environment turns an environment into that of programs on the hosts. The
// variables LVSDR_... describe the machine that the lab is on: the hosts have a
// configuration of their own.
func Environment(outer []string) []string {
	env := []string{"LVSDR_CONFIG=" + configFile}
	path := "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, entry := range outer {
		name, value, ok := strings.Cut(entry, "=")
		switch {
		case name == "PATH":
			path = value
		case ok && !strings.HasPrefix(name, "LVSDR_"):
			env = append(env, entry)
		}
	}
	if !strings.HasPrefix(path, programs+":") {
		path = programs + ":" + path
	}
	return append(env, "PATH="+path)
}

// SetUp starts the cluster as its administrators would: the director, then the
// real servers. The verbs print on stdout and stderr.
func (l *Lab) SetUp(ctx context.Context, stdout, stderr io.Writer) error {
	for _, verb := range []struct{ host, role string }{{"lvs", "vs"}, {"rs1", "rs"}, {"rs2", "rs"}} {
		cmd := l.Command(ctx, verb.host, "lvsdr", verb.role, "start")
		cmd.Stdout, cmd.Stderr = stdout, stderr
		err := cmd.Run()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && (cmd.ProcessState == nil || !cmd.ProcessState.Success()) { // else only words were lost
			return fmt.Errorf("lvsdr %s start on %s: %w", verb.role, verb.host, err)
		}
	}
	return nil
}
