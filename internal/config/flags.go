package config

import "lvsdr/internal/kernel"

// schedFlag is a scheduler flag as ipvsadm -b names it. Without a scheduler it
// fits every one.
type schedFlag struct {
	scheduler string
	name      string
	flag      kernel.Flags
}

var schedFlags = [...]schedFlag{
	{"sh", "sh-fallback", kernel.SchedulerFlag1},
	{"sh", "sh-port", kernel.SchedulerFlag2},
	{"mh", "mh-fallback", kernel.SchedulerFlag1},
	{"mh", "mh-port", kernel.SchedulerFlag2},
	{"", "flag-1", kernel.SchedulerFlag1},
	{"", "flag-2", kernel.SchedulerFlag2},
	{"", "flag-3", kernel.SchedulerFlag3},
}

// flagOf is what a flag may be called with the scheduler.
func flagOf(scheduler string) kind[kernel.Flags] {
	var fit []named[kernel.Flags]
	for _, f := range schedFlags {
		if f.scheduler == "" || f.scheduler == scheduler {
			fit = append(fit, named[kernel.Flags]{f.name, f.flag})
		}
	}
	return kind[kernel.Flags]{
		want: oneOfNames(fit) + " with scheduler " + scheduler,
		parse: func(s string) (kernel.Flags, string) {
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
func flagNames(scheduler string, flags kernel.Flags) []string {
	var names []string
	for _, f := range schedFlags {
		if flags&f.flag != 0 && (f.scheduler == "" || f.scheduler == scheduler) {
			names = append(names, f.name)
			flags &^= f.flag
		}
	}
	return names
}
