// Package hint adds advice to errors: what to do about them, best a command to
// paste. Whoever prints an error prints its advice on a line of its own.
package hint

// Error is an error with a line of advice.
type Error struct {
	Err    error
	Advice string
}

func (e Error) Error() string { return e.Err.Error() }
func (e Error) Unwrap() error { return e.Err }

// Add adds advice to an error.
func Add(err error, advice string) error { return Error{err, advice} }
