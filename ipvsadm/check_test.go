package ipvsadm

import (
	"fmt"
	"strings"
	"testing"
)

// matrix is observed, one pair of command and option at a time: "+" has to be
// there, "." may, "x" may not, and of all "1" there may be one. The columns are
// in the order of optionID.
var matrix = map[action]string{
	addService:    "xx+...xxxxxxxxxxxxxxx...xxxxxxxxxx",
	editService:   "xx+...xxxxxxxxxxxxxxx...xxxxxxxxxx",
	deleteService: "xx+xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	flush:         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	list:          ".11xxxxxxxxx11.......xxxxxxx.xxxxx",
	addServer:     "xx+xxx+....xxxxxxxxxxxxxxxxxx.....",
	deleteServer:  "xx+xxx+xxxxxxxxxxxxxxxxxxxxxxxxxxx",
	editServer:    "xx+xxx+....xxxxxxxxxxxxxxxxxx.....",
	setTimeouts:   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	startDaemon:   "xxxxxxxxxxx.xxxxxxx.xxxx....xxxxxx",
	stopDaemon:    "xxxxxxxxxxxxxxxxxxx.xxxxxxxxxxxxxx",
	restore:       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	save:          ".xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	zero:          "xx.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
}

// cellMessage is what the matrix says about the options of a command.
func cellMessage(a action, have options) string {
	exclusive := ""
	for o := range optCount {
		switch cell := matrix[a][o]; {
		case cell == '+' && !have.has(o):
			return fmt.Sprintf("You need to supply the '%s' option for the '%s' command\n", o, a)
		case cell == 'x' && have.has(o):
			return fmt.Sprintf("Illegal '%s' option with the '%s' command\n", o, a)
		case cell == '1' && have.has(o) && exclusive != "":
			return fmt.Sprintf("The option '%s' conflicts with the '%s' option in the '%s' command\n", o, exclusive, a)
		case cell == '1' && have.has(o):
			exclusive = o.String()
		}
	}
	return ""
}

func TestMatrix(t *testing.T) {
	for a, row := range matrix {
		if len(row) != int(optCount) {
			t.Fatalf("row %v has %d columns, want %d", a, len(row), optCount)
		}
		var required options
		for o := range optCount {
			if row[o] == '+' {
				required |= setOf(o)
			}
		}
		try := func(have options) {
			got := ""
			if f := legal[a].fault(have, 0, a.String(), "command"); f != nil {
				got = f.text
			}
			if want := cellMessage(a, have); got != want {
				t.Errorf("%v with options %b:\n got %q\nwant %q", a, have, got, want)
			}
		}
		try(0)
		try(required)
		for o := range optCount {
			try(setOf(o))
			for p := range optCount {
				try(required | setOf(o, p))
			}
		}
	}
}

const (
	addLine    = "-a -t 10.0.0.1:80 -r 10.0.1.1 "
	tunnelLine = addLine + "-i "
)

// checks are whole command lines and their faults, in the order in which faults
// are looked for.
var checks = []struct{ line, want string }{
	{"-A -t 10.0.0.1", "Zero port specified for non-persistent service"},
	{"-A -t 10.0.0.1:0 -o", "Zero port specified for non-persistent service"},
	{"-A -t 10.0.0.1 -p -o", "One-Packet Scheduling is only for UDP virtual services"},
	{"-A --sctp-service 10.0.0.1:80 -o", "One-Packet Scheduling is only for UDP virtual services"},
	{"-A -t 10.0.0.1 -p", ""},
	{"-A -u 10.0.0.1:53 -o", ""},
	{"-A -f 1 -o", ""},
	{"-E -t 10.0.0.1", "Zero port specified for non-persistent service"},
	{"-D -t 10.0.0.1", ""},
	{"-A -n", "Illegal 'numeric' option with the 'add-service' command"},
	{"-A -w 1", "You need to supply the 'service-address' option for the 'add-service' command"},

	{"-a -t 10.0.0.1:80 -r fd00::9 --tun-type gue", "Different address family is allowed only for tunneling servers"},
	{"-a -t [fd00::1]:80 -r 10.0.1.1 -m", "Different address family is allowed only for tunneling servers"},
	{"-a -f 1 -6 -r 10.0.1.1", "Different address family is allowed only for tunneling servers"},
	{"-a -f 1 -6 -r fd00::9", ""},
	{"-a -t 10.0.0.1:80 -r fd00::9 -i", ""},
	{addLine + "--tun-type ipip", "Tunnel options conflict with forward method"},
	{addLine + "-m --tun-csum", "Tunnel options conflict with forward method"},
	{tunnelLine, ""},
	{tunnelLine + "--tun-type ipip", ""},
	{tunnelLine + "--tun-port 1", "Illegal 'tun-port' option with the 'ipip' tunnel type"},
	{tunnelLine + "--tun-csum", "Illegal 'tun-csum' option with the 'ipip' tunnel type"},
	{tunnelLine + "--tun-nocsum --tun-type ipip", "Illegal 'tun-nocsum' option with the 'ipip' tunnel type"},
	{tunnelLine + "--tun-remcsum", "Illegal 'tun-remcsum' option with the 'ipip' tunnel type"},
	{tunnelLine + "--tun-type gue", "You need to supply the 'tun-port' option for the 'gue' tunnel type"},
	{tunnelLine + "--tun-type gue --tun-csum --tun-remcsum", "You need to supply the 'tun-port' option for the 'gue' tunnel type"},
	{tunnelLine + "--tun-type gue --tun-port 1", ""},
	{tunnelLine + "--tun-type gue --tun-port 1 --tun-remcsum", ""},
	{tunnelLine + "--tun-type gue --tun-port 1 --tun-csum --tun-nocsum", "The option 'tun-csum' conflicts with the 'tun-nocsum' option in the 'gue' tunnel type"},
	{tunnelLine + "--tun-type gue --tun-port 1 --tun-remcsum --tun-csum", "The option 'tun-remcsum' conflicts with the 'tun-csum' option in the 'gue' tunnel type"},
	{tunnelLine + "--tun-type gre", ""},
	{tunnelLine + "--tun-type gre --tun-port 1", "Illegal 'tun-port' option with the 'gre' tunnel type"},
	{tunnelLine + "--tun-type gre --tun-remcsum", "Illegal 'tun-remcsum' option with the 'gre' tunnel type"},
	{tunnelLine + "--tun-type gre --tun-csum", ""},

	{"-L --stats --timeout", "options conflicts in the list command"},
	{"-L -c --rate", "options conflicts in the list command"},
	{"-L --daemon --thresholds", "options conflicts in the list command"},
	{"-L --timeout --persistent-conn", "options conflicts in the list command"},
	{"-L -c --persistent-conn", ""},
	{"-L --stats --rate --thresholds --persistent-conn --tun-info", ""},
	{"-L --timeout --daemon", "The option 'daemon' conflicts with the 'timeout' option in the 'list' command"},
	{"-L -t 10.0.0.1:80 -c", "The option 'service-address' conflicts with the 'connection' option in the 'list' command"},
	{"-L --syncid 3", ""},
	{"-C --sort --sort", ""},
	{"-S -n", ""},
	{"-S -X", "Illegal 'exact' option with the 'save' command"},
	{"-R -n", "Illegal 'numeric' option with the 'restore' command"},
	{"-Z -t 0.0.0.0", ""},
}

func TestCheck(t *testing.T) {
	for _, tt := range checks {
		t.Run(strings.TrimSpace(tt.line), func(t *testing.T) {
			want := (*failure)(nil)
			if tt.want != "" {
				want = fail("%s", tt.want)
			}
			_, got := parseLine(tt.line)
			if d := diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
