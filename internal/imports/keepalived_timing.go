package imports

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"lvsdr/internal/config"
)

// timing is the times of a check, with what else real servers may say over the
// virtual server, and checkers over both.
type timing struct {
	loop, timeout float64
	retry         int // -1: by the kind of check
	inhibit       *bool
	said          bool // the timeout
	host          string
}

// defaultTiming is what keepalived.conf(5) has where a file says nothing.
func defaultTiming() timing { return timing{loop: 60, timeout: 5, retry: -1} }

// take reads a keyword that is one of the times; not ok: it is another one, or no
// time.
func (t *timing) take(s statement) (ok bool) {
	const most = 1e6 // eleven days
	number, err := strconv.ParseFloat(s.arg(1), 64)
	positive := err == nil && number > 0 && number <= most
	switch s.keyword() {
	case "delay_loop":
		if positive {
			t.loop = number
		}
		return positive
	case "connect_timeout", "misc_timeout":
		if positive {
			t.timeout, t.said = number, true
		}
		return positive
	case "retry", "nb_get_retry":
		n, err := strconv.ParseUint(s.arg(1), 10, 16)
		if err == nil {
			t.retry = int(n)
		}
		return err == nil
	case "inhibit_on_failure":
		on := isOn(s)
		t.inhibit = &on
	case "virtualhost":
		t.host = s.arg(1)
	default:
		return false
	}
	return true
}

// isOn reads a switch, which is on if it stands alone.
func isOn(s statement) bool { return !slices.Contains([]string{"off", "false", "no"}, s.arg(1)) }

// over are times where a real server has some of its own.
func (t timing) over(own timing) timing {
	if own.loop >= 0 {
		t.loop = own.loop
	}
	if own.timeout >= 0 {
		t.timeout, t.said = own.timeout, own.said
	}
	if own.retry >= 0 {
		t.retry = own.retry
	}
	if own.host != "" {
		t.host = own.host
	}
	if own.inhibit != nil {
		t.inhibit = own.inhibit
	}
	return t
}

// pace says when and how often is asked.
func (t timing) pace(c *config.Check, retry int, remark func(string)) {
	seconds := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	c.Interval, c.Timeout = seconds(t.loop), seconds(t.timeout)
	if c.Timeout > c.Interval {
		if t.said {
			remark(fmt.Sprintf("a timeout of %v is more than the interval: here it is %v", c.Timeout, c.Interval))
		}
		c.Timeout = c.Interval
	}
	if t.retry >= 0 {
		retry = t.retry
	}
	c.Fall = uint32(1 + retry)
	c.OnFailure = config.FailureRemove
	if t.inhibit != nil && *t.inhibit {
		c.OnFailure = config.FailureQuiesce
	}
}
