package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// part is something that runs on a kernel.
type part struct {
	name   string
	length int      // by which the longest begin
	args   []string // of go test; none: the walk through the tutorial
}

// What runs. Scripts of programs that see little of the kernel are not among them,
// and no faults of hooks that came with Linux 5.16.
var (
	compared        = part{"all comparisons with ipvsadm", 4, []string{"./compat"}}
	comparedShort   = part{"comparisons with ipvsadm: the table of cases, listings beside changes, streams", 3, []string{"./compat", "-run", "^Test(Cases|Torn|Streams)$"}}
	comparedForeign = part{"comparisons with ipvsadm: tables and listings", 2, []string{"./compat", "-run", "^TestCases$/^(worked|list|restore)$"}}
	walk            = part{name: "`lab run`"}
	scripts         = part{"scripts: ipvsadm, vs, rs, watch", 5, []string{"./acceptance", "-run", "^TestScripts$/^(add|clear|daemons|delete|edit|list|restore|rs|save|server|service|timeouts|vs|watch|zero)_"}}
	scriptsForeign  = part{"scripts: vs, rs", 3, []string{"./acceptance", "-run", "^TestScripts$/^(vs|rs)_"}}
	doctors         = part{"fault suite", 5, []string{"./acceptance", "-run", "^TestKernel(Faults|Healthy)$"}}
	doctorsShort    = part{"fault suite: packet filters, tunnels", 2, []string{"./acceptance", "-run", "^TestKernelFaults$/(filter|rule|INVALID|dropped|redirected|tunnel)", "-skip", "^TestKernelFaults$/dropped_as_they_leave"}}
	interfaces      = part{"interfaces of the kernel", 1, []string{"-run", "^Test(Kernel|Stock)", "-p", "1", "./internal/host", "./internal/ipvs"}}
)

// trial is a part on a kernel, and how it went.
type trial struct {
	kernel
	unpacked
	part
	took time.Duration
	log  string // of what failed
}

// try runs the part, and keeps what it prints if it fails.
func (t *trial) try() {
	started := time.Now()
	out, err := t.command(t.unpacked, t.kernel).CombinedOutput()
	t.took = time.Since(started)
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "%s\n", out[max(0, len(out)-2000):])
	name := strings.NewReplacer("/", "-", " ", "-", "`", "", ",", "", ":", "").Replace(t.kernel.String() + " " + t.name)
	t.log = filepath.Join(os.TempDir(), "lvsdr-"+name+".log")
	if err := os.WriteFile(t.log, out, 0o644); err != nil {
		t.log = err.Error()
	}
}

func (t *trial) result() string {
	if t.log != "" {
		return "FAILED: " + t.log
	}
	return fmt.Sprintf("ok, %v", t.took.Round(time.Second))
}

func (p part) command(u unpacked, k kernel) *exec.Cmd {
	top, err := os.Getwd()
	if err != nil {
		top = "."
	}
	self := filepath.Join(top, "bin/lvsdr")
	boot := []string{self, "lab", "kernel", "--from", u.dir, "--"}
	switch {
	case p.args == nil && k.foreign():
		return exec.Command(boot[0], append(boot[1:], "lvsdr", "lab", "run")...)
	case p.args == nil:
		return exec.Command(boot[0], append(boot[1:], self, "lab", "run")...)
	case k.foreign():
		boot = append(boot, withOurs(top)...)
	}
	args := []string{"test", "-tags", "urfave_cli_no_docs", "-vet", "off", "-count", "1", "-timeout", "60m", "-exec", strings.Join(boot, " ")}
	cmd := exec.Command("go", append(args, p.args...)...)
	cmd.Env = append(os.Environ(), "GOARCH="+k.processor)
	return cmd
}

// report prints the table, in Markdown. An error says that something failed.
func report(w io.Writer, trials []*trial) error {
	failed := 0
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprint(t, "| release\t| Linux\t| what ran\t| result\t|\n| ---\t| ---\t| ---\t| ---\t|\n")
	for _, trial := range trials {
		if trial.log != "" {
			failed++
		}
		fmt.Fprintf(t, "| %s\t| %s\t| %s\t| %s\t|\n", trial.kernel, trial.release, trial.name, trial.result())
	}
	if err := t.Flush(); err != nil || failed == 0 {
		return err
	}
	return fmt.Errorf("%d of %d failed", failed, len(trials))
}
