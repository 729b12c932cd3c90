package watch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/health"
)

// lastPause is for how long a program may take to end when it has been killed.
const lastPause = time.Second

// bounded is own, but does not wait for ever for a program of an exec check: while
// the machine waits for a disk that does not answer, nothing ends it, nor the call that
// starts it. That is a bad answer. The program is not started again before it has
// ended, or each interval would leave another one behind.
func bounded(own func(context.Context, health.Target) health.Answer) func(context.Context, health.Target) health.Answer {
	var stuck sync.Map // by question
	return func(ctx context.Context, t health.Target) health.Answer {
		if t.Check.Type != config.CheckExec {
			return own(ctx, t)
		}
		key := question{Target: t}.key()
		if _, is := stuck.Load(key); !is {
			asked := later(0, func() health.Answer { return own(ctx, t) })
			select {
			case a := <-asked.got:
				return a
			case <-time.After(t.Check.Timeout + lastPause):
			}
			stuck.Store(key, true)
			go func() { asked.get(); stuck.Delete(key) }()
		}
		return health.Answer{Why: fmt.Sprintf("%s cannot be ended, and is not started again before it has", t.Check.Command[0])}
	}
}
