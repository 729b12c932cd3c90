//go:build amd64 || arm64

package netfilter

import (
	"errors"
	"testing"

	"lvsdr/internal/ipvs"
)

// fuzzPackets are of each kind that decoders tell apart.
var fuzzPackets = []Packet{
	withDefaults(Packet{In: "eth0", Out: "eth1"}, vip4),
	withDefaults(Packet{Protocol: ipvs.SCTP, Sent: Untracked}, vip6),
	withDefaults(Packet{Protocol: ipvs.UDP, Port: anyPort, In: loopback}, vip4),
}

// fuzzRecording decodes what resembles a recording: never a panic, and no
// fault without a place and a remedy.
func fuzzRecording(f *testing.F, paths ...string) {
	for _, path := range paths {
		for _, data := range recorded(f, path) {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, path := range paths {
			bases, err := decoded(path, data)
			if err != nil {
				continue
			}
			for _, p := range fuzzPackets {
				faults, err := ruleset(bases).Faults(p, way...)
				if err != nil && !errors.Is(err, errTooLong) {
					t.Error(err)
				}
				for _, fault := range faults {
					if fault.Where == "" || fault.Remedy == "" || fault.Verdict == 0 {
						t.Errorf("%+v", fault)
					}
				}
				if _, err := ruleset(bases).Redirects(p); err != nil && !errors.Is(err, errTooLong) {
					t.Error(err)
				}
			}
		}
	})
}

func FuzzXTables(f *testing.F) { fuzzRecording(f, recordedLegacy, recordedLegacy6) }

func FuzzNFT(f *testing.F) { fuzzRecording(f, recordedInet, recordedNFT, recordedNFT6) }
