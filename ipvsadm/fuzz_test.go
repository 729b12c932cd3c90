package ipvsadm

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"testing"

	"lvsdr/internal/ipvs"
)

// lines are command lines of all kinds.
func lines() []string {
	lines := []string{
		"", "x", "--lis", "-n -L", "-L -Q", "-LnQ", "-L --start-daemon master", "-L -n=1", "-L -- -n", "-L -6",
		"--start-daemon", "--stop-daemon x", "--set 1 2", "--set 1 2 x 4", "--set -1 2 3", "7 --set 8 -- 0",
		"-At10.0.0.1:80 -s=rr", "-A -t 10.0.0.2 -p -5", "-A -t 10.0.0.2 -p -", "-A -t [10.0.0.3]:80",
		"-A -t 1.2:+080", "-A -t fd00::1:80", "-A -t [fd00::1]:http -s rr -p 10 -M 64x",
		"-A -M 255.255.0.0 -t [::1:2]:80 -s rr -p 10", "-A -t 10.0.0.4:80 -s rr -p 10 -M 24",
		"-A -u 10.0.0.1:domain -b sh-port -s sh -o", "-A -u 10.0.0.1:5060 -s rr --pe sip",
		"-A -t 10.0.0.5:80 -s mh -b flag-3,mh-port", "-A -f 4294967295 -s rr", "-A -f 7 -M 255.255.255.0 -6 -s rr -p 10",
		"-A -t [::ffff:1.2.3.4]:80 -p1", "-A --sctp-service vip:m3ua -s a\u00a0scheduler",
		"-a -r 10.0.1.2 -m -t 10.0.0.1:80", "-a -t 10.0.0.1:80 -r [fd00::9]:81 -i --tun-type gue --tun-port 6080 --tun-csum",
		"-a -t 10.0.0.1:80 -r 10.0.1.4 -w 2147483647 -x 9 -y 8", "-a -f 1 -6 -r ::1.2.3.4 -g -w0",
		"--start-daemon backup --mcast-group ff02::5 --mcast-port 1 --mcast-ttl 2 --sync-maxlen 3 --syncid 4 --mcast-interface lo",
	}
	for _, c := range checks {
		lines = append(lines, c.line)
	}
	for _, c := range changes {
		lines = append(lines, c.line)
	}
	return lines
}

// checkRoundTrip writes a command as -S does and reads it as -R does: the same
// service and destination have to come back.
func checkRoundTrip(t *testing.T, c Command) {
	var text []byte
	switch c.action {
	case addService:
		if c.service.Flags&ipvs.Persistent == 0 {
			// What the kernel does not use is not saved.
			c.service.Netmask = ipvs.SingleIPv4
			if c.service.Family == ipvs.INET6 {
				c.service.Netmask = ipvs.SingleIPv6
			}
		}
		text = serviceRule(&c.service, numeric)
	case addServer:
		text = destinationRule(&c.service, &c.dest, numeric)
	default:
		return
	}
	for _, name := range []string{c.service.Scheduler, c.service.PE} {
		if strings.ContainsAny(name, " \t\r\n\x00") || name == "ipvsadm" {
			return // no name that a kernel has, nor one that a rule can hold
		}
	}
	again, f := Parse("ipvsadm", ruleWords(string(text), nil), bookOfNames{}, false)
	if f != nil {
		t.Fatalf("own rule %q: %s", text, f.text)
	}
	if d := diff(Command{service: c.service, dest: c.dest}, Command{service: again.service, dest: again.dest}); d != "" {
		t.Errorf("own rule %q (-given +read):\n%s", text, d)
	}
}

// FuzzParse parses the words of a text, one a line.
func FuzzParse(f *testing.F) {
	for _, line := range lines() {
		f.Add(strings.ReplaceAll(line, " ", "\n"))
	}
	f.Add("-A\n-t\n10.0.0.1 x:80\n-s\n\n-p\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, failed := Parse("ipvsadm", strings.Split(text, "\n"), knownNames, false)
		if failed == nil {
			checkRoundTrip(t, c)
			return
		}
		if !strings.HasSuffix(failed.text, "\n") || failed.status != 2 && failed.status != 255 {
			t.Errorf("message %q, status %d", failed.text, failed.status)
		}
	})
}

// FuzzRules parses a text of rules. What ipvsadm-restore finds acceptable, -R
// carries out to the end.
func FuzzRules(f *testing.F) {
	for _, tt := range restores {
		f.Add(tt.input)
	}
	f.Add(strings.Join(lines(), "\n"))
	f.Add("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.1.1:80 -g -w 1\r\n# no comment\n\tipvsadm -C")
	f.Fuzz(func(t *testing.T, text string) {
		acceptable := true
		r := newRig(t, &fakeKernel{}, "")
		for line := range strings.Lines(text) {
			words := ruleWords(line, nil)
			if again := ruleWords(strings.Join(words, " "), nil); len(again) == len(words) {
				if d := diff(words, again); d != "" && len(words) > 0 {
					t.Errorf("words (-first +again):\n%s", d)
				}
			}
			if c, failed := r.parse(words); failed == nil && len(words) > 0 {
				checkRoundTrip(t, c)
			}
			if !strings.HasPrefix(line, "#") && r.checkRule(line) != nil {
				acceptable = false
			}
		}
		k := &fakeKernel{}
		r = newRig(t, k, "")
		r.connections = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(connHeader)), nil }
		got := r.outcome(r.replace(strings.NewReader(text)))
		switch {
		case acceptable && (got.Status != 0 || got.Stderr != "" || methods(k) == ""):
			t.Errorf("acceptable rules: status %d, %q", got.Status, got.Stderr)
		case !acceptable && len(k.calls) > 0:
			t.Errorf("bad rules: %q", k.calls)
		}
	})
}

// FuzzConnections lists a file of connections: one line for every line.
func FuzzConnections(f *testing.F) {
	f.Add(connHeader + tcpLine + sipLine)
	f.Add(connHeader + ipv6Line + "\n" + mixedLine)
	f.Add(connHeader + strings.TrimSuffix(sipLine, "\n") + strings.Repeat("x", 300) + " more fields\n")
	f.Add(connHeader + "TCP 0A010002 01BB\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		for _, engines := range []bool{false, true} {
			var b bytes.Buffer
			ok := writeConnections(&b, strings.NewReader(text), shortened(numeric), engines)
			want := 1
			_, body, _ := strings.Cut(text, "\n")
			for line := range strings.Lines(body) {
				if white.trimLeft(line) != "" {
					want++
				}
			}
			if ok && strings.Count(b.String(), "\n") != want+1 {
				t.Errorf("%d lines, want %d:\n%s", strings.Count(b.String(), "\n"), want+1, b.String())
			}
			if s := b.String(); s != "" && !strings.HasPrefix(s, "IPVS connection entries\npro ") {
				t.Errorf("no titles: %q", s)
			}
		}
	})
}

// FuzzSort compares the sort, which works in place, with the textbook's.
func FuzzSort(f *testing.F) {
	f.Add([]byte{223, 0, 0, 1, 172, 16, 0, 1, 200, 0, 0, 1, 100, 0, 0, 1, 10, 0, 0, 1})
	f.Add([]byte{128, 0, 0, 1, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var list []ipvs.DestinationEntry
		for i := 0; len(b) >= 4; i++ {
			d := ipvs.DestinationEntry{Destination: ipvs.Destination{Family: ipvs.INET}}
			d.Addr = netip.AddrFrom4([4]byte(b[:4]))
			d.Port = binary.BigEndian.Uint16(b) & 1
			d.Weight = uint32(i)
			list, b = append(list, d), b[4:]
		}
		want := textbookSort(list)
		by := sorter[ipvs.DestinationEntry]{compare: compareDestinations}
		var got []ipvs.DestinationEntry
		for _, d := range by.sort(list) {
			got = append(got, *d)
		}
		if d := diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func textbookSort(list []ipvs.DestinationEntry) []ipvs.DestinationEntry {
	if len(list) < 2 {
		return append([]ipvs.DestinationEntry(nil), list...)
	}
	half := len(list) / 2
	left, right := textbookSort(list[:half]), textbookSort(list[half:])
	var sorted []ipvs.DestinationEntry
	for len(left) > 0 && len(right) > 0 {
		from := &left
		if compareDestinations(&left[0], &right[0]) > 0 {
			from = &right
		}
		sorted = append(sorted, (*from)[0])
		*from = (*from)[1:]
	}
	return append(append(sorted, left...), right...)
}
