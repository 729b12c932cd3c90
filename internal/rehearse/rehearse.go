// Package rehearse tests a configuration before it is live. It builds the director,
// the real servers and a client behind a router in network namespaces of one
// machine, with the addresses of the file.
//
//	client eth0 ── eth1 router eth0 ──┬── director, with "lvsdr vs watch"
//	                                  ├── rs1, with "lvsdr rs start"
//	                                  └── rs2 …
//
// A [Rehearsal] describes what will happen. It is made from the configuration alone
// (cluster.go, promise.go); a file that cannot be rehearsed is refused
// before anything starts. Running it builds the network (network_linux.go), serves
// for all machines from this process (serve.go, talk.go), sends requests
// (client.go), compares the shares with the scheduler's (traffic.go), and then makes
// the faults, one at a time (fault.go, episode.go).
package rehearse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"lvsdr/internal/config"
)

// Rehearsal is what is going to happen.
type Rehearsal struct {
	cluster *cluster
	picks   []pick
}

// Options are those of a run.
type Options struct {
	Rules string    // file of the director's packet filter rules; "": none
	Steps io.Writer // is told each step as it is made
}

// New refuses what cannot be rehearsed. Picks are the faults, as FAULT@SERVER or
// FAULT; none: all.
func New(c config.Config, picks []string) (*Rehearsal, error) {
	cluster, err := newCluster(c)
	if err != nil {
		return nil, err
	}
	r := &Rehearsal{cluster: cluster}
	if r.picks, err = cluster.pick(picks); err != nil {
		return nil, err
	}
	return r, r.checkTime()
}

// Run rehearses, with the client in the network namespace of this process, which
// should have nothing else in it. It leaves nothing behind, however it ends. An error
// says why it could not go on; a promise that broke is in the report.
func (r *Rehearsal) Run(ctx context.Context, o Options) (report Report, err error) {
	s := &stage{cluster: r.cluster, steps: o.Steps, begin: time.Now()}
	timed, end := context.WithCancel(ctx)
	defer end()
	go s.keepTime(timed)
	if err := s.tidy(); err != nil { // of one that was killed
		return report, fmt.Errorf("take down what was left of another rehearsal: %w", err)
	}
	defer func() {
		err = errors.Join(err, s.close())
		if ctx.Err() != nil {
			err = ctx.Err() // the cause of all other errors
		}
	}()
	if err := s.open(ctx, o.Rules); err != nil {
		return report, err
	}
	report.OK = true
	for _, service := range r.cluster.services {
		var t Traffic
		_, err := s.unhurried(func() (ok bool, err error) {
			t, err = s.traffic(ctx, service)
			return t.OK, err
		})
		if err != nil {
			return report, err
		}
		report.Traffic = append(report.Traffic, t)
		report.OK = report.OK && t.OK
	}
	load := s.newLoad(ctx)
	defer load.end()
	for _, p := range r.picks {
		var rows []Fault
		late, err := s.unhurried(func() (ok bool, err error) {
			rows, err = s.episode(ctx, load, p)
			return !slices.ContainsFunc(rows, func(f Fault) bool { return !f.OK }), err
		})
		if err != nil {
			return report, fmt.Errorf("%s: %w", p, err)
		}
		for _, f := range rows {
			f.Late = *seconds(late)
			report.OK = report.OK && f.OK
			report.Faults = append(report.Faults, f)
		}
	}
	return report, nil
}
