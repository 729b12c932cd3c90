package compat

import (
	"errors"
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
	{Name: "gre with remcsum", Setup: []string{"-A -t 10.0.0.1:80 -s rr"}, Prepare: greRemoteChecksum, Steps: []string{"-Sn", "-Ln --tun-info"}},
	{Name: "raw services", Prepare: rawServices, Steps: []string{"-Sn", "ipvsadm-save -n", "-Ln"}},
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

// greRemoteChecksum adds tunnels with the flag that ipvsadm sets for gue only.
func greRemoteChecksum(t *Table) error {
	vip := netip.MustParseAddrPort("10.0.0.1:80")
	const gue, gre, remoteChecksum = 1, 2, 2
	return errors.Join(
		t.AddDest(vip, netip.MustParseAddrPort("10.0.1.1:80"), 2, gue, remoteChecksum),
		t.AddDest(vip, netip.MustParseAddrPort("10.0.1.2:80"), 2, gre, remoteChecksum))
}

// rawServices adds services that ipvsadm refuses to make, and one that it makes.
func rawServices(t *Table) error {
	const persistent, onePacket = 1, 4
	var errs []error
	for _, s := range []struct {
		protocol uint16
		at       string
		flags    uint32
		timeout  uint32
	}{
		{6, "10.0.0.1:80", 0, 0},
		{6, "10.0.0.2:0", 0, 0},
		{17, "10.0.0.2:0", 0, 0},
		{132, "10.0.0.3:80", persistent, 0},
		{6, "10.0.0.4:80", persistent, 2678401},
		{6, "10.0.0.5:80", onePacket, 0},
		{17, "10.0.0.5:80", onePacket, 0},
		{1, "10.0.0.6:80", 0, 0},
	} {
		vip := netip.MustParseAddrPort(s.at)
		errs = append(errs, t.AddService(vip, s.protocol, s.flags, s.timeout))
	}
	return errors.Join(append(errs,
		t.AddDest(netip.MustParseAddrPort("10.0.0.1:80"), netip.MustParseAddrPort("10.0.1.1:80"), 3, 0, 0),
		t.AddDest(netip.MustParseAddrPort("10.0.0.2:0"), netip.MustParseAddrPort("10.0.1.1:0"), 3, 0, 0))...)
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
