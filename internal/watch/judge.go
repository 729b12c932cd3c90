package watch

import (
	"fmt"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/status"
)

// judge makes verdicts of the answers of one real server. All times are of the
// monotonic clock.
type judge struct {
	verdict status.Verdict
	since   time.Time // of the verdict
	good    uint32    // answers in a row
	bad     uint32
	row     time.Time   // when the last question of the row was asked
	falls   []time.Time // of the last [memory], the last one last
}

// memory is for how long a fall counts against a real server: three within it
// double what it has to answer to come back.
const (
	memory       = 10 * time.Minute
	manyFalls    = 3
	mostPatience = 8
)

// hear takes an answer to a question that was asked at a time, and reports
// whether the verdict changes. An answer is late, and says nothing, if the
// question was asked before the last verdict, or before one that has been answered
// otherwise.
func (j *judge) hear(good bool, asked, now time.Time, c *config.Check) (changed bool) {
	otherwise := good && j.bad > 0 || !good && j.good > 0
	if asked.Before(j.since) || otherwise && asked.Before(j.row) {
		return false
	}
	if otherwise || asked.After(j.row) {
		j.row = asked
	}
	if good {
		j.good, j.bad = j.good+1, 0
	} else {
		j.good, j.bad = 0, j.bad+1
	}
	switch {
	case j.verdict == status.Up && j.bad >= c.Fall, j.verdict == status.Unknown && j.bad >= c.Fall:
		if j.verdict == status.Up {
			j.falls = append(j.falls, now)
		}
		j.set(status.Down, now)
	case j.verdict == status.Down && j.good >= j.rise(now, c), j.verdict == status.Unknown && good:
		j.set(status.Up, now)
	default:
		return false
	}
	return true
}

func (j *judge) set(v status.Verdict, now time.Time) {
	j.verdict, j.since, j.good, j.bad = v, now, 0, 0
}

// rise is how many good answers bring it back.
func (j *judge) rise(now time.Time, c *config.Check) uint32 {
	for len(j.falls) > 0 && now.Sub(j.falls[0]) > memory {
		j.falls = j.falls[1:]
	}
	factor := uint32(1)
	for n := manyFalls; n <= len(j.falls) && factor < mostPatience; n++ {
		factor *= 2
	}
	return c.Rise * factor
}

// damped says what a real server that has fallen too often has to do; "": it has
// not.
func (j *judge) damped(now time.Time, c *config.Check) string {
	n := j.rise(now, c)
	if n == c.Rise {
		return ""
	}
	return fmt.Sprintf("; down %d times within ten minutes: it has to answer %d times in a row", len(j.falls), n)
}

// changing reports whether the last answers speak against the verdict, or for the
// first bad one.
func (j *judge) changing() bool {
	return j.verdict != status.Down && j.bad > 0 || j.verdict == status.Down && j.good > 0
}
