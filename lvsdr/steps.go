package lvsdr

import (
	"lvsdr/internal/config"
	"lvsdr/internal/status"
)

// step is one thing that start makes so and stop takes away. Steps are the one
// list behind every verb: start carries out what they lack, diff and --dry-run
// print that, status counts it, stop walks them backwards.
type step interface {
	// missing are the changes that make it so; none: it is so already.
	missing(*scene) ([]change, error)
	// present are the changes that take it away; none: nothing of it is there.
	present(*scene) ([]change, error)
	// report adds what there is of it to a status.
	report(*scene, *status.Status) error
}

// change is one deed, with the command an administrator would type for it. A
// deed that leaves nothing behind has no undo.
type change struct {
	line string
	do   func() error
	undo func() error
}

// options of start that go beyond the configuration.
type options struct {
	exclusive     bool // virtual services that are not configured go
	flushFirewall bool // the packet filter's rules go
}

// stepsFor is the list for a machine of that role, in the order of start.
func stepsFor(r role, c config.Config, o options) []step {
	if r == realServer {
		return append(sysctlSteps(c), addressSteps(c)...)
	}
	var steps []step
	wanted := c.Wanted()
	if o.exclusive {
		steps = append(steps, othersStep{wanted})
	}
	for _, w := range wanted {
		steps = append(steps, serviceStep{w.Service})
		for _, d := range w.Destinations {
			steps = append(steps, destinationStep{w.Service, d})
		}
		steps = append(steps, unlistedStep{w.Service, w.Destinations})
	}
	steps = append(steps, addressSteps(c)...)
	if c.Announce {
		for _, vip := range c.VIPs {
			steps = append(steps, announceStep{vip})
		}
	}
	if o.flushFirewall {
		steps = append(steps, firewallStep{})
	}
	return steps
}
