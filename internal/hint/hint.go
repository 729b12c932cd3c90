// Package hint adds advice to errors: what to do about them, preferably a command to
// paste. The code that prints an error prints its advice on a line of its own.
package hint

import "strings"

// Error is an error with a line of advice.
type Error struct {
	Err    error
	Advice string
}

func (e Error) Error() string { return e.Err.Error() }
func (e Error) Unwrap() error { return e.Err }

// Within is advice for the network namespace of that name, if it has one: a
// command about its interfaces, addresses or parameters has to be run there.
func Within(namespace, command string) string {
	if namespace == "" {
		return command
	}
	for _, of := range []string{"ip link", "ip addr", "sysctl -w net"} {
		if strings.HasPrefix(command, of) {
			return "ip netns exec " + namespace + " " + command
		}
	}
	return command
}

// Add adds advice to an error.
func Add(err error, advice string) error { return Error{err, advice} }
