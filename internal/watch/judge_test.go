package watch

import (
	"math/rand/v2"
	"testing"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/status"
)

// asking is a judge in a test: an answer a second, each to a question that was
// just asked.
type asking struct {
	judge
	check config.Check
	now   time.Time
}

func newAsking() *asking {
	c := config.DefaultCheck()
	return &asking{judge: judge{verdict: status.Unknown}, check: c, now: time.Now()}
}

// answers hears a "+" or a "-" a second, and writes the verdicts: "u" or "d" where
// one is given, "." otherwise.
func (a *asking) answers(row string) (verdicts string) {
	for _, r := range row {
		a.now = a.now.Add(time.Second)
		verdicts += a.late(r == '+', 0)
	}
	return verdicts
}

// late hears an answer to a question of so long ago.
func (a *asking) late(good bool, ago time.Duration) string {
	switch changed := a.hear(good, a.now.Add(-ago), a.now, &a.check); {
	case !changed:
		return "."
	case a.verdict == status.Up:
		return "u"
	}
	return "d"
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct{ name, answers, want string }{
		{"the first good answer suffices", "+", "u"},
		{"the first verdict of a dead one takes fall answers", "---", "..d"},
		{"a good answer among the first bad ones", "--+", "..u"},
		{"fall in a row", "+---", "u..d"},
		{"bad ones that are not in a row", "+--+--+-", "u......."},
		{"rise in a row", "---++", "..d.u"},
		{"good ones that are not in a row", "---+-+-+-++", "..d.......u"},
		{"a verdict begins a new row", "+---+---+-++", "u..d.......u"},
		{"two falls", "+---++---++", "u..d.u..d.u"},
		{"three falls double rise", "+---++---++---++++", "u..d.u..d.u..d...u"},
		{"a bad answer begins anew", "+---++---++---+++-++++", "u..d.u..d.u..d.......u"},
	} {
		if got := newAsking().answers(tt.answers); got != tt.want {
			t.Errorf("%s: %s: %s, want %s", tt.name, tt.answers, got, tt.want)
		}
	}
}

// rises counts the good answers that bring a judge back.
func (a *asking) rises() (n int) {
	for n = 1; a.answers("+") != "u"; n++ {
	}
	return n
}

// A server that flaps is trusted less and less, up to eight times; ten minutes
// without a fall, and all is forgotten.
func TestDamping(t *testing.T) {
	a := newAsking()
	a.answers("+")
	for i, want := range []int{2, 2, 4, 8, 16, 16, 16} {
		a.answers("---")
		if got := a.rises(); got != want {
			t.Errorf("fall %d: %d good answers brought it back, want %d", i+1, got, want)
		}
	}
	a.now = a.now.Add(memory)
	a.answers("---")
	if got := a.rises(); got != 2 {
		t.Errorf("after %s: %d good answers brought it back, want 2", memory, got)
	}
	a.now = a.now.Add(memory)
	for range 2 {
		a.answers("---")
		a.rises()
	}
	if len(a.falls) != 2 {
		t.Errorf("%d falls count, want those of the last %s", len(a.falls), memory)
	}
}

// The first verdict of a server that was never up is no fall.
func TestFirstVerdictIsNoFall(t *testing.T) {
	a := newAsking()
	a.answers("---++---++---")
	if got := a.rises(); got != 2 {
		t.Errorf("%d good answers brought it back, want 2", got)
	}
}

func TestLateAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, row string
		good      bool
		ago       time.Duration
		then      string
		want      string // of the late one, and then
	}{
		{"bad, from before the verdict", "++---", false, 3 * time.Second, "++", "..u"},
		{"good, from before the verdict", "+---", true, 2 * time.Second, "++", "..u"},
		{"bad, from before a good one", "+---+", false, time.Second / 2, "+", ".u"},
		{"good, from before a bad one", "+-", true, time.Second / 2, "--", "..d"},
		{"bad, from before another bad one", "+-", false, time.Second / 2, "-", ".d"},
		{"good, from before another good one", "---+", true, time.Second / 2, "", "u"},
	} {
		a := newAsking()
		a.answers(tt.row)
		if got := a.late(tt.good, tt.ago) + a.answers(tt.then); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Whatever was answered before: rise good answers in a row make a server up, fall
// bad ones down, and nothing but a whole row changes a verdict.
func TestJudgeProperty(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 15))
		a := newAsking()
		a.check.Fall, a.check.Rise = 1+r.Uint32N(5), 1+r.Uint32N(5)
		good, bad := uint32(0), uint32(0)
		bias := r.IntN(10)
		for range 300 {
			a.now = a.now.Add(time.Duration(r.Int64N(int64(time.Minute))))
			is, before := r.IntN(10) < bias, a.verdict
			if is {
				good, bad = good+1, 0
			} else {
				good, bad = 0, bad+1
			}
			factor := a.rise(a.now, &a.check) / a.check.Rise
			if factor != 1 && factor != 2 && factor != 4 && factor != 8 {
				t.Fatalf("seed %d: rise times %d", seed, factor)
			}
			changed := a.hear(is, a.now, a.now, &a.check)
			switch {
			case bad >= a.check.Fall && a.verdict != status.Down, good >= a.check.Rise*mostPatience && a.verdict != status.Up:
				t.Fatalf("seed %d: %d good, %d bad in a row: %s", seed, good, bad, a.verdict)
			case before == status.Down && a.verdict == status.Up && good < a.check.Rise*factor:
				t.Fatalf("seed %d: up after %d good answers, rise %d times %d", seed, good, a.check.Rise, factor)
			case before == status.Up && a.verdict == status.Down && bad < a.check.Fall:
				t.Fatalf("seed %d: down after %d bad answers", seed, bad)
			case changed != (before != a.verdict):
				t.Fatalf("seed %d: changed %v, from %s to %s", seed, changed, before, a.verdict)
			}
		}
	}
}
