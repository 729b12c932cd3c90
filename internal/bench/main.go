// Bench measures our ipvsadm against Debian's: whole processes, interleaved, on
// the same kernel.
//
//	go run ./internal/bench [-run REGEXP] [-runs N] [-ours BINARY]
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
	var p plan
	flag.StringVar(&p.Rows, "run", "", "measure only the rows that this `REGEXP` finds")
	flag.IntVar(&p.Runs, "runs", 9, "how often to run each program")
	flag.DurationVar(&p.Budget, "budget", 2*time.Second, "no more runs of a row after it took that long")
	ours := flag.String("ours", "bin/lvsdr", "the `BINARY` to measure")
	flag.Parse()
	if err := run(*ours, p, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
