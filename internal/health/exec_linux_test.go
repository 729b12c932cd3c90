package health

import (
	"os/user"
	"testing"
)

// me is the user of the test.
func me(t testing.TB) string {
	t.Helper()
	u, err := user.Current()
	must(t, err)
	return u.Username
}
