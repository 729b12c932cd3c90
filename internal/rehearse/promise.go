package rehearse

import (
	"time"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// promise is what the file promises of a service when a fault befalls one of its
// real servers.
type promise struct {
	out, back time.Duration // until it takes no new connections, and until it does again
	stays     string        // why it stays in; "": it goes
}

// What a fault keeps a real server from doing.
type effect int

const (
	refuses  effect = iota // its servers are not there
	hangs                  // its servers accept, and say nothing
	vipless                // it has no VIP
	vanishes               // the machine is silent
)

// promise is what a service says of a member.
func (s *service) promise(m *member, e effect) promise {
	c := s.Of.Check
	candidates := s.inTurn()
	switch {
	case !c.Asks():
		return promise{stays: "it has no check"}
	case candidates-1 < s.Of.Minimum.Of(candidates):
		return promise{stays: "minimum " + s.Of.Minimum.String() + " keeps it in"}
	case e == hangs && blind(c):
		return promise{stays: "a check of type " + string(c.Type) + " without receive does not see it"}
	case e == vipless && !s.probed(m):
		return promise{stays: "the VIP is not asked for on the wire"}
	}
	return promise{
		out:  fallTime(c),
		back: time.Duration(c.Rise)*time.Duration(damping(m.falls+1))*c.Interval + c.Timeout,
	}
}

// fallTime is how long a check may take to find a real server down.
func fallTime(c *config.Check) time.Duration { return time.Duration(c.Fall)*c.Interval + c.Timeout }

// blind reports whether a check takes a server for good that accepts, and says
// nothing.
func blind(c *config.Check) bool {
	return (c.Type == config.CheckTCP || c.Type == config.CheckUDP) && c.Receive == ""
}

// probed reports whether a member is asked for the VIP on the wire
// (lvsdr.yaml(5), key vip of a check).
func (s *service) probed(m *member) bool {
	wanted := s.Of.Check.VIP == nil || *s.Of.Check.VIP
	return wanted && m.Forward == ipvs.DirectRoute && s.Service.Protocol == ipvs.TCP && s.Service.FWMark == 0 && s.Service.Port != 0
}

// damping is by what the third fall within ten minutes, and each after it,
// multiplies rise: by 2, 4, 8 (lvsdr(8), vs watch).
func damping(falls int) int {
	factor := 1
	for n := 3; n <= falls && factor < 8; n++ {
		factor *= 2
	}
	return factor
}

// limit is from when on a time breaks its promise: questions are asked a tenth
// of the interval sooner or later, and a second is the machine's.
func limit(promised time.Duration) time.Duration { return promised + promised/10 + time.Second }

// bound reports whether clients of the service come back to a real server that
// is out at weight 0: persistence binds them, or the scheduler does.
func (s *service) bound() bool {
	quiesces := s.Of.Check.Asks() && s.Of.Check.OnFailure == config.FailureQuiesce || s.Service.Scheduler == "mh"
	return quiesces && s.Service.Flags&ipvs.Persistent != 0
}
