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
	"slices"

	"lvsdr/internal/hint"
	"lvsdr/internal/ipvs"
)

// Record is what lvsdr has to remember between two runs in one network
// namespace: the values that start found, and the real servers that are being
// drained. Every change of it is written at once, atomically.
type Record struct {
	Sysctls map[string]FoundValue `json:"sysctls,omitempty"`
	Drained []netip.Addr          `json:"drained,omitempty"`

	// Unannounced are VIPs that were put here, of which the neighbours may not
	// know yet.
	Unannounced []netip.Addr `json:"unannounced,omitempty"`

	Timeouts map[string]FoundValue `json:"timeouts,omitempty"` // of connections; by name, in seconds
	Daemons  []ipvs.Daemon         `json:"daemons,omitempty"`  // of synchronisation, as the kernel was asked for them

	file string
}

// FoundValue is a sysctl that start raised.
type FoundValue struct {
	Found int `json:"found"`
	Set   int `json:"set"`
}

// LoadRecord reads the record of a folder; none is an empty one.
func LoadRecord(dir string) (*Record, error) {
	r := &Record{file: filepath.Join(dir, "state.json")}
	data, err := os.ReadFile(r.file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up what start found: %w", err)
	}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, hint.Add(fmt.Errorf("read %s: %w", r.file, err), "it holds what start found; without it: rm "+r.file)
	}
	return r, nil
}

// clone is the record as it is now.
func (r *Record) clone() Record {
	return Record{Sysctls: maps.Clone(r.Sysctls), Drained: slices.Clone(r.Drained), Unannounced: slices.Clone(r.Unannounced),
		Timeouts: maps.Clone(r.Timeouts), Daemons: slices.Clone(r.Daemons)}
}

// save writes the record; an empty one is no file.
func (r *Record) save() error {
	if len(r.Sysctls) == 0 && len(r.Drained) == 0 && len(r.Unannounced) == 0 && len(r.Timeouts) == 0 && len(r.Daemons) == 0 {
		if err := os.Remove(r.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
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

// remember notes a value that is about to be raised.
func (r *Record) remember(sysctl string, v FoundValue) error {
	if r.Sysctls == nil {
		r.Sysctls = make(map[string]FoundValue)
	}
	r.Sysctls[sysctl] = v
	return r.save()
}

func (r *Record) forget(sysctl string) error {
	delete(r.Sysctls, sysctl)
	return r.save()
}

// ForgetAll is the end of a stop. The machine may have the other role as well.
func (r *Record) ForgetAll(of Role) error {
	switch of {
	case Director:
		r.Drained, r.Unannounced, r.Timeouts, r.Daemons = nil, nil, nil, nil
	case RealServer:
		clear(r.Sysctls)
	}
	return r.save()
}

// Draining reports whether a real server is being drained.
func (r *Record) Draining(rs netip.Addr) bool { return slices.Contains(r.Drained, rs) }

func (r *Record) drain(rs netip.Addr) error { return r.add(&r.Drained, rs) }

func (r *Record) undrain(rs netip.Addr) error { return r.remove(&r.Drained, rs) }

func (r *Record) put(vip netip.Addr) error { return r.add(&r.Unannounced, vip) }

func (r *Record) announced(vip netip.Addr) error { return r.remove(&r.Unannounced, vip) }

func (r *Record) add(to *[]netip.Addr, a netip.Addr) error {
	if slices.Contains(*to, a) {
		return nil
	}
	*to = append(*to, a)
	return r.save()
}

func (r *Record) remove(from *[]netip.Addr, a netip.Addr) error {
	if !slices.Contains(*from, a) {
		return nil
	}
	*from = slices.DeleteFunc(*from, func(b netip.Addr) bool { return a == b })
	return r.save()
}
