//go:build linux

package compat

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes command lines around a few services and servers, so that
// they meet; most are right, many nearly so. What the [Ledger] lists it avoids.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator {
	return generator{rand.New(rand.NewPCG(seed, 0x1b5))}
}

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

// one tells true once in n.
func (g generator) one(n int) bool { return g.IntN(n) == 0 }

// sequence is n steps for one table.
func (g generator) sequence(n int) []string {
	steps := make([]string, n)
	for i := range steps {
		steps[i] = g.step()
	}
	return steps
}

func (g generator) step() string {
	switch g.IntN(20) {
	case 0:
		return g.restore()
	case 1, 2:
		return g.damage(g.command())
	default:
		return g.command()
	}
}

// command is a command line, with the command first.
func (g generator) command() string {
	switch g.IntN(16) {
	case 0, 1, 2:
		return join(g.pick("-A", "-A", "--add-service"), g.service(), g.serviceOptions())
	case 3:
		return join(g.pick("-E", "--edit-service"), g.service(), g.serviceOptions())
	case 4:
		return join(g.pick("-D", "-Z", "--delete-service"), g.service())
	case 5, 6, 7:
		return join("-a", g.service(), "-r "+g.address(), g.serverOptions())
	case 8:
		return join(g.pick("-e", "--edit-server"), "-r "+g.address(), g.service(), g.serverOptions())
	case 9:
		return join("-d", g.service(), "-r", g.address())
	case 10:
		return g.pick("-C", "-Z", "-S", "-Sn", "-Sn", "", "ipvsadm-save -n", "-S --numeric --sort")
	case 11:
		return g.daemon()
	case 12:
		return join("--set", g.number(2678400), g.number(2678400), g.number(2678400))
	default:
		return g.listing()
	}
}

func join(words ...string) string { return strings.Join(strings.Fields(strings.Join(words, " ")), " ") }

// service names one of a few services, in one of many ways.
func (g generator) service() string {
	switch g.IntN(12) {
	case 0, 1:
		// Marks from 2147483648 up are D7.
		return g.pick("-f ", "--fwmark-service=") + g.pick("1", "2", "7", "2147483647", "01", "+2", "0", "4294967296", "x") + g.pick("", "", " -6")
	case 2:
		return "-6 " + g.pick("-f 1", "-t 10.0.0.1:80")
	default:
		return g.pick("-t ", "-t", "-u ", "-u=", "--sctp-service ", "--tcp-service=") + g.address()
	}
}

func (g generator) address() string {
	if g.one(12) {
		return g.pick("''", "80", "[fd00::1", "1.2.3.4.5:80", "nosuch:80", "10.0.0.1:65536", "::", "fd00::1", "[::1:2]:", "10.0.0.1:80:90", "*:80", "[10.0.0.1]:80", "web9x")
	}
	host := g.pick("10.0.0.1", "10.0.0.1", "10.0.0.2", "200.0.0.1", "[fd00::1]", "[fd00::1]", "[2001::1]", "[::1:2]", "web9", "1.2", "0x0a.1", "localhost", "224.0.0.1", "10.9.9.10", "[::ffff:1.2.3.4]", "127.0.0.1")
	return host + g.pick("", ":80", ":80", ":80", ":http", ":domain", ":0", ":65535", ":53", ":+80", ":", ":x")
}

// number is a number near the ends of its range, or near to being one.
func (g generator) number(limit int) string {
	switch g.IntN(8) {
	case 0:
		return fmt.Sprint(limit)
	case 1:
		return fmt.Sprint(limit + 1)
	case 2:
		return g.pick("0", "1", "' 5'", "+5", "007", "-0")
	case 3:
		return g.pick("''", "x", "'5 '", "0x10", "1e3", "-1", "4294967296", "99999999999999999999")
	default:
		return fmt.Sprint(g.IntN(limit) + 1)
	}
}

// some puts a few of the options together.
func (g generator) some(most int, options ...func() string) string {
	var words []string
	for range g.IntN(most + 1) {
		words = append(words, options[g.IntN(len(options))]())
	}
	return join(words...)
}

func (g generator) serviceOptions() string {
	return g.some(3,
		func() string {
			return g.pick("-s ", "-s", "--scheduler=") + g.pick("rr", "wrr", "lc", "wlc", "sh", "mh", "sed", "nosuch", "''", "none")
		},
		func() string { return g.pick("-p", "-p", "--persistent") },
		func() string { return g.pick("-p", "-p ", "--persistent=") + g.number(2678400) },
		func() string {
			return "-M " + g.pick("255.255.255.0", "255.255.255.255", "24", "64", "128", "129", "0", "x", "0xffff0000", "64x")
		},
		func() string { return g.pick("-o", "--ops") },
		func() string { return "--pe " + g.pick("sip", "nosuch", "''") },
		// flag-3 alone is D8, commas alone are D5.
		func() string {
			return "-b " + g.pick("flag-1", "flag-2", "flag-1,flag-2", "sh-port", "mh-port", "sh-fallback,sh-port", "mh-fallback", "bogus", "flag-1,,", "''")
		},
		func() string { return g.pick("-n", "-w 1", "--sort", "-r 10.0.0.1", "x", "--", "-Q") },
	)
}

// serverOptions lack thresholds that the kernel would take: saving them is Q19.
func (g generator) serverOptions() string {
	return g.some(3,
		func() string {
			return g.pick("-m", "-g", "-i", "-i", "--ipip", "--masquerading", "--gatewaying", "-mg")
		},
		func() string { return g.pick("-w ", "-w", "-w=", "--weight=", "--weight ") + g.number(2147483647) },
		func() string { return "-i --tun-type " + g.pick("ipip", "gre", "gue --tun-port 6080", "gue", "x") },
		func() string { return g.pick("--tun-csum", "--tun-nocsum", "--tun-remcsum") },
		func() string { return "--tun-port " + g.number(65535) },
		func() string { return g.pick("-x 0", "-y 0", "-y 5", "-x x", "-y ''", "-x 2147483648") },
		func() string { return g.pick("-p", "-n", "-s rr", "--sort", "-6", "x") },
	)
}

func (g generator) listing() string {
	return join(g.pick("-L", "-l", "-Ln", "--list", "-L -n", "-LnX"), g.some(2,
		g.service,
		func() string {
			return g.pick("--stats", "--rate", "--thresholds", "--persistent-conn", "--tun-info", "--timeout", "--daemon", "-c")
		},
		func() string { return g.pick("--nosort", "--exact", "-n", "--sort", "--syncid 3", "-w 1", "x", "-o") },
	))
}

func (g generator) daemon() string {
	if g.one(3) {
		return join(g.pick("--stop-daemon", "--stop-daemon="), g.pick("master", "backup", "x"), g.pick("", "--syncid 1", "--mcast-ttl 1"))
	}
	return join("--start-daemon", g.pick("master", "backup", "master", "Backup"), g.some(3,
		func() string { return "--mcast-interface " + g.pick("eth0", "nosuch", "''", "lo") },
		func() string { return "--syncid " + g.number(255) },
		func() string { return "--sync-maxlen " + g.pick("1", "1400", "65507", "65508", "0") },
		func() string { return "--mcast-port " + g.number(65535) },
		func() string { return "--mcast-ttl " + g.number(255) },
		func() string { return "--mcast-group " + g.pick("224.0.0.9", "ff02::9", "10.0.0.1", "fd00::1", "x") },
	))
}

// damage changes a line by a word.
func (g generator) damage(line string) string {
	words := strings.Fields(line)
	if len(words) == 0 {
		return g.pick("x", "-Q", "--")
	}
	i := g.IntN(len(words))
	switch g.IntN(4) {
	case 0:
		words = append(words[:i], words[i+1:]...)
	case 1:
		words = append(words, words[i])
	case 2:
		words[i], words[0] = words[0], words[i]
	default:
		words[i] = g.pick("-", "--", "''", "x", "-6", "-n", "-Q", "--help", words[i]+"x", words[i]+"=", "=")
	}
	line = balanced(strings.Join(words, " "))
	if strings.HasPrefix(line, "ipvsadm") || strings.Contains(line, "-h") {
		return "-L -Q" // the help is our own
	}
	return line
}

// balanced drops quotes that the damage has left alone.
func balanced(line string) string {
	if strings.Count(line, "'")%2 != 0 {
		return strings.ReplaceAll(line, "'", "")
	}
	return line
}

// restore is a -R with a few lines of input. Its listings would be of two
// tables with different hash orders, so that it has none.
func (g generator) restore() string {
	var b strings.Builder
	b.WriteString("-R\n")
	for range g.IntN(4) + 1 {
		line := strings.ReplaceAll(g.command(), "'", "")
		if c, err := ParseLine(line); err != nil || c.Lists() || strings.HasPrefix(line, "ipvsadm") {
			line = g.pick("", "ipvsadm", "# note", "-C", "-Q", "x")
		}
		b.WriteString(g.pick("", "", "ipvsadm ", "\t") + line + g.pick("\n", "\n", "\r\n", " \n"))
	}
	return b.String()
}
