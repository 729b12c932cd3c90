package compat

import (
	"net/netip"
	"strings"
)

// longWordStep has a word longer than the original's buffer.
var longWordStep = "-R\n-A -s rr -t 10.0.0.1:" + strings.Repeat("0", 5000) + "80\n"

var longName = strings.Repeat("long", 15) + ".example.com"

// known are the cases that show the differences of the [Ledger] best.
var known = []Group{
	{Name: "words pulled into arguments", Steps: []string{"-A -f 1 -s '!#:+' rr", "-A -f 2 -s 'w!#:+' rr"}},
	{Name: "commas only", Steps: []string{"-A -t 10.0.0.1:80 -b ,", "-L -b ,,"}},
	{Name: "unknown tunnel flags", Setup: []string{"-A -t 10.0.0.1:80 -s rr"}, Prepare: unknownTunnelFlags, Steps: []string{
		"-Sn", "-Ln --tun-info", "-Ln",
	}},
	{Name: "large marks", Setup: []string{"-A -f 4294967295 -s rr", "-A -f 2147483648 -6 -s rr", "-a -f 4294967295 -r 10.0.0.1"}, Steps: []string{"-Sn", "-Ln"}},
	{Name: "third flag alone", Setup: []string{"-A -t 10.0.0.1:80 -s sh -b flag-3", "-A -t 10.0.0.2:80 -s mh -b mh-port,flag-3"}, Steps: []string{"-Sn", "-Ln"}},
	{Name: "long names", Hosts: "10.0.0.1 " + longName + "\n", Setup: []string{"-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 10.0.0.1"}, Steps: []string{"-S", "-L"}},
	{Name: "saved thresholds", Setup: thresholds, Steps: []string{"-S", "-Sn", "ipvsadm-save", "ipvsadm-save -n"}},
	{Name: "unterminated last line", Steps: []string{"-R\n-A -t 10.0.0.1:80  ", "-R\n-A -t 10.0.0.2:80 \t"}},
	{Name: "long words", Steps: []string{longWordStep}},
	{
		Name:        "long connection lines",
		Connections: connectionTitle + longCall(160) + longCall(200),
		Steps:       []string{"-Lnc", "-Lnc --persistent-conn"},
	},
	{
		Name:        "crashing connection line",
		Connections: connectionTitle + longCall(255),
		Steps:       []string{"-Lnc --persistent-conn"},
	},
	{
		Name:        "blank connection line",
		Connections: connectionTitle + "TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 CLOSE 1\n\nTCP 0A010003 01BB 0A010064 0050 0A030002 1F90 CLOSE 2\n",
		Steps:       []string{"-Lnc"},
	},
	{Name: "bad input of restore: no command", Setup: aServer, Steps: []string{"ipvsadm-restore\noops\n"}},
	{Name: "bad input of restore: echo's option", Setup: aServer, Steps: []string{"ipvsadm-restore\n-n\n"}},
	{Name: "bad input of restore: unknown option", Setup: aServer, Steps: []string{"ipvsadm-restore\n-A -f 7\n\n#c\n-A -f 8 -Q\n"}},
	{Name: "bad input of restore: bad value", Setup: aServer, Steps: []string{"ipvsadm-restore\n-A -f 7\n-A -f x\n-A -f 8\n"}},
	{Name: "bad input of restore: nested", Setup: aServer, Steps: []string{"ipvsadm-restore\n-A -f 7\n-R\n"}},
	{Name: "bad input of restore: a NUL", Setup: aServer, Steps: []string{"ipvsadm-restore\n-A -f 7\n-A -f \x008\n"}},
	{Name: "help and version for everybody", User: 65534, Steps: []string{"-h", "-v", "--version", "--help"}},
}

// unknownTunnelFlags adds tunnels with flags that ipvsadm cannot set.
func unknownTunnelFlags(t *Table) error {
	vip := netip.MustParseAddrPort("10.0.0.1:80")
	for i, kind := range []uint8{1, 2} {
		rip := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, byte(i + 1)}), 80)
		if err := t.AddDest(vip, rip, 2, kind, 7); err != nil {
			return err
		}
	}
	return nil
}
