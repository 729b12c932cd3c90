package lvsdr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
)

// record is what lvsdr has to remember between two runs in one network
// namespace: the values that start found, and the real servers that are being
// drained. Every change of it is written at once, atomically.
type record struct {
	Sysctls map[string]foundValue `json:"sysctls,omitempty"`
	Drained []netip.Addr          `json:"drained,omitempty"`

	// Unannounced are VIPs that were put here, of which the neighbours may not
	// know yet.
	Unannounced []netip.Addr `json:"unannounced,omitempty"`

	file string
}

// foundValue is a sysctl that start raised.
type foundValue struct {
	Found int `json:"found"`
	Set   int `json:"set"`
}

// loadRecord reads the record of a folder; none is an empty one.
func loadRecord(dir string) (*record, error) {
	r := &record{file: filepath.Join(dir, "state.json")}
	data, err := os.ReadFile(r.file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up what start found: %w", err)
	}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, hinted(fmt.Errorf("read %s: %w", r.file, err), "it holds what start found; without it: rm "+r.file)
	}
	return r, nil
}

// save writes the record; an empty one is no file.
func (r *record) save() error {
	if len(r.Sysctls) == 0 && len(r.Drained) == 0 && len(r.Unannounced) == 0 {
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

// writeAtomically puts a new file in the place of the old one. Who holds the
// lock is the only writer, and writes over what a killed one left.
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
func (r *record) remember(sysctl string, v foundValue) error {
	if r.Sysctls == nil {
		r.Sysctls = make(map[string]foundValue)
	}
	r.Sysctls[sysctl] = v
	return r.save()
}

func (r *record) forget(sysctl string) error {
	delete(r.Sysctls, sysctl)
	return r.save()
}

// forgetAll is the end of a stop. The machine may have the other role as well.
func (r *record) forgetAll(of role) error {
	switch of {
	case director:
		r.Drained, r.Unannounced = nil, nil
	case realServer:
		clear(r.Sysctls)
	}
	return r.save()
}

func (r *record) draining(rs netip.Addr) bool { return slices.Contains(r.Drained, rs) }

func (r *record) drain(rs netip.Addr) error { return r.add(&r.Drained, rs) }

func (r *record) undrain(rs netip.Addr) error { return r.remove(&r.Drained, rs) }

func (r *record) unannounced(vip netip.Addr) bool { return slices.Contains(r.Unannounced, vip) }

func (r *record) put(vip netip.Addr) error { return r.add(&r.Unannounced, vip) }

func (r *record) announced(vip netip.Addr) error { return r.remove(&r.Unannounced, vip) }

func (r *record) add(to *[]netip.Addr, a netip.Addr) error {
	if slices.Contains(*to, a) {
		return nil
	}
	*to = append(*to, a)
	return r.save()
}

func (r *record) remove(from *[]netip.Addr, a netip.Addr) error {
	if !slices.Contains(*from, a) {
		return nil
	}
	*from = slices.DeleteFunc(*from, func(b netip.Addr) bool { return a == b })
	return r.save()
}
