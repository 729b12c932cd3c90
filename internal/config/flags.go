package config

import "lvsdr/internal/ipvs"

// schedFlag is a scheduler flag as ipvsadm -b names it. Without a scheduler it
// fits every one.
type schedFlag struct {
	scheduler string
	name      string
	flag      ipvs.Flags
}

var schedFlags = [...]schedFlag{
	{"sh", "sh-fallback", ipvs.SchedulerFlag1},
	{"sh", "sh-port", ipvs.SchedulerFlag2},
	{"mh", "mh-fallback", ipvs.SchedulerFlag1},
	{"mh", "mh-port", ipvs.SchedulerFlag2},
	{"", "flag-1", ipvs.SchedulerFlag1},
	{"", "flag-2", ipvs.SchedulerFlag2},
	{"", "flag-3", ipvs.SchedulerFlag3},
}

// flagOf is what a flag may be called with the scheduler.
func flagOf(scheduler string) kind[ipvs.Flags] {
	var fit []named[ipvs.Flags]
	for _, f := range schedFlags {
		if f.scheduler == "" || f.scheduler == scheduler {
			fit = append(fit, named[ipvs.Flags]{f.name, f.flag})
		}
	}
	return kind[ipvs.Flags]{
		want: oneOfNames(fit) + " with scheduler " + scheduler,
		parse: func(s string) (ipvs.Flags, string) {
			flag, wrong := choice(fit)(s)
			for _, f := range schedFlags {
				if wrong != "" && f.name == s {
					wrong = "a flag of scheduler " + f.scheduler
				}
			}
			return flag, wrong
		},
	}
}

// flagNames are the names of the flags, the scheduler's own where it has some.
func flagNames(scheduler string, flags ipvs.Flags) []string {
	var names []string
	for _, f := range schedFlags {
		if flags&f.flag != 0 && (f.scheduler == "" || f.scheduler == scheduler) {
			names = append(names, f.name)
			flags &^= f.flag
		}
	}
	return names
}
