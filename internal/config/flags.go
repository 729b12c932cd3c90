package config

import (
	"errors"

	"lvsdr/internal/ipvs"
)

// flagOf is what a flag may be called with the scheduler.
func flagOf(scheduler string) kind[ipvs.Flags] {
	var words ipvs.Words[ipvs.Flags]
	for _, f := range ipvs.FlagsOf(scheduler, true) {
		words = append(words, ipvs.Word[ipvs.Flags]{Name: f.Name, Value: f.Flag})
	}
	return kind[ipvs.Flags]{
		want: oneOfNames(words) + " with scheduler " + scheduler,
		parse: func(s string) (ipvs.Flags, error) {
			flag, err := choice(words)(s)
			if other, ok := ipvs.FindSchedulerFlag(s); ok && err != nil {
				err = errors.New("a flag of scheduler " + other.Scheduler)
			}
			return flag, err
		},
	}
}
