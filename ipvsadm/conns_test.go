package ipvsadm

import (
	"bytes"
	"strings"
	"testing"
)

const (
	connHeader = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
	connTitles = "IPVS connection entries\n" +
		"pro expire state       source             virtual            destination\n"
	connTitlesEngine = "IPVS connection entries\n" +
		"pro expire state       source             virtual            destination        pe name          pe_data\n"

	tcpLine  = "TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED     896\n"
	sipLine  = "UDP 0A010002 0000 0A010064 13C4 0A030002 13C4 ASSURED         296 sip callid-123456@host\n"
	ipv6Line = "TCP fd01:0000:0000:0000:0000:0000:0000:0002 0000 fd01:0000:0000:0000:0000:0000:0000:0100 0050 " +
		"fd03:0000:0000:0000:0000:0000:0000:0002 1F90 ASSURED         296\n"
	mixedLine = "SCTP 0A010002 01BB 0A010064 0B59 fd03:0000:0000:0000:0000:0000:0000:0002 0B59 SHUTDOWN_RECEIVED 6000\n"
)

func TestConnections(t *testing.T) {
	names := bookOfNames{
		reverse: map[string]string{
			"10.1.0.2": "client.example.com", "10.1.0.100": "vip.example.com", "10.3.0.2": "rs1", "fd03::2": "six",
		},
		services: knownNames.services,
	}
	longID := strings.Repeat("0123456789", 50)
	longLine := strings.TrimSuffix(sipLine, "callid-123456@host\n") + longID + "\n"
	const tcp = "TCP 14:56  ESTABLISHED 10.1.0.2:443       10.1.0.100:80      10.3.0.2:8080\n"
	tests := []struct {
		name    string
		text    string
		name4   namer
		engines bool
		want    string
		bad     bool
	}{
		{"no file content", "", numeric, false, "", true},
		{"header alone", connHeader, numeric, false, connTitles, false},
		{"the header is not looked at", "anything\n", numeric, false, connTitles, false},
		{"header alone, engines", connHeader, numeric, true, connTitlesEngine, false},
		{"tcp", connHeader + tcpLine, numeric, false, connTitles + tcp, false},
		{"tcp, engines", connHeader + tcpLine, numeric, true, connTitlesEngine + tcp, false},
		{"named", connHeader + tcpLine, named(names), false,
			connTitles + "TCP 14:56  ESTABLISHED client.example.com:https vip.example.com:http rs1:http-alt\n", false},
		{"sip", connHeader + sipLine, numeric, false,
			connTitles + "UDP 04:56  ASSURED     10.1.0.2:0         10.1.0.100:5060    10.3.0.2:5060\n", false},
		{"sip, engines", connHeader + sipLine, numeric, true,
			connTitlesEngine + "UDP 04:56  ASSURED     10.1.0.2:0         10.1.0.100:5060    10.3.0.2:5060    sip                callid-123456@host\n", false},
		{"a long line is whole", connHeader + longLine + tcpLine, numeric, true,
			connTitlesEngine + "UDP 04:56  ASSURED     10.1.0.2:0         10.1.0.100:5060    10.3.0.2:5060    sip                " +
				longID + "\n" + tcp, false},
		{"IPv6", connHeader + ipv6Line, numeric, false,
			connTitles + "TCP 04:56  ASSURED     [fd01::2]:0        [fd01::100]:80     [fd03::2]:8080\n", false},
		{"IPv6 destination, long state, long expiry", connHeader + mixedLine, numeric, false,
			connTitles + "SCTP 100:00 SHUTDOWN_RECEIVED 10.1.0.2:443       10.1.0.100:2905    [fd03::2]:2905\n", false},
		{"IPv6 destination by name", connHeader + mixedLine, named(names), false,
			connTitles + "SCTP 100:00 SHUTDOWN_RECEIVED client.example.com:443 vip.example.com:m3ua [six]:m3ua\n", false},
		{"other protocols have no port names", connHeader + strings.Replace(tcpLine, "TCP", "47 ", 1), named(names), false,
			connTitles + "47  14:56  ESTABLISHED client.example.com:443 vip.example.com:80 rs1:8080\n", false},
		{"an engine without data", connHeader + strings.Replace(sipLine, " callid-123456@host", "", 1), numeric, true,
			connTitlesEngine + "UDP 04:56  ASSURED     10.1.0.2:0         10.1.0.100:5060    10.3.0.2:5060\n", false},
		{"data with blanks of other alphabets", connHeader + strings.Replace(sipLine, "-", "\u00a0\u2003\xa0", 1), numeric, true,
			connTitlesEngine + "UDP 04:56  ASSURED     10.1.0.2:0         10.1.0.100:5060    10.3.0.2:5060    sip                callid\u00a0\u2003\xa0123456@host\n", false},
		{"blank lines", connHeader + "\n  \t\n" + tcpLine + "\n", numeric, false, connTitles + tcp, false},
		{"last line without newline", connHeader + strings.TrimSuffix(tcpLine, "\n"), numeric, false, connTitles + tcp, false},
		{"kernel order", connHeader + ipv6Line + tcpLine + ipv6Line, numeric, false, connTitles +
			"TCP 04:56  ASSURED     [fd01::2]:0        [fd01::100]:80     [fd03::2]:8080\n" + tcp +
			"TCP 04:56  ASSURED     [fd01::2]:0        [fd01::100]:80     [fd03::2]:8080\n", false},
		{"a line that is none", connHeader + tcpLine + "TCP 0A010002\n" + tcpLine, numeric, false, connTitles + tcp, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			ok := writeConnections(&b, strings.NewReader(tt.text), shortened(tt.name4), tt.engines)
			if ok == tt.bad {
				t.Errorf("understood is %v", ok)
			}
			if d := diff(tt.want, b.String()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestConnectionExpiry: the original keeps 32 bits, as observed.
func TestConnectionExpiry(t *testing.T) {
	for seconds, want := range map[string]string{
		"0": "00:00", "59": "00:59", "6000": "100:00",
		"4294967296": "00:00", "73786976294838206": "13171233:02", "-1": "71582788:15",
	} {
		var b strings.Builder
		line := "TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 NONE " + seconds
		if !writeConnections(&b, strings.NewReader(connHeader+line), numeric, false) {
			t.Fatalf("%s is not understood", seconds)
		}
		if got := strings.Fields(strings.TrimPrefix(b.String(), connTitles))[1]; got != want {
			t.Errorf("%s seconds are %s, want %s", seconds, got, want)
		}
	}
}
