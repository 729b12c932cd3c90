// Benchwatch measures how soon a director takes a dead real server out of its
// table and back into it: lvsdr vs watch beside ldirectord and keepalived, on the
// same kernel, in the same network, after the same faults. It prints two tables:
// what each program made of each fault, as a steady client saw it, and how many
// requests fail while lvsdr itself is drained, reloaded, restarted and so on.
//
// It makes network namespaces, and wants a kernel that has IPVS and is its own:
//
//	bin/lvsdr lab kernel --stock -- bin/benchwatch [-run REGEXP] …
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
)

func main() {
	var o options
	run := flag.String("run", "", "measure only the rows and programs of whose \"row: program\" this `REGEXP` finds something")
	flag.StringVar(&o.ours, "ours", "bin/lvsdr", "the `BINARY` to measure")
	flag.IntVar(&o.rounds, "rounds", 5, "make each fault `N` times")
	flag.IntVar(&o.rate, "rate", 50, "ask for `N` pages a second")
	flag.Parse()
	err := error(nil)
	switch words := flag.Args(); {
	case len(words) == 2 && words[0] == "serve": // in the namespace of a real server
		err = serve(words[1])
	case len(words) == 1 && words[0] == "ask": // in the client's
		err = ask(os.Stdout, o.rate)
	case len(words) == 0:
		if o.run, err = regexp.Compile(*run); err == nil {
			err = measure(o, os.Stdout)
		}
	default:
		err = fmt.Errorf("what is %q", words)
	}
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
