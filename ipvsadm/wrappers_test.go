package ipvsadm

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"lvsdr/internal/command"
	"lvsdr/internal/ipvs"
)

// runCommand runs one of the commands as main does.
func runCommand(run func(command.Env) int, stdin string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	status := run(command.Env{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, LookupEnv: noEnv,
	})
	return outcome{stdout.String(), stderr.String(), status}
}

// Help and version come before the kernel, and the rest of the words is not
// looked at.
func TestRunWithoutKernel(t *testing.T) {
	var page strings.Builder
	writeHelp(&page, "/sbin/ipvsadm")
	tests := []struct {
		args []string
		want outcome
	}{
		{[]string{"ipvsadm", "-v"}, outcome{Stdout: msgVersion + "\n"}},
		{[]string{"ipvsadm", "x", "--version", "-Q"}, outcome{Stdout: msgVersion + "\n"}},
		{[]string{"/sbin/ipvsadm", "-hQ"}, outcome{Stdout: msgVersion + "\n" + page.String()}},
		{[]string{"/sbin/ipvsadm", "--help", "-L"}, outcome{Stdout: msgVersion + "\n" + page.String()}},
	}
	for _, tt := range tests {
		if d := diff(tt.want, runCommand(Run, "", tt.args...)); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.args, d)
		}
	}
}

func TestSaveUsage(t *testing.T) {
	usage := func(name string) outcome {
		return outcome{Stderr: name + ": Script to save the IPVS table to stdout.\n" +
			"   With the -n option, prints out the table in numeric format.\n", Status: 1}
	}
	tests := []struct {
		args []string
		want outcome
	}{
		{[]string{"/sbin/ipvsadm-save", "-h"}, usage("ipvsadm-save")},
		{[]string{"save", "-n", "x", "--numeric"}, usage("save")},
		{[]string{"ipvsadm-save", "-"}, usage("ipvsadm-save")},
	}
	for _, tt := range tests {
		if d := diff(tt.want, runCommand(Save, "", tt.args...)); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.args, d)
		}
	}
}

// Bad input is known before the kernel is asked for anything.
func TestRestoreScriptBadInput(t *testing.T) {
	tests := []struct {
		name, input string
		want        outcome
	}{
		{"no command", "-C\noops\n", outcome{"", tryText + "line 2\n", 255}},
		{"comments and blank lines count", "# c\n\n-C -n\n", outcome{"", "Illegal 'numeric' option with the 'flush' command\nline 3\n", 2}},
		{"an indented comment is none", " # c\n", outcome{"", tryText + "line 1\n", 255}},
		{"unknown option", "-C -Q", outcome{"", "-Q: unknown option\nline 1\n", 255}},
		{"bad value", "-a -w x\noops\n", outcome{"", "illegal weight specified\nline 1\n", 2}},
		{"restore", "-R\n", outcome{"", tryText + "line 1\n", 255}},
		{"NUL", "-C\n-C\x00\n", outcome{"", "NUL byte in the input\nline 2\n", 2}},
		{"version", "-v\n", outcome{msgVersion + "\n", "line 1\n", 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := diff(tt.want, runCommand(Restore, tt.input, "ipvsadm-restore", "-x")); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestRestoreScript(t *testing.T) {
	tests := []struct {
		name, input string
		want        outcome
		calls       string
	}{
		{"empty", "", outcome{}, "Flush"},
		{"comments", "#-Z\n# -Z\n", outcome{}, "Flush"},
		{"a comment without an end", "-Z\n#-C", outcome{}, "Flush Zero"},
		{"a NUL in a comment", "#\x00\n-Z", outcome{}, "Flush Zero"},
		{"rules", "# c\n--set 1 2 3\n#\n-Z", outcome{}, "Flush SetTimeouts Zero"},
		{"the kernel refuses", "-A -t 10.0.0.1:80\n-Z\n",
			outcome{Stderr: "Scheduler or persistence engine not found\n"}, "Flush AddService Zero"},
		{"the kernel refuses the last rule", "-A -t 10.0.0.1:80\n",
			outcome{Stderr: "Scheduler or persistence engine not found\n", Status: 255}, "Flush AddService"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := restoreKernel()
			r := newRig(t, k, "")
			got := r.outcome(r.replace(strings.NewReader(tt.input)))
			if d := diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if got := methods(k); got != tt.calls {
				t.Errorf("calls %q, want %q", got, tt.calls)
			}
		})
	}
}

// Rules that cannot be read to the end are bad input: the table stays.
func TestRestoreScriptUnreadable(t *testing.T) {
	k := &fakeKernel{}
	r := newRig(t, k, "")
	in := io.MultiReader(strings.NewReader("-Z\n"), iotest.ErrReader(syscall.EIO))
	want := outcome{Stderr: "cannot read the rules: input/output error\n", Status: 2}
	if d := diff(want, r.outcome(r.replace(in))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := methods(k); got != "" {
		t.Errorf("calls %q, want none", got)
	}
}

// A table that cannot be cleared is loaded nevertheless.
func TestRestoreScriptFlushRefused(t *testing.T) {
	k := &fakeKernel{refuse: map[string]error{"Flush": syscall.ENOMEM}}
	r := newRig(t, k, "")
	want := outcome{Stderr: "Memory allocation problem\n"}
	if d := diff(want, r.outcome(r.replace(strings.NewReader("-Z\n")))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := methods(k); got != "Flush Zero" {
		t.Errorf("calls %q, want Flush Zero", got)
	}
}

// noIPVS is what is said where there is no way to the kernel's IPVS.
func noIPVS(reason string) outcome {
	return outcome{Status: 2, Stderr: "Can't initialize ipvs: " + reason + "\n" +
		"Are you sure that IP Virtual Server is built in the kernel or as module?\n"}
}

func TestConnect(t *testing.T) {
	here := &fakeKernel{info: ipvs.Info{Version: 0x010201, ConnSize: 4096}}
	absent := fmt.Errorf("family IPVS: %w", syscall.ENOPROTOOPT)
	tests := []struct {
		name   string
		line   string
		opened []error // by attempt; nil: it opens
		loads  bool    // what modprobe says
		want   outcome
	}{
		{"at once", "-C", []error{nil}, false, outcome{}},
		{"with the module", "-C", []error{absent, nil}, true, outcome{}},
		{"no module", "-C", []error{absent}, false, noIPVS("Protocol not available")},
		{"a module without IPVS", "-C", []error{absent, absent}, true, noIPVS("Protocol not available")},
		{"no rights", "-C", []error{syscall.EPERM, syscall.EPERM}, true, noIPVS("Permission denied (you must be root)")},
		{"reply that cannot be understood", "-C", []error{io.ErrUnexpectedEOF}, false, noIPVS(general[syscall.EINVAL])},
		{"no particular text for ESRCH", "-C", []error{syscall.ESRCH}, false, noIPVS("No such process")},
		{"bad words come later", "no such words", []error{absent}, false, noIPVS("Protocol not available")},
		{"so does a list without arguments", "", []error{absent}, false, noIPVS("Protocol not available")},
		{"then the words", "no such words", []error{nil}, false, outcome{Stderr: tryText, Status: 255}},
		{"version needs no kernel", "-v", nil, false, outcome{Stdout: msgVersion + "\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, here, "")
			attempts := tt.opened
			r.open = func() (balancer, error) {
				err := attempts[0]
				attempts = attempts[1:]
				if err != nil {
					return nil, err
				}
				return here, nil
			}
			r.loadModule = func(io.Reader, io.Writer, io.Writer) bool { return tt.loads }
			if d := diff(tt.want, r.do(tt.line)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if len(attempts) > 0 {
				t.Errorf("%d attempts were not made", len(attempts))
			}
		})
	}
}

// modprobe speaks for itself before we do.
func TestConnectModprobeStreams(t *testing.T) {
	r := newRig(t, &fakeKernel{}, "")
	r.open = func() (balancer, error) { return nil, syscall.EPERM }
	r.loadModule = func(_ io.Reader, _, stderr io.Writer) bool {
		io.WriteString(stderr, "modprobe: no\n")
		return false
	}
	want := noIPVS("Permission denied (you must be root)")
	want.Stderr = "modprobe: no\n" + want.Stderr
	if d := diff(want, r.do("-C")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestOldIPVS(t *testing.T) {
	const warning = "Warning: IPVS version mismatch: \n" +
		"  Kernel compiled with IPVS version 1.1.3\n" +
		"  ipvsadm v1.31  requires minimum IPVS version 1.1.4\n\n"
	for version, want := range map[uint32]string{0x010103: warning, 0x010104: ""} {
		r := newRig(t, &fakeKernel{info: ipvs.Info{Version: version}}, "-Z\n-Z\n")
		if d := diff(outcome{Stderr: want}, r.do("-R")); d != "" {
			t.Errorf("version %#x (-want +got):\n%s", version, d)
		}
	}
}
