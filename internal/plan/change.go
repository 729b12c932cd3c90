package plan

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// Change is one deed, with the command that an administrator would type for it.
type Change struct {
	Line string

	about netip.Addr // the VIP that a routing daemon is told of

	do func(Site) error
	// undo takes back what was done to the machine; [Apply] forgets what was
	// recorded of it. It is nil where the deed leaves nothing behind that could be
	// taken back.
	undo func(Site) error
}

// Plan is what a verb is going to do.
type Plan struct {
	Changes []Change
	// Remarks say what is left as it is, and why.
	Remarks []string
	// Kept is what somebody has changed by hand, and stays.
	Kept []string
	// Failed is why something is left out, where [Options.GoOn] says so.
	Failed error

	// What the record claims meanwhile and in the end, and which found values
	// it no longer needs.
	during, after Claim
	forget        []string
}

// Site is where changes are made: a machine, and what is remembered of it.
type Site struct {
	Machine
	Record *Record
}

// Start is what a machine lacks: the table, then the VIPs, then the
// announcements; on a real server the parameters before the VIPs. Timeouts and
// synchronisation belong to the table. What an earlier start has put there for
// the same file, and is wanted no longer, goes last; what a routing daemon is to
// announce no longer goes first.
func Start(w Wish, s State) (p Plan, err error) {
	w.VIPs = w.due(s)
	w = w.sparing(s)
	p.after = claimOf(w, s)
	p.during = p.after
	var former Claim
	if before := s.Record.Claim(w.Claimant); before != nil {
		p.during, former = before.with(p.after), before.gone(p.after)
	}
	others := s.Record.others(w.Claimant)
	w = w.drainedBy(others)
	if w.Exclusive {
		p.Changes = deleteOthers(w, s)
	}
	ended, daemons, err := startDaemons(w, s, others)
	if p.fails(w, err) {
		return p, err
	}
	p.Changes = append(append(p.Changes, ended...), changeTimeouts(w, s, others)...)
	p.remarkShared(w, s, others)
	for _, v := range w.Services {
		have, before := s.Service(v.Key()), s.Record.Claim(w.Claimant).service(ServiceWords(&v.Service))
		p.Changes = append(p.Changes, w.startService(v, have, before, others)...)
		p.Kept = append(p.Kept, w.kept(v, have, before, others)...)
	}
	p.Changes = append(p.Changes, daemons...)
	parameters, err := raiseSysctls(w, s)
	if p.fails(w, err) {
		return p, err
	}
	p.Changes = append(p.Changes, parameters...)
	announced := announcements(w, s)
	var wrong []host.Address
	var failed []netip.Addr
	for _, a := range w.VIPs {
		placed, left, err := s.placeVIP(w, a, former, others, len(announced[a.Prefix.Addr()]) > 0)
		if p.fails(w, err) {
			return p, err
		}
		if err != nil {
			delete(announced, a.Prefix.Addr())
			failed = append(failed, a.Prefix.Addr())
		}
		p.Changes, wrong = append(p.Changes, placed...), append(wrong, left...)
	}
	p.Changes = append(p.Changes, s.deleteAddresses(wrong)...)
	for _, a := range w.VIPs {
		p.Changes = append(p.Changes, announced[a.Prefix.Addr()]...)
	}
	routed := slices.DeleteFunc(w.adverts(), func(a host.Advert) bool { return slices.Contains(failed, a.VIP) })
	withdrawn, advertised := s.changeAdverts(routed, s.Record.Claim(w.Claimant), others)
	p.Changes = slices.Concat(withdrawn, p.Changes, advertised)
	p.after = p.after.leaving(failed, s.Record.Claim(w.Claimant))
	p.takeVIPs(former, w, s, others)
	if err := p.lowerSysctls(w, s, former, others); p.fails(w, err) {
		return p, err
	}
	if !w.Exclusive { // which has taken them away already
		p.takeServices(former, s, others)
	}
	if w.FlushFirewall && s.Rules > 0 { // last: rules that are gone cannot be given back
		p.Changes = append(p.Changes, Change{Line: "iptables -F", do: func(at Site) error { return at.FlushFilter() }})
	}
	return p, nil
}

// fails reports whether an error ends a plan; another one is noted.
func (p *Plan) fails(w Wish, err error) bool {
	if w.GoOn {
		p.Failed = errors.Join(p.Failed, err)
	}
	return err != nil && !w.GoOn
}

// Stop is what takes away what start put there, in the reverse order of
// [Start]: by the record, or by the wish where the record knows of no start.
func Stop(w Wish, s State) (p Plan, err error) {
	here := claimOf(w, s)
	p.after = Claim{Claimant: w.Claimant}
	if c := s.Record.Claim(w.Claimant); c.Started() {
		here, p.during = *c, *c
	}
	w.VIPs, w.Services, w.Sysctls, w.Timeouts, w.Daemons = nil, nil, nil, ipvs.Timeouts{}, nil
	others := s.Record.others(w.Claimant)
	p.Changes, _ = s.changeAdverts(nil, &here, others)
	p.takeVIPs(here, w, s, others)
	if err := p.lowerSysctls(w, s, here, others); err != nil {
		return p, err
	}
	ended, _, err := startDaemons(w, s, others)
	if err != nil {
		return p, err
	}
	p.Changes = append(p.Changes, ended...)
	p.takeServices(here, s, others)
	p.Changes = append(p.Changes, changeTimeouts(w, s, others)...)
	return p, nil
}

// takeVIPs adds what takes the VIPs of a claim away, as far as nobody else has
// them too.
func (p *Plan) takeVIPs(gone Claim, w Wish, s State, others holders) {
	var leaving []host.Address
	for _, at := range gone.VIPs {
		if who, held := others.place(at); held {
			p.remark("%s stays on %s: %s", at.VIP, at.Interface, who.wants())
			continue
		}
		going, staying := s.going(at, w)
		for _, a := range staying {
			p.remark("%s stays on %s: %s depends on it", a.Prefix, a.Interface, s.standsOn(a))
		}
		going = slices.DeleteFunc(going, func(a host.Address) bool {
			moved := w.isMoved(&s, a)
			if moved {
				p.remark("%s stays on %s: VRRP moves it", a.Prefix, a.Interface)
			}
			return moved
		})
		leaving = append(leaving, going...)
	}
	p.Changes = append(p.Changes, s.deleteAddresses(leaving)...)
}

// takeServices is takeVIPs for services.
func (p *Plan) takeServices(gone Claim, s State, others holders) {
	for _, v := range slices.Backward(gone.Services) {
		have := s.byWords(v.Service)
		if have == nil {
			continue
		}
		if who, held := others.services[v.Service]; held {
			p.remark("%s stays: %s", v.Service, who.wants())
			p.Changes = append(p.Changes, deleteServers(v, have, others)...)
			continue
		}
		p.Changes = append(p.Changes, deleteService(have))
	}
}

func (p *Plan) remark(format string, args ...any) {
	p.Remarks = append(p.Remarks, fmt.Sprintf(format, args...))
}

// wants says who it is that wants something, too.
func (who Claimant) wants() string {
	if who.File == FlagsAlone {
		return fmt.Sprintf("lvsdr %s start, without a file, put it there as well", who.Role)
	}
	return fmt.Sprintf("%s (lvsdr %s start) has it as well", who.File, who.Role)
}

// Apply carries out a plan, and says each change on w. If one fails, those
// before it are undone; the error tells of both. The record says at any time
// what may be there.
func Apply(w io.Writer, at Site, p Plan) error {
	before := at.Record.clone()
	if err := at.Record.SetClaim(p.during); err != nil {
		return fmt.Errorf("%w: %w", ErrUnrecorded, err)
	}
	if undone, err := apply(w, at, p.Changes); err != nil {
		if !undone {
			return err
		}
		return errors.Join(err, at.Record.restore(before))
	}
	return at.Record.settle(p)
}

// ErrUnrecorded is that of who could not note what is to be done.
var ErrUnrecorded = errors.New("record what is to be changed")

// Reconcile is Apply for whoever comes again: what fails keeps nothing else from
// being done, and what was done stays.
func Reconcile(w io.Writer, at Site, p Plan) error {
	var errs []error
	if err := at.Record.SetClaim(p.during); err != nil {
		errs = append(errs, fmt.Errorf("%w: %w", ErrUnrecorded, err))
	}
	for _, c := range p.Changes {
		fmt.Fprintln(w, c.Line)
		if err := c.do(at); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.Line, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	return at.Record.settle(p)
}

// apply makes changes; undone tells whether after an error all is as before.
func apply(w io.Writer, at Site, changes []Change) (undone bool, err error) {
	for i, c := range changes {
		fmt.Fprintln(w, c.Line)
		if err := c.do(at); err != nil {
			wrong := undo(w, at, changes[:i])
			return wrong == nil, errors.Join(fmt.Errorf("%s: %w", c.Line, err), wrong)
		}
	}
	return true, nil
}

// undo takes changes back, the last one first. One that cannot be taken back
// does not stop the others.
func undo(w io.Writer, at Site, done []Change) error {
	var errs []error
	for _, c := range slices.Backward(done) {
		if c.undo == nil {
			continue
		}
		fmt.Fprintf(w, "undo: %s\n", c.Line)
		if err := c.undo(at); err != nil {
			errs = append(errs, fmt.Errorf("undo: %s: %w", c.Line, err))
		}
	}
	return errors.Join(errs...)
}
