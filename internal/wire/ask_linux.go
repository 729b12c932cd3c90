package wire

import (
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"lvsdr/internal/host"
)

// Ask asks all questions at the same time, as a neighbour would: by ARP (RFC
// 826), or by neighbour solicitation (RFC 4861, section 7.2). It asks twice, in
// case a packet is lost, and gathers answers for the whole of wait: two machines
// may answer for one address. Links and own are the interfaces and the addresses
// of this machine, whose own answers do not count. The replies are in the order
// of the questions. EPERM: CAP_NET_RAW is missing; ENETDOWN: the link is down;
// EAFNOSUPPORT: it is not Ethernet.
func (Wire) Ask(questions []Question, links []host.Link, own []host.Address, wait time.Duration) []Reply {
	s := newSurvey(questions)
	for _, d := range []dialect{newARP(), newNDP()} {
		if c := s.open(d, own); c != nil {
			defer c.Close()
		}
	}
	arrived := s.run(wait)
	for i, q := range s.questions {
		s.replies[i].Answers = answersTo(q, arrived, links)
	}
	return s.replies
}

// survey is the questions while they are asked.
type survey struct {
	questions []Question
	replies   []Reply
	channels  []*channel
}

func newSurvey(questions []Question) *survey {
	s := &survey{replies: make([]Reply, len(questions))}
	for i, q := range questions {
		s.questions = append(s.questions, q.plain())
		s.replies[i].Err = s.questions[i].check()
	}
	return s
}

// channel is a socket for one dialect on all interfaces: closing one takes until
// no processor uses it any more, some hundredths of a second, and a machine may
// have hundreds of interfaces.
type channel struct {
	dialect
	*packetSocket
	requests [][]request // of each question
}

// open prepares what is asked in a dialect; nil: nothing is. Its socket is opened
// here, in the thread that is in the network namespace; who reads it does not
// matter.
func (s *survey) open(d dialect, own []host.Address) *channel {
	c := &channel{dialect: d, requests: make([][]request, len(s.questions))}
	used := false
	for i, q := range s.questions {
		if s.replies[i].Err == nil {
			c.requests[i] = d.requests(q, own)
			used = used || c.requests[i] != nil
		}
	}
	if !used {
		return nil
	}
	var err error
	if c.packetSocket, err = listen(d.etherType, d.filter); err != nil {
		s.fail(c, err)
		return nil
	}
	s.channels = append(s.channels, c)
	return c
}

// fail keeps why the questions of a channel could not be asked.
func (s *survey) fail(c *channel, err error) {
	for i, requests := range c.requests {
		if requests != nil && s.replies[i].Err == nil {
			s.replies[i].Err = err
		}
	}
}

// run sends the requests twice, and gathers what arrives meanwhile.
func (s *survey) run(wait time.Duration) []arrival {
	const times = 2
	end := time.Now().Add(wait)
	arrived, faults := make([][]arrival, len(s.channels)), make([]error, len(s.channels))
	var all sync.WaitGroup
	for i, c := range s.channels {
		all.Go(func() { arrived[i], faults[i] = c.gather(end) })
	}
	for n := range times {
		if n > 0 && len(s.channels) > 0 {
			time.Sleep(wait / times)
		}
		for _, c := range s.channels {
			s.send(c)
		}
	}
	all.Wait()
	for i, c := range s.channels {
		s.fail(c, faults[i])
	}
	return slices.Concat(arrived...)
}

// send sends the requests of a channel, each out of its interface.
func (s *survey) send(c *channel) {
	for i, requests := range c.requests {
		if s.replies[i].Err != nil {
			continue
		}
		for _, r := range requests {
			if err := c.packetSocket.send(frame{s.questions[i].Link.Index, r.to, r.packet}); err != nil {
				s.replies[i].Err = err
				break
			}
		}
	}
}

// gather returns the answers that arrive up to end.
func (c *channel) gather(end time.Time) (arrived []arrival, err error) {
	if err := c.SetReadDeadline(end); err != nil {
		return nil, err
	}
	err = c.receive(func(packet []byte, from *unix.SockaddrLinklayer) bool {
		if a, answers := c.answer(packet); answers {
			arrived = append(arrived, arrival{from.Ifindex, a})
		}
		return true
	})
	return arrived, err
}
