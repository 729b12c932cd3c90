package lab

import (
	"testing"

	"lvsdr/internal/check"
)

func TestDescribeTurns(t *testing.T) {
	for _, c := range []struct {
		name  string
		pages []string
		want  string
	}{
		{"in turn", []string{"10.0.0.17", "10.0.0.7", "10.0.0.17", "10.0.0.7"}, "2 × 10.0.0.7, 2 × 10.0.0.17, in turn"},
		{"twice running", []string{"10.0.0.7", "10.0.0.7", "10.0.0.17", "10.0.0.17"}, "2 × 10.0.0.7, 2 × 10.0.0.17, not in turn"},
		{"one real server alone", []string{"10.0.0.7", "10.0.0.7"}, "2 × 10.0.0.7, 0 × 10.0.0.17, not in turn"},
		{"failures between", []string{"10.0.0.7", "no answer", "10.0.0.17"},
			"1 × 10.0.0.7, 1 × 10.0.0.17, 1 × no answer, in turn"},
	} {
		if got := describeTurns(c.pages); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCountRequests(t *testing.T) {
	for _, c := range []struct{ name, log, want string }{
		{"nobody", "", "0 requests"},
		{"the client", `192.168.0.6 - - [03/Oct/2021:22:16:11 +0800] "GET / HTTP/1.1" 200 9
192.168.0.6 - - [03/Oct/2021:22:16:12 +0800] "GET / HTTP/1.1" 200 9
`, "2 requests from 192.168.0.6"},
		{"one alone", "192.168.0.6 - -\n", "1 request from 192.168.0.6"},
		{"the director too", "192.168.0.6 - -\n10.0.0.8 - -\n192.168.0.6 - -\n", "3 requests from 192.168.0.6, 10.0.0.8"},
	} {
		if got := countRequests(c.log); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLastLine(t *testing.T) {
	for text, want := range map[string]string{"": "", "one\n": "one", "one\ntwo\n": "two", "one\ntwo": "two"} {
		if got := lastLine(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestEntriesOf(t *testing.T) {
	const head = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`
	for _, c := range []struct{ name, listing, want string }{
		{"nothing at all", "", ""},
		{"an empty table", head, ""},
		{"connections are left out", head + `TCP  172.16.0.100:80 wrr
  -> 10.0.0.7:80                  Route   1      2          5
  -> 10.0.0.17:80                 Masq    3      0          0
`, "TCP 172.16.0.100:80 wrr\n-> 10.0.0.7:80 Route 1\n-> 10.0.0.17:80 Masq 3"},
		{"flags are not", head + "TCP  172.16.0.100:80 wrr persistent 300\n", "TCP 172.16.0.100:80 wrr persistent 300"},
	} {
		if got := entriesOf(c.listing); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDifferences(t *testing.T) {
	for _, c := range []struct{ name, before, after, want string }{
		{"none", "a\nb", "a\nb", ""},
		{"a line that is gone", "a\nb", "a", "gone: b"},
		{"a new line", "a", "a\nb", "new: b"},
		{"another value", "a = 0\nb", "a = 1\nb", "gone: a = 0\nnew: a = 1"},
	} {
		if got := differences(c.before, c.after); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFailedChecks(t *testing.T) {
	pass := check.Result{Name: "vip", Outcome: check.Pass, Seen: "10.0.0.7 has it"}
	warn := check.Result{Name: "settings", Outcome: check.Warn, Seen: "odd"}
	owner := func(seen string) check.Result {
		return check.Result{Name: "vip owner", Outcome: check.Fail, Seen: seen}
	}
	for _, c := range []struct {
		name   string
		checks []check.Result
		want   string
	}{
		{"all well", []check.Result{pass, warn}, "nothing"},
		{"one real server", []check.Result{pass, owner("10.0.0.7 (00:0c:29:dc:0a:2b) answers too")}, "vip owner: 10.0.0.7"},
		{"the other one", []check.Result{owner("answered by 10.0.0.17, on eth0")}, "vip owner: 10.0.0.17"},
		{"both", []check.Result{owner("10.0.0.7; 10.0.0.17")}, "vip owner: 10.0.0.7: 10.0.0.17"},
		{"two checks", []check.Result{owner("nobody knows"), {Name: "ports", Outcome: check.Fail, Seen: "10.0.0.7:80 refuses"}},
			"vip owner\nports: 10.0.0.7"},
	} {
		if got := failedChecks(check.Report{Checks: c.checks}); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
