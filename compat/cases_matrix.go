package compat

import (
	"fmt"
	"strings"
)

// matrix pairs every command with every option. The addresses of a line hold
// its place in the matrix, so that the lines do not stand in each other's way.
func matrix() []Group {
	var groups []Group
	for _, c := range matrixCommands {
		g := Group{Name: "matrix " + c.name, Setup: c.setup}
		for i, o := range matrixOptions {
			line := c.line + " " + o
			if strings.HasPrefix(o, "-f") || strings.HasPrefix(o, "-r") && strings.HasPrefix(c.line, "-a") {
				line = c.bare + " " + o
			}
			g.Steps = append(g.Steps, strings.ReplaceAll(strings.TrimSpace(line), "%", fmt.Sprint(i)))
		}
		g.Steps = append(g.Steps, c.more...)
		groups = append(groups, g)
	}
	return append(groups, tunnels, exclusive)
}

// matrixOptions has one line for each option, in the order they are checked.
var matrixOptions = []string{
	"-n", "-c", "-f 7", "-s wrr", "-p", "-M 255.255.0.0", "-r 10.9.0.1", "-m", "-w 3", "-x 9", "-y 0",
	"--mcast-interface eth0", "--timeout", "--daemon", "--stats", "--rate", "--thresholds",
	"--persistent-conn", "--nosort", "--syncid 3", "-X", "-o", "--pe sip", "-b flag-1",
	"--mcast-group 224.0.0.9", "--mcast-port 9000", "--mcast-ttl 9", "--sync-maxlen 1400",
	"--tun-info", "--tun-type gre", "--tun-port 99", "--tun-nocsum", "--tun-csum", "--tun-remcsum",
	"--sort", "-f 8 -6",
}

// matrixCommands are the commands with what they need: bare lacks the service
// (and the server).
var matrixCommands = []struct {
	name, line, bare string
	setup, more      []string
}{
	{name: "add-service", line: "-A -u 10.1.0.%:80", bare: "-A"},
	{
		name: "edit-service", line: "-E -u 10.1.0.1:80", bare: "-E",
		setup: []string{"-A -u 10.1.0.1:80", "-A -f 7"},
	},
	{
		name: "delete-service", line: "-D -t 10.1.0.1:80", bare: "-D",
		setup: []string{"-A -t 10.1.0.1:80", "-A -f 7"},
	},
	{name: "flush", line: "-C", bare: "-C", setup: []string{"-A -t 10.1.0.1:80"}, more: []string{"-C", "-C -t 10.0.0.1:80"}},
	{
		name: "list", line: "-L", bare: "-L",
		setup: []string{"-A -t 10.1.0.1:80", "-A -f 7", "-a -f 7 -r 10.9.0.1 -x 9 -w 4"},
		more:  []string{"-L -t 10.1.0.1:80", "-L -f 8 -6"},
	},
	{
		name: "add-server", line: "-a -t 10.1.0.1:80 -r 10.2.0.%", bare: "-a -t 10.1.0.1:80",
		setup: []string{"-A -t 10.1.0.1:80", "-A -f 7"},
		more:  []string{"-a -f 7 -r 10.3.0.1", "-a -f 7 -r 10.3.0.2 -m", "-a -f 7 -r 10.3.0.3:99 -i"},
	},
	{
		name: "delete-server", line: "-d -t 10.1.0.1:80 -r 10.2.0.1", bare: "-d -t 10.1.0.1:80",
		setup: []string{"-A -t 10.1.0.1:80", "-a -t 10.1.0.1:80 -r 10.2.0.1"},
	},
	{
		name: "edit-server", line: "-e -t 10.1.0.1:80 -r 10.2.0.1", bare: "-e -t 10.1.0.1:80",
		setup: []string{"-A -t 10.1.0.1:80", "-a -t 10.1.0.1:80 -r 10.2.0.1"},
	},
	{name: "set", line: "--set 1 2 3", bare: "--set 1 2 3", more: []string{"--set 1 2 3 -t 10.0.0.1:80"}},
	{
		name: "start-daemon", line: "--start-daemon master", bare: "--start-daemon master",
		more: []string{"--start-daemon master -t 10.0.0.1:80"},
	},
	{
		name: "stop-daemon", line: "--stop-daemon master", bare: "--stop-daemon master",
		more: []string{"--stop-daemon master -t 10.0.0.1:80"},
	},
	{name: "restore", line: "-R", bare: "-R", more: []string{"-R -t 10.0.0.1:80"}},
	{name: "save", line: "-S", bare: "-S", setup: []string{"-A -f 7"}, more: []string{"-S -t 10.0.0.1:80"}},
	{name: "zero", line: "-Z", bare: "-Z", setup: []string{"-A -f 7"}, more: []string{"-Z -t 10.0.0.1:80"}},
}

// tunnels pairs every tunnel type with every tunnel option.
var tunnels = Group{
	Name:  "matrix tunnel types",
	Setup: []string{"-A -t 10.1.0.1:80", "-A -t [fd00::1]:80", "-A -f 9"},
	Steps: tunnelSteps(),
}

func tunnelSteps() []string {
	var steps []string
	n := 0
	for _, kind := range []string{"", " --tun-type ipip", " --tun-type gue", " --tun-type gue --tun-port 6080", " --tun-type gre"} {
		for _, option := range []string{
			"", " --tun-port 9", " --tun-nocsum", " --tun-csum", " --tun-remcsum", " --tun-nocsum --tun-csum",
			" --tun-csum --tun-remcsum", " --tun-remcsum --tun-nocsum",
		} {
			n++
			steps = append(steps, fmt.Sprintf("-a -t 10.1.0.1:80 -r 10.2.0.%d -i%s%s", n, kind, option))
		}
	}
	return append(steps,
		"-a -t 10.1.0.1:80 -r 10.3.0.1 -m --tun-type ipip", "-a -t 10.1.0.1:80 -r 10.3.0.1 -g --tun-port 9",
		"-a -t 10.1.0.1:80 -r 10.3.0.1 --tun-remcsum", "-e -t 10.1.0.1:80 -r 10.2.0.1 -i --tun-type gre --tun-csum",
		"-e -t 10.1.0.1:80 -r 10.2.0.1 -i", "-e -t 10.1.0.1:80 -r 10.2.0.1 --tun-csum",
		"-a -t [fd00::1]:80 -r 10.3.0.1", "-a -t [fd00::1]:80 -r 10.3.0.1 -i", "-a -t 10.1.0.1:80 -r fd00::2 -m",
		"-a -t 10.1.0.1:80 -r fd00::2 -i", "-a -t 10.1.0.1:80 -r fd00::2 -i --tun-type gre", "-a -f 9 -r fd00::2 -i",
		"-a -f 9 -r fd00::2", "-d -t 10.1.0.1:80 -r fd00::2", "-d -t 10.1.0.1:80 -r fd00::2 -i", "-L -n --tun-info", "-Sn",
	)
}

// exclusive pairs the options of which list takes only one.
var exclusive = Group{
	Name:  "matrix list pairs",
	Setup: []string{"-A -t 10.1.0.1:80", "-a -t 10.1.0.1:80 -r 10.2.0.1 -x 7"},
	Steps: exclusiveSteps(),
}

func exclusiveSteps() []string {
	var steps []string
	options := []string{
		"-c", "-t 10.1.0.1:80", "--timeout", "--daemon", "--stats", "--rate", "--thresholds",
		"--persistent-conn", "--tun-info",
	}
	for i, a := range options {
		for _, b := range options[i+1:] {
			steps = append(steps, "-L -n "+b+" "+a)
		}
	}
	return append(steps, "-L --stats --rate --thresholds --persistent-conn --tun-info -nX", "-L --timeout -n --nosort -X --syncid 9 --tun-info")
}
