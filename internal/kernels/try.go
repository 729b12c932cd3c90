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
	name string
	args []string // of go test; none: the walk through the tutorial
}

var (
	compared        = part{"all comparisons with ipvsadm", []string{"./compat"}}
	comparedShort   = part{"comparisons with ipvsadm: the table of cases, listings beside changes, streams", []string{"./compat", "-run", "^Test(Cases|Torn|Streams)$"}}
	comparedForeign = part{"comparisons with ipvsadm: tables and listings", []string{"./compat", "-run", "^TestCases$/^(worked|services|destinations|list|restore|connections|daemons)$"}}
	walk            = part{name: "lab run"}
	scripts         = part{"scripts: ipvsadm, vs, rs, watch", []string{"./acceptance", "-run", "^TestScripts$"}}
	doctors         = part{"fault suite", []string{"./acceptance", "-run", "^TestKernel(Faults|Healthy)$"}}
	interfaces      = part{"interfaces of the kernel", []string{"-run", "^Test(Kernel|Stock)", "-p", "1", "./internal/host", "./internal/ipvs"}}
)

// row is one of the table.
type row struct {
	kernel, release, part string
	took                  time.Duration
	log                   string // of what failed
}

// try runs a part on a kernel, and keeps what it prints if it fails.
func try(u unpacked, k kernel, p part) row {
	r := row{kernel: k.String(), release: u.release, part: p.name}
	started := time.Now()
	out, err := p.command(u, k).CombinedOutput()
	r.took = time.Since(started)
	if err != nil {
		r.log = filepath.Join(os.TempDir(), fmt.Sprintf("lvsdr-%s-%s.log", strings.ReplaceAll(r.kernel, "/", "-"), strings.Fields(p.name)[0]))
		fmt.Fprintf(os.Stderr, "%s\n", out[max(0, len(out)-2000):])
		if err := os.WriteFile(r.log, out, 0o644); err != nil {
			r.log = err.Error()
		}
	}
	return r
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
func report(w io.Writer, rows []row) error {
	failed := 0
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprint(t, "| release\t| Linux\t| what ran\t| result\t|\n| ---\t| ---\t| ---\t| ---\t|\n")
	for _, r := range rows {
		result := fmt.Sprintf("ok, %v", r.took.Round(time.Second))
		if r.log != "" {
			failed++
			result = "FAILED: " + r.log
		}
		fmt.Fprintf(t, "| %s\t| %s\t| %s\t| %s\t|\n", r.kernel, r.release, r.part, result)
	}
	if err := t.Flush(); err != nil || failed == 0 {
		return err
	}
	return fmt.Errorf("%d of %d failed", failed, len(rows))
}
