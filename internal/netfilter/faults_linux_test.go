package netfilter

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"lvsdr/internal/ipvs"
)

func TestKernelFaultsLegacy(t *testing.T) {
	testFaults(t, "iptables-legacy", vip4, words4, recordedLegacy, func() ([]byte, error) { return xtBytes(xtIPv4()) })
}

func TestKernelFaultsLegacyIPv6(t *testing.T) {
	testFaults(t, "ip6tables-legacy", vip6, words6, recordedLegacy6, func() ([]byte, error) { return xtBytes(xtIPv6()) })
}

// TestStockFaultsNFT needs nf_tables of IPv4, which Debian's user-mode-linux is
// built without: "lvsdr lab kernel --stock" has it. TestFaultsRecorded goes by
// what such a kernel said.
func TestStockFaultsNFT(t *testing.T) {
	testFaults(t, "iptables-nft", vip4, words4, recordedNFT, func() ([]byte, error) { return nftBytes(unix.NFPROTO_IPV4) })
	testFaults(t, "ip6tables-nft", vip6, words6, recordedNFT6, func() ([]byte, error) { return nftBytes(unix.NFPROTO_IPV6) })
}

// testFaults sets each case up, looks at it, does what the remedies say, and
// looks again.
func testFaults(t *testing.T, iptables, vip string, words *strings.Replacer, path string, read func() ([]byte, error)) {
	r := recording{path: path}
	r.save(t)
	ns := freshFor(t)
	for _, c := range iptablesCases {
		t.Run(c.name, func(t *testing.T) {
			ns.enter(t)
			if strings.HasSuffix(iptables, "-legacy") {
				restore(t, iptables, empty)
			}
			restore(t, iptables, words.Replace(strings.Join(c.words, "\n")))
			r.add(t, c.name, read)
			p := withDefaults(c.packet, vip)
			faults := faultsOf(t, p)
			testMarks(t, rulesFor(t, p), p, c.name, c.marked, c.marks)
			if d := cmp.Diff(c.want, withoutTables(faults)); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
			for _, f := range faults {
				remedy := strings.Fields(f.Remedy)
				if remedy[0] != iptables {
					t.Errorf("remedy %q; want one of %s", f.Remedy, iptables)
				}
				run(t, remedy[0], remedy[1:]...)
			}
			if left := faultsOf(t, p); left != nil {
				t.Errorf("after the remedies: %+v", left)
			}
		})
	}
}

func faultsOf(t *testing.T, p Packet) []Fault {
	t.Helper()
	faults, err := rulesFor(t, p).Faults(p, way...)
	must(t, err)
	return faults
}

// rulesFor reads the rules of the packet's family.
func rulesFor(t *testing.T, p Packet) Rules {
	t.Helper()
	family := ipvs.INET
	if p.is6() {
		family = ipvs.INET6
	}
	rules, err := Filter{}.Rules(family)
	must(t, err)
	return rules
}

// withoutTables are the faults without their remedies and, of nft, without the
// family and the name of the table.
func withoutTables(faults []Fault) (all []want) {
	for _, f := range faults {
		where := f.Where
		if _, after, ok := strings.Cut(where, " t "); ok {
			where = after
		}
		all = append(all, want{f.Verdict, f.Hook, where})
	}
	return all
}

func TestKernelRedirects(t *testing.T) {
	for _, c := range []struct {
		name  string
		words []string
		want  bool
	}{
		{"nothing", nil, false},
		{"all of a port", []string{"-A PREROUTING -p udp -j ACCEPT", "-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.7:8080"}, true},
		{"to this machine", []string{"-N mine", "-A PREROUTING -d 172.16.0.100 -j mine", "-A mine -p tcp --dport 80 -j REDIRECT --to-ports 8080"}, true},
		{"another port", []string{"-A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 8080"}, false},
		{"some clients", []string{"-A PREROUTING -s 10.0.0.0/8 -p tcp -j REDIRECT --to-ports 8080"}, false},
		{"all but some clients", []string{"-A PREROUTING -s 10.0.0.0/8 -j RETURN", "-A PREROUTING -p tcp -j REDIRECT --to-ports 8080"}, false},
		{"each in its own way", []string{"-A PREROUTING -s 10.0.0.0/8 -p tcp -j REDIRECT --to-ports 8080", "-A PREROUTING -p tcp -j REDIRECT --to-ports 8081"}, true},
		{"source", []string{"-A POSTROUTING -j MASQUERADE"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			fresh(t)
			restore(t, "iptables-legacy", "-t nat "+strings.Join(c.words, "\n-t nat "))
			p := withDefaults(Packet{}, vip4)
			if got, err := rulesFor(t, p).Redirects(p); err != nil || got != c.want {
				t.Errorf("redirects: %v, %v; want %v", got, err, c.want)
			}
			if faults := faultsOf(t, p); faults != nil {
				t.Errorf("faults: %+v", faults)
			}
		})
	}
}

func TestRulesOfNoFamily(t *testing.T) {
	if _, err := (Filter{}).Rules(0); !errors.Is(err, unix.EINVAL) {
		t.Errorf("%v; want EINVAL", err)
	}
}

func TestKernelFaultsWithoutPermission(t *testing.T) {
	fresh(t)
	run(t, "iptables-legacy", "-P", "INPUT", "DROP")
	none := [2]unix.CapUserData{}
	must(t, unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
	if rules, err := (Filter{}).Rules(ipvs.INET); !errors.Is(err, unix.EPERM) {
		t.Errorf("%v, %v; want EPERM", rules, err)
	}
}
