package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"lvsdr/internal/hint"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
)

// Record is what lvsdr has to remember between two runs in one network
// namespace: what start put there for which file, and the values that it found.
// Every change of it is written at once, atomically.
type Record struct {
	// Namespace is the one that the record is of. A record of the first edition
	// does not say, and has no claims.
	Namespace *host.Namespace `json:"namespace,omitempty"`

	Claims  []Claim               `json:"claims,omitempty"`
	Stopped []Claimant            `json:"stopped,omitempty"` // whose watch idles until start
	Retired []Claimant            `json:"retired,omitempty"` // who leaves the VIPs to the other director until start
	Sysctls map[string]FoundValue `json:"sysctls,omitempty"`

	// Unannounced are VIPs that were put here, of which the neighbours may not
	// know yet.
	Unannounced []netip.Addr `json:"unannounced,omitempty"`

	Timeouts map[string]FoundValue `json:"timeouts,omitempty"` // of connections; by name, in seconds
	Daemons  []ipvs.Daemon         `json:"daemons,omitempty"`  // of synchronisation, as the kernel was asked for them

	// Drained, of the first edition, go to the first claim of a director.
	Drained []netip.Addr `json:"drained,omitempty"`

	file string
	here host.Namespace
}

// FoundValue is a sysctl that start raised.
type FoundValue struct {
	Found int `json:"found"`
	Set   int `json:"set"`
}

// recordName is the file of a record in the folder of its namespace.
const recordName = "state.json"

// LoadRecord reads the record of a folder; none, or one of another namespace
// that had the number before, is an empty one.
func LoadRecord(dir string, here host.Namespace) (*Record, error) {
	r, err := readRecord(filepath.Join(dir, recordName))
	if err != nil {
		return nil, err
	}
	if r.Namespace != nil && !r.Namespace.SameAs(here) {
		r = &Record{file: r.file}
	}
	r.here = here
	return r, nil
}

func readRecord(file string) (*Record, error) {
	r := &Record{file: file}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the record of what start found: %w", err)
	}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, hint.Add(fmt.Errorf("read %s: %w", file, err), "it is the record of what start found; to go on without it: rm "+file)
	}
	return r, nil
}

// clone is the record as it is now.
func (r *Record) clone() Record {
	now := *r
	now.Claims, now.Sysctls = slices.Clone(r.Claims), maps.Clone(r.Sysctls)
	now.Timeouts, now.Daemons = maps.Clone(r.Timeouts), slices.Clone(r.Daemons)
	now.Unannounced, now.Drained = slices.Clone(r.Unannounced), slices.Clone(r.Drained)
	now.Stopped, now.Retired = slices.Clone(r.Stopped), slices.Clone(r.Retired)
	return now
}

// Empty reports whether there is nothing to remember.
func (r *Record) Empty() bool {
	return len(r.Claims)+len(r.Sysctls)+len(r.Timeouts)+len(r.Daemons)+len(r.Unannounced)+len(r.Drained)+len(r.Stopped)+len(r.Retired) == 0
}

// save writes the record; an empty one is no file.
func (r *Record) save() error {
	if r.Empty() {
		if err := os.Remove(r.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	r.Namespace = &r.here
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return writeAtomically(r.file, append(data, '\n'))
}

// writeAtomically puts a new file in the place of the old one. Only the lock
// holder writes, over what a killed one left.
func writeAtomically(file string, data []byte) error {
	next := file + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(next, file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return nil
}

// SetClaim notes what a claim holds now; one that holds nothing is none.
func (r *Record) SetClaim(c Claim) error {
	if !r.setClaim(c) {
		return nil
	}
	return r.save()
}

func (r *Record) setClaim(c Claim) (changed bool) {
	if c.Role == Director && len(r.Drained) > 0 {
		r.Drained, changed = nil, true // the claim has them now
	}
	i := slices.IndexFunc(r.Claims, func(have Claim) bool { return have.Claimant == c.Claimant })
	switch {
	case i < 0 && c.empty() || i >= 0 && reflect.DeepEqual(r.Claims[i], c):
		return changed
	case i < 0:
		r.Claims = append(r.Claims, c)
	case c.empty():
		r.Claims = slices.Delete(r.Claims, i, i+1)
	default:
		r.Claims[i] = c
	}
	return true
}

// IsStopped reports whether a stop came, and no start since, while somebody
// watched for a claimant.
func (r *Record) IsStopped(who Claimant) bool { return slices.Contains(r.Stopped, who) }

// SetStopped notes that a stop came, or a start.
func (r *Record) SetStopped(who Claimant, stopped bool) error { return r.set(&r.Stopped, who, stopped) }

// IsRetired reports whether a claimant leaves its VIPs to the other director.
func (r *Record) IsRetired(who Claimant) bool { return slices.Contains(r.Retired, who) }

// SetRetired notes that a claimant does so, or no longer.
func (r *Record) SetRetired(who Claimant, retired bool) error { return r.set(&r.Retired, who, retired) }

// set has a list of claimants hold one, or not.
func (r *Record) set(list *[]Claimant, who Claimant, in bool) error {
	if slices.Contains(*list, who) == in {
		return nil
	}
	if in {
		*list = append(*list, who)
	} else {
		*list = slices.DeleteFunc(*list, func(s Claimant) bool { return s == who })
	}
	return r.save()
}

// Directs are the VIPs that were started here as a director's.
func (r *Record) Directs() (vips []netip.Addr) {
	for _, c := range r.Claims {
		for _, p := range c.VIPs {
			if c.Role == Director {
				vips = append(vips, p.VIP)
			}
		}
	}
	return vips
}

// Orphans are the claimants whose file is gone.
func (r *Record) Orphans() (all []Claimant) {
	for _, c := range r.Claims {
		if _, err := os.Stat(c.File); c.File != FlagsAlone && errors.Is(err, fs.ErrNotExist) {
			all = append(all, c.Claimant)
		}
	}
	return all
}

// restore makes the record what it was before, and forgets what could not be
// written meanwhile.
func (r *Record) restore(before Record) error {
	*r = before
	return r.save()
}

// settle notes that a plan has come true, and forgets what was found of things
// that nobody claims any more.
func (r *Record) settle(p Plan) error {
	before := r.clone()
	r.setClaim(p.after)
	for _, name := range p.forget {
		delete(r.Sysctls, name)
	}
	held := r.others(Claimant{})
	maps.DeleteFunc(r.Timeouts, func(name string, _ FoundValue) bool { return !held.timeouts[name].isSomebody() })
	r.Daemons = slices.DeleteFunc(r.Daemons, func(d ipvs.Daemon) bool { return !held.daemons[roles.Name(d.State)].isSomebody() })
	r.Unannounced = slices.DeleteFunc(r.Unannounced, func(vip netip.Addr) bool { return !held.vips[vip] })
	if !r.Empty() && reflect.DeepEqual(before, r.clone()) {
		return nil
	}
	return r.save() // nothing to remember: what another namespace left goes, too
}

// Claim is what a start has put there for a claimant; nil: nothing.
func (r *Record) Claim(who Claimant) *Claim {
	for i := range r.Claims {
		if r.Claims[i].Claimant == who {
			return &r.Claims[i]
		}
	}
	return nil
}

// remember notes a value that is about to be raised.
func (r *Record) remember(sysctl string, v FoundValue) error {
	if r.Sysctls == nil {
		r.Sysctls = make(map[string]FoundValue)
	}
	r.Sysctls[sysctl] = v
	return r.save()
}

// DrainedFor are the real servers that are being drained for a claimant.
func (r *Record) DrainedFor(who Claimant) []netip.Addr {
	if who.Role == Director && len(r.Drained) > 0 {
		return r.Drained
	}
	if c := r.Claim(who); c != nil {
		return c.Drained
	}
	return nil
}

// Draining reports whether a real server is being drained for a claimant.
func (r *Record) Draining(who Claimant, rs netip.Addr) bool {
	return slices.Contains(r.DrainedFor(who), rs)
}

func (r *Record) drain(who Claimant, rs netip.Addr) error {
	return r.setDrained(who, append(slices.Clone(r.DrainedFor(who)), rs))
}

func (r *Record) undrain(who Claimant, rs netip.Addr) error {
	return r.setDrained(who, slices.DeleteFunc(slices.Clone(r.DrainedFor(who)), func(b netip.Addr) bool { return b == rs }))
}

func (r *Record) setDrained(who Claimant, all []netip.Addr) error {
	c := Claim{Claimant: who}
	if have := r.Claim(who); have != nil {
		c = *have
	}
	slices.SortFunc(all, netip.Addr.Compare)
	c.Drained = slices.Compact(all)
	return r.SetClaim(c)
}

func (r *Record) put(vip netip.Addr) error {
	if slices.Contains(r.Unannounced, vip) {
		return nil
	}
	r.Unannounced = append(r.Unannounced, vip)
	return r.save()
}

func (r *Record) announced(vip netip.Addr) error {
	if !slices.Contains(r.Unannounced, vip) {
		return nil
	}
	r.Unannounced = slices.DeleteFunc(r.Unannounced, func(a netip.Addr) bool { return a == vip })
	return r.save()
}
