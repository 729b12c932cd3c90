package compat

import (
	"fmt"
	"strings"
)

// values tries every numeric option at the edges of its range, and every way
// of writing a number.
func values() []Group {
	var groups []Group
	for _, o := range numericOptions {
		g := Group{Name: "value of " + o.option, Setup: o.setup}
		words := append([]string{}, o.edges...)
		if o.spelled {
			words = append(words, spellings...)
		} else {
			words = append(words, "''", "x", "'5 '", "0x10", "' 5'", "99999999999999999999")
		}
		for _, w := range words {
			g.Steps = append(g.Steps, strings.ReplaceAll(o.line, "%", w))
		}
		groups = append(groups, g)
	}
	return append(groups, textValues, schedulerFlags, netmasks, cutNames())
}

// spellings are ways of writing a number.
var spellings = []string{
	"''", "' '", "5", "' 5'", "'5 '", "'\t5'", "'\v\f\r5'", "+5", "'+ 5'", "-0", "+0", "--5", "+-5", "-5", "007",
	"0x10", "1e3", "5x", "x5", "5.0", "5,0", "+", "٥", "'5\t'",
	"0000000000000000000000000000005", "9223372036854775807", "9223372036854775808", "18446744073709551615",
	"18446744073709551616", "18446744073709551621", "-9223372036854775808", "99999999999999999999",
}

const (
	editServer  = "-e -t 10.0.0.1:80 -r 10.0.1.1"
	editService = "-E -t 10.0.0.1:80"
)

var (
	aService = []string{"-A -t 10.0.0.1:80"}
	aServer  = []string{"-A -t 10.0.0.1:80", "-a -t 10.0.0.1:80 -r 10.0.1.1"}
	aDummy   = []string{"ip link add eth0 type dummy", "ip link set eth0 up", "ip addr add 10.8.0.1/24 dev eth0"}
)

// numericOptions are the options that take a number; in the lines % is its
// place.
var numericOptions = []struct {
	option, line string
	setup, edges []string
	spelled      bool // try all spellings, not just some
}{
	{"weight", editServer + " -w %", aServer, []string{"0", "1", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "-1"}, true},
	{"u-threshold", editServer + " -x %", aServer, []string{"0", "1", "2147483647", "2147483648", "4294967295", "-1"}, false},
	{"l-threshold", editServer + " -x 2147483647 -y %", aServer, []string{"0", "1", "2147483647", "2147483648", "4294967295", "-1"}, false},
	{"persistent", editService + " -p=%", aService, []string{"0", "1", "2678400", "2678401", "-1", "4294967296", "86400000"}, true},
	{"fwmark", "-A -s rr -f %", nil, []string{"0", "1", "2147483647", "2147483648", "4294967295", "4294967296", "-1"}, true},
	{"syncid", "--start-daemon master --syncid %; ipvsadm --stop-daemon master", aDummy, []string{"0", "255", "256", "-1"}, false},
	{"sync-maxlen", "--start-daemon backup --sync-maxlen %; ipvsadm --stop-daemon backup", aDummy, []string{"0", "1", "65507", "65508", "-1"}, false},
	{"mcast-port", "--start-daemon master --mcast-port %; ipvsadm --stop-daemon master", aDummy, []string{"0", "1", "65535", "65536", "http", "-1"}, false},
	{"mcast-ttl", "--start-daemon master --mcast-ttl %; ipvsadm --stop-daemon master", aDummy, []string{"0", "1", "255", "256", "-1"}, false},
	{"tun-port", editServer + " -i --tun-type gue --tun-port %", aServer, []string{"0", "1", "65535", "65536", "http", "-1"}, false},
	{"tun-type", editServer + " -i --tun-type %", aServer, []string{"ipip", "gre", "gue", "GRE", "ipi", "ipipx", "' gre'", "0"}, false},
	{"port", "-A -t 10.0.0.2:%", nil, []string{"0", "1", "65535", "65536", "http", "www", "HTTP", "domain", "nosuch", "-1"}, true},
	{"IPv6 netmask", "-A -t [fd00::1]:80 -p 9 -M %; ipvsadm -Sn; ipvsadm -C", nil, []string{"0", "1", "64", "127", "128", "129", "64x", "-1", "4294967296", "4294967297", "4294967360", "255.255.0.0"}, true},
}

// textValues are the options that take a word.
var textValues = Group{
	Name:  "words",
	Setup: aDummy,
	Steps: []string{
		"-A -t 10.0.0.1:80 -s rr", "-A -t 10.0.0.2:80 -s ''", "-A -t 10.0.0.3:80 -s none", "-A -t 10.0.0.4:80 -s RR",
		"-A -t 10.0.0.5:80 -s ' rr'", "-A -t 10.0.0.6:80 -s abcdefghijklmnopqrst", "-A -t 10.0.0.7:80 -s ../rr",
		"-E -t 10.0.0.1:80 -s wrr", "-E -t 10.0.0.1:80 -s nosuch", "-E -t 10.0.0.1:80", "-E -t 10.0.0.1:80 -s none",
		"-A -u 10.0.0.1:5060 --pe sip", "-A -u 10.0.0.2:5060 --pe sip -p", "-A -u 10.0.0.3:5060 --pe ''",
		"-A -u 10.0.0.4:5060 --pe nosuch", "-A -u 10.0.0.5:5060 --pe abcdefghijklmnopqrst", "-A -t 10.0.0.8:80 --pe sip",
		"-A -u 10.0.0.6:5060 --pe SIP", "-E -u 10.0.0.1:5060", "-E -u 10.0.0.1:5060 --pe sip -p 9", "-E -u 10.0.0.1:5060 --pe nosuch",
		"--start-daemon master --mcast-interface ''", "--stop-daemon master",
		"--start-daemon master --mcast-interface eth0", "--stop-daemon master", "--start-daemon master --mcast-interface nosuch",
		"--start-daemon master --mcast-interface abcdefghijklmnopqrst", "--start-daemon master --mcast-interface lo",
		"--stop-daemon master",
		"-L -n", "-S -n",
	},
}

var schedulerFlags = Group{
	Name:  "scheduler flags",
	Setup: []string{"-A -t 10.0.0.1:80 -s sh", "-A -t 10.0.0.2:80 -s mh", "-A -t 10.0.0.3:80 -s rr"},
	Steps: schedulerFlagSteps(),
}

func schedulerFlagSteps() []string {
	steps := []string{
		"-A -t 10.0.0.4:80 -b sh-port -s sh", "-A -t 10.0.0.5:80 -b sh-port", "-A -t 10.0.0.6:80 -b mh-port -s mh",
		"-D -t 10.0.0.4:80 -b flag-1", "-a -t 10.0.0.4:80 -r 1.1.1.1 -b bogus", "-C -b sh-port", "-L -b flag-1",
		"-E -t 10.0.0.1:80 -b x -s sh",
	}
	for i, s := range []string{"sh", "mh", "rr"} {
		for _, flags := range []string{
			"flag-1", "flag-2", "flag-1,flag-2", "flag-1,,flag-1,", "sh-fallback", "sh-port", "sh-port,sh-fallback",
			"mh-fallback", "mh-port", "mh-fallback,mh-port", "flag-2,mh-port,sh-port", "flag-4", "flag-1 ", "FLAG-1",
			"sh-port,bogus", "bogus,sh-port", "",
			strings.Repeat("flag-1,", 19), strings.Repeat("flag-2,", 18) + "x", strings.Repeat(",", 120) + "flag-1",
		} {
			steps = append(steps, fmt.Sprintf("-E -t 10.0.0.%d:80 -s %s -b '%s'", i+1, s, flags))
		}
	}
	return append(steps,
		"-E -t 10.0.0.3:80 -s rr -b flag-3", "-E -t 10.0.0.3:80 -s wlc -b flag-1,flag-2,flag-3 -p", "-Ln", "-Sn -n", "-S")
}

var netmasks = Group{
	Name:  "netmasks",
	Hosts: defaultHosts + "255.0.0.0 classa\nfd00::2 v6only\n",
	Steps: []string{
		"-A -t 10.0.0.1:80 -p 9 -M 255.255.255.0", "-E -t 10.0.0.1:80 -p 9 -M 255.255.255.255", "-E -t 10.0.0.1:80 -p 9 -M 24",
		"-E -t 10.0.0.1:80 -p 9 -M 0", "-E -t 10.0.0.1:80 -p 9 -M 0xffffff00", "-E -t 10.0.0.1:80 -p 9 -M 255.0.255.0",
		"-E -t 10.0.0.1:80 -p 9 -M 255.255", "-E -t 10.0.0.1:80 -p 9 -M 0377.1", "-E -t 10.0.0.1:80 -p 9 -M classa",
		"-E -t 10.0.0.1:80 -p 9 -M v6only",
		"-E -t 10.0.0.1:80 -p 9 -M nosuch", "-E -t 10.0.0.1:80 -p 9 -M ''", "-E -t 10.0.0.1:80 -p 9 -M 256.0.0.0",
		"-E -t 10.0.0.1:80 -p 9 -M '255.0.0.0 x'",
		"-E -t 10.0.0.1:80 -p 9 -M ffff::", "-E -M 255.0.0.0 -t 10.0.0.1:80 -p 9", "-E -t 10.0.0.1:80 -M 255.255.255.0",
		"-A -t [fd00::1]:80 -p 9 -M 64", "-E -t [fd00::1]:80 -p 9", "-E -M 64 -t [fd00::1]:80 -p 9",
		"-E -M 255.0.0.0 -t [fd00::1]:80 -p 9",
		"-E -M x -t [fd00::1]:80 -p 9", "-E -t [fd00::1]:80 -p 9 -M 0", "-E -t [fd00::1]:80 -p 9 -M ''", "-E -t [fd00::1]:80 -M 64",
		"-A -f 1 -p 9 -M 255.0.0.0", "-A -f 1 -6 -p 9 -M 48", "-E -f 1 -M 255.0.0.0 -6 -p 9", "-E -f 1 -M 48 -6 -p 9",
		"-E -M 0.0.0.1 -f 1 -p 9",
		"-E -f 1 -6 -M 0.0.0.1 -p 9", "-L -n", "-S -n", "-L", "-S",
	},
}

// cutNames has names long enough to be cut in every place.
func cutNames() Group {
	var hosts strings.Builder
	hosts.WriteString(defaultHosts)
	g := Group{Name: "cut names"}
	for i, size := range []int{21, 22, 23, 24, 25, 26, 27, 28, 29, 33, 52, 53, 54, 55, 56, 57, 58, 59, 60, 63} {
		name := strings.Repeat("n", size)
		fmt.Fprintf(&hosts, "10.7.0.%d %s\nfd07::%d %s6\n", i+1, name, i+1, name[1:])
		for _, vip := range []string{fmt.Sprintf("10.7.0.%d:80", i+1), fmt.Sprintf("[fd07::%d]:80", i+1)} {
			g.Setup = append(g.Setup, "-A -t "+vip+" -s rr")
		}
		g.Setup = append(g.Setup, fmt.Sprintf("-a -t 10.7.0.1:80 -r 10.7.0.%d:%d -m", i+1, 80*(i%2)+7))
		g.Setup = append(g.Setup, fmt.Sprintf("-a -t 10.7.0.1:80 -r fd07::%d -i", i+1))
	}
	g.Hosts = hosts.String()
	g.Steps = []string{"-L", "-L --stats", "-L --rate", "-L --thresholds", "-L --persistent-conn", "-L --tun-info", "-Ln", "-L -n --stats"}
	return g
}
