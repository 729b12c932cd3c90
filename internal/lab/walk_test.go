package lab

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Steps of the tests, by what becomes of them.
var (
	asExpected = step{"as expected", func(_ context.Context, w *walk) error {
		w.expect("what", "this", "this")
		return nil
	}}
	notAsExpected = step{"not as expected", func(_ context.Context, w *walk) error {
		w.expect("first", "this", "that")
		w.expect("rest", "this", "this")
		return nil
	}}
	broken = step{"broken", func(_ context.Context, w *walk) error {
		w.expect("what", "this", "this")
		return io.ErrUnexpectedEOF
	}}
)

func TestMakeSteps(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []step
		want  string // title, expectations and outcome of each step
		ok    bool
		err   error
	}{
		{"all as expected", []step{asExpected, asExpected}, "as expected: true = true\nas expected: true = true\n", true, nil},
		{"one is not: its rest is said, the walk ends", []step{asExpected, notAsExpected, asExpected},
			"as expected: true = true\nnot as expected: false true = false\n", false, nil},
		{"one breaks", []step{broken, asExpected}, "broken: true = false\n", false, io.ErrUnexpectedEOF},
	} {
		var text bytes.Buffer
		w := &walk{page: page{w: &text}}
		err := w.makeSteps(context.Background(), c.steps)
		if !errors.Is(err, c.err) || w.report.OK != c.ok {
			t.Errorf("%s: got %v, %t; want %v, %t", c.name, err, w.report.OK, c.err, c.ok)
		}
		if d := cmp.Diff(c.want, outline(w.report)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
		if all := strings.Count(text.String(), "as expected: ok\n") == 1; all != c.ok {
			t.Errorf("%s: told the reader that all is well: %t", c.name, all)
		}
	}
}

// outline is what a report says, in short.
func outline(r Report) string {
	var b strings.Builder
	truth := map[bool]string{true: " true", false: " false"}
	for _, s := range r.Steps {
		b.WriteString(s.Title + ":")
		for _, e := range s.Expectations {
			b.WriteString(truth[e.OK])
		}
		b.WriteString(" =" + truth[s.OK] + "\n")
	}
	return b.String()
}

// TestMakeStepsInterrupted cancels in the midst of a step: what it then says
// is of no use to anybody.
func TestMakeStepsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var text bytes.Buffer
	w := &walk{page: page{w: &text}}
	err := w.makeSteps(ctx, []step{asExpected, {"interrupted", func(_ context.Context, w *walk) error {
		cancel()
		w.expect("what", "this", "nothing at all")
		return io.ErrClosedPipe
	}}, asExpected})
	if err != context.Canceled || w.report.OK || len(w.report.Steps) != 2 {
		t.Errorf("got %v, %t after %d steps; want %v, false after 2", err, w.report.OK, len(w.report.Steps), context.Canceled)
	}
	if strings.Contains(text.String(), "nothing at all") {
		t.Errorf("told the reader:\n%s", text.String())
	}
}

func TestWalkToFullDisk(t *testing.T) {
	_, err := Walk(context.Background(), nil, Options{Last: 1, Out: io.Discard, Pcap: fullDisk{}})
	if !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v, want %v", err, io.ErrShortWrite)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestMakeStepsWithoutReader(t *testing.T) {
	made := 0
	w := &walk{page: page{w: fullDisk{}}}
	err := w.makeSteps(context.Background(), []step{{"nobody sees it", func(context.Context, *walk) error {
		made++
		return nil
	}}})
	if !errors.Is(err, io.ErrShortWrite) || made != 0 || w.report.OK {
		t.Errorf("got %v, ok %t after %d steps; want %v, false after none", err, w.report.OK, made, io.ErrShortWrite)
	}
}

func TestCaptureStep(t *testing.T) {
	if title := steps[CaptureStep-1].title; !strings.Contains(title, "handshake") {
		t.Errorf("step %d is %q, which captures nothing", CaptureStep, title)
	}
}
