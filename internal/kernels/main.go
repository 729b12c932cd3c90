// Kernels tries lvsdr on the kernels of several Debian releases, each in QEMU,
// beside the real ipvsadm, and prints a table: kernel, what ran, result. Its
// status is 1 if something failed.
//
//	go run ./internal/kernels [-only REGEXP] [-short] [-cache DIR]
//
// Each kernel is the newest that its release has. It is fetched by apt, into a
// cache that the packages installed here know nothing of. Beside one for another
// processor are the programs that the tests need, the real ipvsadm among them,
// and ours, which are built for it.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"
)

// kernel is a release's kernel for a processor, and what runs there.
type kernel struct {
	suite, processor string // as Debian names them
	parts            []part
}

func (k kernel) String() string { return k.suite + "/" + k.processor }

// here is the processor that the programs of this machine are for.
const here = "amd64"

func (k kernel) foreign() bool { return k.processor != here }

// On the newest kernel, which has changed most, runs all that may depend on it; on
// the others what is likely to. The one of "make test" has the rest there. What
// depends on the processor is numbers: those of the kernel's interfaces, and those
// that ipvsadm prints.
var (
	few     = []part{interfaces, walk}
	most    = append([]part{scripts, comparedShort, doctorsShort}, few...)
	all     = append([]part{scripts, compared, doctors}, few...)
	numbers = append([]part{scriptsForeign, comparedForeign}, few...)
)

var kernels = []kernel{
	{"oldoldstable", here, most},
	{"oldstable", here, few}, // of "make test"
	{"stable", here, most},
	{"unstable", here, all},
	{"stable", "arm64", numbers},
	{"oldstable", "s390x", numbers}, // big-endian; in QEMU 7.2 the TCP checksums of Linux 6.12 are wrong
}

func main() {
	var o options
	only := flag.String("only", "", "try the kernels alone in whose \"SUITE/PROCESSOR\" this `REGEXP` finds something")
	flag.BoolVar(&o.short, "short", false, "run only what takes a minute")
	flag.StringVar(&o.cache, "cache", cacheDir(), "keep kernels in `DIR`")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(*only); err == nil {
		err = run(o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(1)
	}
}

type options struct {
	cache string
	only  *regexp.Regexp
	short bool
}

func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "lvsdr", "kernels")
}

// atOnce is how many guests run at the same time. Each is one processor, and waits
// for half of its time.
const atOnce = 3

// run tries all kernels, and then prints the table.
func run(o options, w io.Writer) error {
	var trials []*trial
	for _, k := range kernels {
		if !o.only.MatchString(k.String()) {
			continue
		}
		unpacked, err := k.fetch(o.cache)
		if err == nil && k.foreign() {
			err = unpacked.build(k.processor)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		if o.short {
			k.parts = few
		}
		for _, p := range k.parts {
			trials = append(trials, &trial{kernel: k, unpacked: unpacked, part: p})
		}
	}
	if len(trials) == 0 {
		return fmt.Errorf("no kernel is named like %q; there are %v", o.only, kernels)
	}
	tryAll(trials)
	fmt.Fprintf(w, "Tried on %s.\n\n", time.Now().Format(time.DateOnly))
	return report(w, trials)
}

// tryAll tries the longest first.
func tryAll(trials []*trial) {
	todo := make(chan *trial, len(trials))
	for _, t := range slices.SortedStableFunc(slices.Values(trials), func(a, b *trial) int { return cmp.Compare(b.length, a.length) }) {
		todo <- t
	}
	close(todo)
	var guests sync.WaitGroup
	for range atOnce {
		guests.Go(func() {
			for t := range todo {
				t.try()
				fmt.Fprintf(os.Stderr, "%s: Linux %s: %s: %s\n", t.kernel, t.release, t.name, t.result())
			}
		})
	}
	guests.Wait()
}
