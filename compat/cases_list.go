package compat

import (
	"fmt"
	"net/netip"
	"strings"
)

var mixedTable = []string{
	"-A -t 10.0.0.1:80 -s wrr", "-a -t 10.0.0.1:80 -r 10.0.1.1 -w 5", "-a -t 10.0.0.1:80 -r 10.0.1.2:8080 -m",
	"-a -t 10.0.0.1:80 -r fd00::9 -i", "-a -t 10.0.0.1:80 -r 10.9.9.9 -i --tun-type gue --tun-port 65535 --tun-remcsum",
	"-a -t 10.0.0.1:80 -r 10.9.9.10 -i --tun-type gre --tun-csum", "-a -t 10.0.0.1:80 -r fd00::8 -i --tun-type gre -w 2147483647",
	"-A -u 10.9.9.10:53 -s rr", "-a -u 10.9.9.10:53 -r 10.9.9.10 -w 0", "-A -u [fd00::9]:53 -s sh -p 9",
	"-a -u [fd00::9]:53 -r fd00:1234:5678:9abc:def0:1234:5678:9abc",
	"-A --sctp-service 10.9.9.9:80", "-a --sctp-service 10.9.9.9:80 -r 10.9.9.9 -m",
	"-A -f 5 -p -s sh -b sh-port", "-a -f 5 -r 10.9.9.9:80", "-a -f 5 -r 10.9.9.10 -i --tun-type gue --tun-port 1 --tun-csum",
	"-A -f 2147483647 -6", "-a -f 2147483647 -6 -r [fd00::9]:80 -m",
}

var thresholds = []string{
	"-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 10.0.1.1 -x 9", "-a -t 10.0.0.1:80 -r 10.0.1.2 -x 2147483647 -y 2147483646",
	"-a -t 10.0.0.1:80 -r 10.0.1.3 -i --tun-type gre -x 1 -y 1", "-A -f 5", "-a -f 5 -r 10.0.1.1",
}

var layouts = []string{"", "--stats", "--rate", "--thresholds", "--persistent-conn", "--tun-info"}

var listings = []Group{
	{Name: "layouts of a table", Unordered: true, Setup: mixedTable, Steps: layoutSteps()},
	{Name: "layouts of an empty table", Steps: emptySteps()},
	{Name: "one service", Setup: mixedTable, Steps: oneServiceSteps()},
	{Name: "thresholds", Setup: thresholds, Steps: []string{"-L", "-Ln --thresholds", "-L --thresholds -f 5"}},
	{Name: "timeouts", Setup: []string{"--set 1 22 2678400"}, Steps: []string{"-L --timeout", "-l --timeout -n", "-L --timeout --nosort --exact"}},
	{Name: "write errors", Setup: mixedTable, Steps: []string{
		"ipvsadm -L >/dev/full", "ipvsadm -L --timeout >/dev/full", "ipvsadm -L >&-", "ipvsadm -L 2>&-",
		"ipvsadm -v >/dev/full", "ipvsadm -L -t 1.1.1.1:80 2>/dev/full", "ipvsadm -L <&-", "ipvsadm -L -Q 2>&-",
		"ipvsadm -L >&- 2>&- <&-",
	}},
	{Name: "raw destinations", Setup: []string{"-A -t 10.0.0.1:80 -s rr"}, Prepare: rawDestinations, Steps: []string{
		"-Ln", "-Sn", "-Ln --thresholds", "-Ln --tun-info", "-L --stats",
	}},
}

// layoutSteps are all layouts of the whole table with all that changes names,
// numbers and order.
func layoutSteps() []string {
	var steps []string
	for _, l := range layouts {
		for _, m := range []string{"", " -n", " -n --exact", " --nosort", " --numeric --nosort", " -nX --sort"} {
			steps = append(steps, strings.TrimSpace("-L "+l+m))
		}
	}
	return append(steps, "-S", "-Sn", "-S --numeric", "ipvsadm-save", "ipvsadm-save -n", "-l", "--list --stats -n", "-nL", "-ln --tun-info", "")
}

func emptySteps() []string {
	var steps []string
	for _, l := range layouts {
		steps = append(steps, strings.TrimSpace("-L "+l))
	}
	return append(steps, "-S", "-Sn", "-L --daemon", "-L --timeout", "-L -c", "-L -t 1.1.1.1:80", "-L -n --nosort")
}

func oneServiceSteps() []string {
	var steps []string
	for _, id := range []string{"-t 10.0.0.1:80", "-u 10.9.9.10:domain", "-u [fd00::9]:53", "--sctp-service web9:80", "-f 5", "-f 2147483647 -6"} {
		for i, l := range layouts {
			modifiers := []string{"", "-n", "--nosort"}
			steps = append(steps, strings.Join(strings.Fields("-L "+l+" "+id+" "+modifiers[i%3]), " "))
		}
	}
	return append(steps,
		"-L -t 10.0.0.1:81", "-L -t 10.0.0.1", "-L -f 6", "-L -f 5 -6", "-L -u 10.0.0.1:80", "-L -t [fd00::9]:53",
		"-L -t 10.0.0.2:80 --stats", "-Ln -t 10.0.0.1:80 --daemon",
		"-L -t bad", "-L -t web9:nosuch", "-L --sctp-service web9:81 --rate", "-L -f 4294967295", "-L -t 0.0.0.0:0", "-L -t 10.0.0.1:80 -c")
}

// rawDestinations adds what ipvsadm has no words for: other forwarding methods
// and tunnel types that it does not know.
func rawDestinations(t *Table) error {
	vip := netip.MustParseAddrPort("10.0.0.1:80")
	for i, d := range []struct {
		method  uint32
		tunType uint8
	}{{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {7, 0}, {8, 0}, {0x102, 0}} {
		rip := netip.MustParseAddrPort(fmt.Sprintf("10.0.1.%d:80", i+1))
		if err := t.AddDest(vip, rip, d.method, d.tunType, 0); err != nil {
			return fmt.Errorf("method %d: %w", d.method, err)
		}
	}
	return nil
}

// sorting has the tables whose order shows the original's comparison, which
// wraps around, and its merge sort.
var sorting = append([]Group{
	{Name: "sorted services", Unordered: true, Setup: serviceSet(), Steps: []string{"-Ln", "-Ln --nosort", "-L --stats", "-L --sort -n"}},
}, sortedDestinations()...)

func serviceSet() []string {
	var lines []string
	for _, id := range []string{
		"-t 10.0.0.1:80", "-t 10.0.0.1:81", "-t 200.0.0.1:80", "-t 128.0.0.1:80", "-t 0.0.0.1:80",
		"-t 127.255.255.255:80", "-t 255.255.255.255:65535", "-u 1.1.1.1:1", "-u 9.9.9.9:65535",
		"--sctp-service 1.1.1.1:1",
		"-f 1", "-f 2147483647", "-f 2147483648", "-f 4294967295", "-f 1 -6", "-f 2147483648 -6", "-t [fd00::1]:80",
		"-t [2001::1]:80", "-t [::1]:80", "-t [fd00:0:0:1::]:80", "-u [8000::]:1", "-t [7fff:ffff::]:1",
	} {
		lines = append(lines, "-A "+id+" -s rr")
	}
	return lines
}

func sortedDestinations() []Group {
	var groups []Group
	for i, addresses := range []string{
		"10.0.0.1 100.0.0.1 200.0.0.1 172.16.0.1 223.0.0.1", "200.0.0.1 100.0.0.1 10.0.0.1",
		"10.0.0.1 100.0.0.1 200.0.0.1", "10.0.0.1 200.0.0.1 100.0.0.1",
		"172.16.0.1 10.0.0.1 223.0.0.1 100.0.0.1 200.0.0.1",
		"0.0.0.1 128.0.0.1", "0.0.0.1 128.0.0.0", "128.0.0.1 0.0.0.1", "128.0.0.0 0.0.0.1",
		"20.0.0.1 2001::1 200.0.0.1 fd00::2 10.0.0.1 fd00::1", "fd00::1 2001::1 ::2 fd00:0:0:1:: 7fff:: 1::",
		"2001::1 20.1.0.0 32.1.0.0 32.1.0.1",
		"9.0.0.1 73.0.0.1 137.0.0.1 201.0.0.1 41.0.0.1 105.0.0.1 169.0.0.1 221.0.0.1 5.0.0.1 68.0.0.1 132.0.0.1 196.0.0.1 36.0.0.1",
		"1.0.0.1 1.0.0.1:81 129.0.0.1 1.0.0.1:65535 129.0.0.1:1 65.0.0.1",
	} {
		g := Group{Name: fmt.Sprintf("sorted destinations %d", i+1), Setup: []string{"-A -f 1 -s rr"}, Steps: []string{"-Ln", "-Sn", "-Ln --nosort -f 1", "-Ln -f 1 --stats"}}
		for a := range strings.FieldsSeq(addresses) {
			g.Setup = append(g.Setup, "-a -f 1 -i -r "+a)
		}
		groups = append(groups, g)
	}
	return groups
}
