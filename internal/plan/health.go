package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/status"
)

// Health is what is known of real servers beside the file: an input to the wish,
// as drains are. A nil one knows nothing.
type Health struct {
	Services map[string]ServiceHealth `json:"services"` // in the words of ipvsadm
	// Held are VIPs that are not put up yet.
	Held map[netip.Addr]bool `json:"-"`
	// Respect leaves weights as somebody has changed them by hand, and entries
	// that somebody has added.
	Respect bool `json:"-"`
}

// ServiceHealth is the health of a service.
type ServiceHealth struct {
	RealServers map[string]Fate `json:"real_servers"` // in the words of ipvsadm
	// Sorry are the entries of those who answer instead.
	Sorry []ipvs.Destination `json:"sorry,omitempty"`
	// Instead: nobody else is left, and they get the connections.
	Instead bool `json:"instead,omitempty"`
	// FailOpen: nobody is left at all, and every real server is kept in.
	FailOpen bool `json:"fail_open,omitempty"`
}

// Fate is what is known of a real server of a service, and what follows.
type Fate struct {
	Verdict  status.Verdict `json:"verdict"`
	Why      string         `json:"why,omitempty"` // of one that is down
	Remedy   []string       `json:"remedy,omitempty"`
	MendAt   string         `json:"mend_at,omitempty"` // see [status.Health]
	Standing Standing       `json:"standing"`
	// Share of a thousand of its weight, of one that comes back; zero is all of it.
	Share uint32 `json:"share,omitempty"`
	At    Uptime `json:"at"` // when the verdict was given
}

// report is the fate as status shows it; nil: nobody has asked.
func (f Fate) report() *status.Health {
	if f.Verdict == "" {
		return nil
	}
	return &status.Health{Verdict: f.Verdict, Age: f.At.Since().Seconds(), Why: f.Why, Remedy: f.Remedy, At: f.MendAt}
}

// Standing is what becomes of the entry of a real server.
type Standing string

// The standings.
const (
	In       Standing = "in"       // as configured
	Quiesced Standing = "quiesced" // weight 0
	Out      Standing = "out"      // no entry
	Unasked  Standing = "unasked"  // it keeps the place that it has, and gets none
)

// Uptime is the time since the machine was started, which no clock changes.
type Uptime time.Duration

// Now is the uptime now; zero if the kernel does not tell.
func Now() Uptime {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return Uptime(t.Nano())
}

// Since is how long ago it was.
func (u Uptime) Since() time.Duration { return time.Duration(Now() - u) }

// of is what is known of a service.
func (h *Health) of(service string) ServiceHealth {
	if h == nil {
		return ServiceHealth{}
	}
	return h.Services[service]
}

// answered reports whether a real server is up.
func (h ServiceHealth) answered() bool {
	for _, f := range h.RealServers {
		if f.Verdict == status.Up {
			return true
		}
	}
	return false
}

// apply makes of a destination what its health makes of it. Out tells that it
// has to have no entry.
func (d *Destination) apply(f Fate) (out bool) {
	d.Fate = f
	switch {
	case f.Standing == Quiesced || d.Draining:
		d.Weight = 0
	case f.Share != 0 && d.Weight != 0:
		d.Weight = max(1, uint32(uint64(d.Weight)*uint64(f.Share)/1000))
	}
	return f.Standing == Out
}

// whileWatched is the parameter that a watched director needs: a client whose
// real server is taken away is told at once (kernel: ipvs-sysctl.rst).
var whileWatched = Sysctl{"net.ipv4.vs.expire_nodest_conn", 1}

// healthName is the file of verdicts in the folder of a namespace.
const healthName = "health.json"

// MaxSilence is for how long a watch may say nothing until its verdicts count no
// more: one that is dead keeps nobody out for ever.
const MaxSilence = 60 * time.Second

// Watched is what a watch last said of its configuration.
type Watched struct {
	Health
	At Uptime `json:"at"`
	// Ended: the watch ended in an orderly way.
	Ended bool `json:"ended,omitempty"`
}

// verdicts is the file: what the watches of a namespace said, by configuration.
type verdicts struct {
	Namespace host.Namespace     `json:"namespace"`
	Files     map[string]Watched `json:"files"`
}

// LoadHealth returns what the watch of a claimant last said in a folder; ok is false
// if there was none in this namespace since the machine was started. The caller
// decides whether it is too old.
func LoadHealth(dir string, here host.Namespace, who Claimant) (w Watched, ok bool, err error) {
	v, err := readVerdicts(dir, here)
	w, ok = v.Files[who.File]
	return w, ok && who.Role == Director, err
}

// Stale reports whether what the watch said counts no more. What is of later than
// now is of another run of the kernel.
func (w Watched) Stale() bool { return w.At.Since() > MaxSilence || w.At.Since() < 0 }

func readVerdicts(dir string, here host.Namespace) (v verdicts, err error) {
	file := filepath.Join(dir, healthName)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		return verdicts{}, fmt.Errorf("read %s: %w", file, err)
	}
	if !v.Namespace.SameAs(here) || !v.Namespace.SameBoot(here) {
		return verdicts{}, nil
	}
	return v, nil
}

// SaveHealth notes what a watch says, while it holds the folder's lock. What
// cannot be read is written anew.
func SaveHealth(dir string, here host.Namespace, who Claimant, w Watched) error {
	v, _ := readVerdicts(dir, here)
	v.Namespace = here
	if v.Files == nil {
		v.Files = map[string]Watched{}
	}
	w.At = Now()
	v.Files[who.File] = w
	return v.save(dir)
}

// DropHealth forgets what a watch said.
func DropHealth(dir string, here host.Namespace, who Claimant) error {
	v, err := readVerdicts(dir, here)
	if _, known := v.Files[who.File]; err != nil || !known {
		return err
	}
	delete(v.Files, who.File)
	return v.save(dir)
}

func (v verdicts) save(dir string) error {
	file := filepath.Join(dir, healthName)
	if len(v.Files) == 0 {
		return os.Remove(file)
	}
	data, err := json.MarshalIndent(v, "", "\t")
	if err == nil {
		err = writeAtomically(file, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("note the verdicts: %w", err)
	}
	return nil
}

// handmade reports whether somebody else has given an entry its weight, and
// what is wanted has not changed since.
func (c *ClaimedService) handmade(server string, have, want uint32) bool {
	ours := c.Weights[server]
	return len(ours) > 0 && !slices.Contains(ours, have) && slices.Contains(ours, want)
}
