// Benchwatch measures how soon a director takes a dead real server out of its
// table and back into it: lvsdr vs watch beside ldirectord and keepalived, on the
// same kernel, in the same network, after the same faults. It prints two tables:
// what each program made of each fault, as a steady client saw it, and how many
// requests fail while lvsdr itself is drained, reloaded, restarted and so on.
//
//	go run ./internal/benchwatch [-run REGEXP] [-rounds N] [-native] …
//
// It boots Debian's stock kernel in a guest of QEMU whose clock counts what it
// computes in instructions, two nanoseconds each: a busy machine, or a slow one,
// makes it take longer and changes no figure. With -native it measures on the
// running kernel, if that has IPVS, as root.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"

	"lvsdr/internal/guest"
)

func main() {
	if i := slices.Index(os.Args, guest.InitWord); i >= 0 {
		fail(guest.Init(os.Args[i+1:]))
	}
	var o options
	native := flag.Bool("native", false, "measure on the running kernel")
	run := flag.String("run", "", "measure only the rows and programs of whose \"row: program\" this `REGEXP` finds something")
	flag.StringVar(&o.ours, "ours", "bin/lvsdr", "the `BINARY` to measure")
	flag.IntVar(&o.rounds, "rounds", 3, "make each fault `N` times")
	flag.IntVar(&o.rate, "rate", 20, "ask for `N` pages a second")
	flag.Parse()
	err := error(nil)
	switch words := flag.Args(); {
	case len(words) == 2 && words[0] == "serve": // in the namespace of a real server
		err = serve(words[1])
	case len(words) == 1 && words[0] == "ask": // in the client's
		err = ask(os.Stdout, o.rate)
	case len(words) > 0:
		err = fmt.Errorf("what is %q", words)
	case !*native:
		self, err := os.Executable()
		fail(err)
		status, err := guest.BootStock(append([]string{self, "-native"}, os.Args[1:]...), guest.StockOptions{QEMU: []string{"-icount", "shift=1"}})
		fail(err)
		os.Exit(status)
	default:
		if o.run, err = regexp.Compile(*run); err == nil {
			err = measure(o, os.Stdout)
		}
	}
	fail(err)
}

// fail ends the program if there is an error.
func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchwatch:", err)
		os.Exit(1)
	}
}

type options struct {
	ours         string
	run          *regexp.Regexp
	rounds, rate int
}
