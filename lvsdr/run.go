package lvsdr

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// plan are the changes that the steps lack, in the order of the steps.
func plan(steps []step, s *scene) ([]change, error) {
	return gather(steps, func(t step) ([]change, error) { return t.missing(s) })
}

// unplan are the changes that take away what is there of the steps, in the
// reverse order.
func unplan(steps []step, s *scene) ([]change, error) {
	reversed := slices.Clone(steps)
	slices.Reverse(reversed)
	return gather(reversed, func(t step) ([]change, error) { return t.present(s) })
}

func gather(steps []step, ask func(step) ([]change, error)) ([]change, error) {
	var all []change
	for _, t := range steps {
		changes, err := ask(t)
		if err != nil {
			return nil, err
		}
		all = append(all, changes...)
	}
	return all, nil
}

// apply carries out changes and says each on w. If one fails, those before it
// are undone; the error tells of both.
func apply(w io.Writer, changes []change) error {
	for i, c := range changes {
		fmt.Fprintln(w, c.line)
		if err := c.do(); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", c.line, err), undo(w, changes[:i]))
		}
	}
	return nil
}

// undo takes changes back, the last one first. One that cannot be taken back
// does not stop the others.
func undo(w io.Writer, done []change) error {
	var errs []error
	for _, c := range slices.Backward(done) {
		if c.undo == nil {
			continue
		}
		fmt.Fprintf(w, "undo: %s\n", c.line)
		if err := c.undo(); err != nil {
			errs = append(errs, fmt.Errorf("undo: %s: %w", c.line, err))
		}
	}
	return errors.Join(errs...)
}
