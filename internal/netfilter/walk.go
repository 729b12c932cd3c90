package netfilter

import "errors"

// truth is whether a rule matches the packet; that depends where the answer
// lies in what is not known of it: its source, for example.
type truth uint8

const (
	no truth = iota
	depends
	yes
)

func (t truth) not() truth { return yes - t }

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// action is what becomes of a packet that matches a rule.
type action uint8

const (
	proceed  action = iota // to the next rule
	accept                 // by this base chain
	drop                   // by everyone
	leave                  // this chain, for the one it was called from
	call                   // another chain
	replace                // this chain by another one
	redirect               // to another destination, and accept
	untrack                // and proceed
	mark                   // and proceed
)

// effect is one thing that a rule does with a packet, and when.
type effect struct {
	when truth
	do   action
	to   *chain // of call and replace
	by   marking
}

// rule is asked for its effects; the first one that is certain ends them.
type rule struct {
	where   string
	effects func(*view) []effect
}

// chain is a list of rules. A packet that reaches its end leaves it.
type chain struct {
	name  string
	rules []rule
}

// choice is which of the packets come to a rule that matches them.
type choice uint8

const (
	every   choice = iota
	guessed        // those that something matches which is not followed
	some           // those of some clients, or some of each client's
)

// walk is a packet's way through a base chain. Packets part where a rule's
// match depends; all of them that are left are followed.
type walk struct {
	view       *view
	accepts    bool   // some packets are accepted
	redirects  bool   // some are redirected
	drops      string // the first rule that drops all that reach it
	perhaps    string // likewise, if what it asks is not followed
	redirected string // likewise, that redirects them
	untracked  truth
	parted     bool // some have gone another way
	rules      int  // seen so far
}

// Limits of a walk, in which a rule that is called twice is seen twice. The
// kernel takes no chains that call each other in a circle.
const (
	maxDepth = 1000
	maxRules = 1 << 18
)

var errTooLong = errors.New("the chains of the packet filter have no end")

// through follows the packet through a chain, and reports whether some may leave
// it. A chain that only some packets are sent to, like that of a blacklist, is
// chosen: what is dropped there was meant to be.
func (w *walk) through(c *chain, chosen choice, depth int) (leaves bool, err error) {
	if depth > maxDepth {
		return true, errTooLong
	}
	for _, r := range c.rules {
		if w.rules++; w.rules > maxRules {
			return true, errTooLong
		}
		w.view.guess = false
		effects := r.effects(w.view)
		guess := w.view.guess
		for _, e := range effects {
			if e.when == no {
				continue
			}
			by := chosen
			if e.when == depends && guess {
				by = max(by, guessed)
			} else if e.when == depends {
				by = some
			}
			left, stays, err := w.take(e, r.where, by, depth)
			if err != nil {
				return true, err
			}
			leaves = leaves || left
			w.parted = w.parted || leaves || e.when == depends && e.do == replace
			if e.when == yes && !stays {
				return leaves, nil
			}
		}
	}
	return true, nil
}

// take does what a rule does, and tells whether some of the packets that
// matched leave the chain, and whether some stay in it.
func (w *walk) take(e effect, where string, chosen choice, depth int) (leaves, stays bool, err error) {
	switch e.do {
	case accept:
		w.accepts = true
		return false, false, nil
	case redirect:
		if chosen == every && w.redirected == "" {
			w.redirected = where
		}
		w.redirects = true
		return false, false, nil
	case drop:
		switch {
		case chosen == every && w.drops == "":
			w.drops = where
		case chosen == guessed && w.perhaps == "":
			w.perhaps = where
		}
		return false, false, nil
	case leave:
		return true, false, nil
	case call, replace:
		back, err := w.through(e.to, chosen, depth+1)
		return back && e.do == replace, back && e.do == call, err
	case untrack:
		w.untrack(chosen != every)
	case mark:
		w.view.marks = w.view.marks.change(e.by, chosen != every || w.accepts || w.parted)
	}
	return false, true, nil
}

func (w *walk) untrack(chosen bool) {
	if chosen || w.accepts {
		w.untracked = max(w.untracked, depends)
		return
	}
	w.untracked = yes
}
