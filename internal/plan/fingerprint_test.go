package plan

import (
	"io"
	"testing"
)

// TestFingerprint: the order in which real servers were added counts with mh alone.
func TestFingerprint(t *testing.T) {
	made := func(scheduler string, files ...string) string {
		t.Helper()
		at := site(t)
		var found string
		for _, servers := range files {
			w := New(director, load(t, "vip: 172.16.0.100\nservices: [{port: 80, scheduler: "+scheduler+"}]\nreal_servers: ["+servers+"]\n"), nil, Options{})
			s, err := Look(at.Machine, w, at.Record)
			must(t, err)
			p, err := Start(w, s)
			must(t, err)
			must(t, Apply(io.Discard, at, p))
			s, err = Look(at.Machine, w, at.Record)
			must(t, err)
			st, err := Report(w, s)
			must(t, err)
			found = st.Services[0].Fingerprint
		}
		return found
	}
	for _, tt := range []struct {
		scheduler string
		files     []string
		same      bool
	}{
		{"wrr", []string{"10.0.0.7, 10.0.0.17"}, true},
		{"wrr", []string{"10.0.0.17", "10.0.0.7, 10.0.0.17"}, true},
		{"wrr", []string{"10.0.0.7"}, false},
		{"wrr", []string{"{address: 10.0.0.7, weight: 2}, 10.0.0.17"}, false},
		{"mh", []string{"10.0.0.7, 10.0.0.17"}, true},
		{"mh", []string{"10.0.0.7", "10.0.0.7, 10.0.0.17"}, true},
		{"mh", []string{"10.0.0.17", "10.0.0.7, 10.0.0.17"}, false},
	} {
		want := made(tt.scheduler, "10.0.0.7, 10.0.0.17")
		if got := made(tt.scheduler, tt.files...); want == "" || (got == want) != tt.same {
			t.Errorf("%s %q: %q beside %q, want the same: %v", tt.scheduler, tt.files, got, want, tt.same)
		}
	}
}
