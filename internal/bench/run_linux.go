package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// errGoals says that the table has the details.
var errGoals = errors.New("not all goals are met")

func run(ours string, p plan, w io.Writer) error {
	k, err := findKernel()
	if err != nil {
		return err
	}
	begin := time.Now()
	var results []result
	err = measureInQEMU(context.Background(), k, ours, p, func(r result) {
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(begin).Seconds(), r.Row)
		results = append(results, r)
	})
	if err != nil {
		return err
	}
	lines, ok, err := judge(results, p)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Linux %s under QEMU, where an instruction takes a nanosecond\n", k.version)
	if err := writeTable(w, lines); err != nil {
		return err
	}
	if !ok {
		return errGoals
	}
	return nil
}
