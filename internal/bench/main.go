// Bench measures our ipvsadm against Debian's: whole processes, from fork to
// wait, ours and theirs by turns on the same kernel, their output compared each
// time. It prints the medians and their ratio, and exits with status 1 if an
// output differs or a goal is missed.
//
//	go run ./internal/bench [-run REGEXP] [-ours BINARY] [-native] …
//
// There are two ways to run it:
//
//   - Debian's stock kernel, linux-image-amd64, in a guest of QEMU that counts
//     instructions instead of time: see qemu_linux.go. Its ratios are the same
//     on any machine, within a few per cent, and decide. It takes some minutes.
//   - With -native the running kernel, if it has IPVS, as root. It takes
//     seconds, in network namespaces of its own. What the machine does besides
//     shows in the ratios; that they miss a goal is printed, no more.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if os.Getpid() == 1 {
		serveGuest()
	}
	var o options
	flag.StringVar(&o.ours, "ours", "bin/ipvsadm", "the `BINARY` to measure")
	flag.BoolVar(&o.native, "native", false, "measure on the running kernel, and let no goal decide")
	flag.BoolVar(&o.markdown, "markdown", false, "print the table in Markdown")
	flag.StringVar(&o.plan.Rows, "run", "", "measure only the rows whose name this `REGEXP` finds")
	flag.IntVar(&o.plan.Runs, "runs", 101, "run each program `N` times")
	flag.DurationVar(&o.plan.Budget, "budget", time.Second, "but no more if its row has taken that `TIME`")
	flag.Parse()
	if err := run(o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	ours             string
	native, markdown bool
	plan             plan
}
