package lab

import (
	"context"
	"fmt"
	"io"
)

// step does something in the lab, and notes what it expects and what it sees.
type step struct {
	title string
	do    func(context.Context, *walk) error
}

// steps are the walk through the tutorial.
var steps = [...]step{
	{"Without LVS: the hosts reach each other", reach},
	{"The VIP and the virtual service: vs start on lvs, rs start on rs1 and rs2", start},
	{"The client's requests alternate between the real servers", request},
	{"The table of lvs", table},
	{"The three-way handshake on the wire", shakeHands},
	{"The gateway of lvs: a way back that no packet takes", gateway},
	{"The ARP problem: a real server that answers for the VIP", arp},
	{"Both stops leave every host as it was", stop},
	{"A director that looks after its real servers, and answers when none is left", watch},
}

// Steps is how many steps the walk has.
const Steps = len(steps)

// CaptureStep is the number of the step that captures packets.
const CaptureStep = 5

// Options are those of a [Walk].
type Options struct {
	Last     int       // the last step, from 1
	Out      io.Writer // where a reader follows it
	Coloured bool
	Pcap     io.Writer // for the capture of step 5; may be nil
}

// Walk walks through the tutorial in a lab that has just been built, up to the
// first step that is not as expected. An error tells why the walk could not go
// on: ctx was cancelled, or the walk itself failed. The report then ends there.
func Walk(ctx context.Context, l *Lab, o Options) (Report, error) {
	w := &walk{lab: l, page: page{o.Out, o.Coloured}, pcap: io.Discard}
	if o.Pcap != nil {
		w.pcap = o.Pcap
	}
	if _, err := w.pcap.Write(pcapHead()); err != nil { // however far the walk comes, it can be read
		return w.report, fmt.Errorf("save the capture: %w", err)
	}
	fmt.Fprint(o.Out, diagram)
	err := w.makeSteps(ctx, steps[:o.Last])
	return w.report, err
}

// walk is a walk in progress.
type walk struct {
	lab    *Lab
	page   page
	pcap   io.Writer
	report Report
	before map[string]string // the state of the hosts before anything was started
}

// makeSteps makes steps, up to the first that is not as expected.
func (w *walk) makeSteps(ctx context.Context, steps []step) error {
	for i, s := range steps {
		w.report.Steps = append(w.report.Steps, Step{Number: i + 1, Title: s.title, OK: true,
			Commands: []Command{}, Expectations: []Expectation{}})
		if err := w.follow(ctx, s); err != nil {
			w.step().OK = false
			return err
		}
		if !w.step().OK {
			break
		}
	}
	w.report.OK = w.step().OK
	return w.page.end(w.report)
}

// follow makes one step before the reader's eyes.
func (w *walk) follow(ctx context.Context, s step) error {
	if err := w.page.heading(*w.step()); err != nil {
		return err
	}
	err := s.do(ctx, w)
	switch {
	case ctx.Err() != nil:
		return ctx.Err() // the cause of all other errors
	case err != nil:
		return fmt.Errorf("step %d: %w", w.step().Number, err)
	}
	w.page.expectations(w.step().Expectations)
	return nil
}

// step is the step that is being made.
func (w *walk) step() *Step { return &w.report.Steps[len(w.report.Steps)-1] }

// expect notes what should be seen, and what is.
func (w *walk) expect(what, expected, seen string) { w.judge(what, expected, seen, expected == seen) }

func (w *walk) judge(what, expected, seen string, ok bool) {
	s := w.step()
	s.Expectations = append(s.Expectations, Expectation{what, expected, seen, ok})
	s.OK = s.OK && ok
}
