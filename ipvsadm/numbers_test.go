package ipvsadm

import (
	"strconv"
	"strings"
	"testing"
)

// atonForms are observed with inet_aton(3) of glibc 2.36 through Python's
// socket.inet_aton; "" is a refusal.
var atonForms = []struct{ text, addr string }{
	{"1.2.3.4", "1.2.3.4"},
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"256.1.1.1", ""},
	{"1.256.1.1", ""},
	{"1.1.1.256", ""},
	{"1.2.3", "1.2.0.3"},
	{"1.2.65535", "1.2.255.255"},
	{"1.2.65536", ""},
	{"1.2", "1.0.0.2"},
	{"1.16777215", "1.255.255.255"},
	{"1.16777216", ""},
	{"1", "0.0.0.1"},
	{"4294967295", "255.255.255.255"},
	{"4294967296", ""},
	{"0", "0.0.0.0"},
	{"00", "0.0.0.0"},
	{"010.1.1.1", "8.1.1.1"},
	{"08.1.1.1", ""},
	{"09", ""},
	{"0377.1", "255.0.0.1"},
	{"0400.1", ""},
	{"0x7f.1", "127.0.0.1"},
	{"0X7F.1", "127.0.0.1"},
	{"0x", ""},
	{"0xg", ""},
	{"0x7f000001", "127.0.0.1"},
	{"0x100000000", ""},
	{"1.0x", ""},
	{"0x1.0x2.0x3.0x4", "1.2.3.4"},
	{"00x1", ""},
	{"1.2.3.4.5", ""},
	{"1.2.3.4.", ""},
	{"1..2", ""},
	{".1", ""},
	{"1.", ""},
	{"", ""},
	{"  1.2.3.4", ""},
	{" 1.2.3.4", ""},
	{"\t1.2.3.4", ""},
	{"1.2.3.4 ", "1.2.3.4"},
	{"1.2.3.4 x", "1.2.3.4"},
	{"1.2.3.4\tx", "1.2.3.4"},
	{"1.2.3.4\nx", "1.2.3.4"},
	{"1.2.3.4\vx", "1.2.3.4"},
	{"1.2.3.4\fx", "1.2.3.4"},
	{"1.2.3.4\rx", "1.2.3.4"},
	{"1 .2.3.4", "0.0.0.1"},
	{"1.2 .3", "1.0.0.2"},
	{"1.2.3.4x", ""},
	{"-1", ""},
	{"+1", ""},
	{"1.-2", ""},
	{"1.+2.3.4", ""},
	{"0x-1", ""},
	{"1e3", ""},
	{"1.2.3.4/8", ""},
	{"a.b.c.d", ""},
	{"0b1", ""},
	{"0o17", ""},
	{"1_0", ""},
	{"\xd9\xa3", ""},
	{" ", ""},
	{"1.2. 3.4", ""},
	{"0x 1", ""},
	{"0x7fg", ""},
	{"00000000000000000001.2.3.4", "1.2.3.4"},
	{"037777777777", "255.255.255.255"},
	{"040000000000", ""},
	{"18446744073709551617", ""},
	{"0xffffffffffffffffff", ""},
	{"1.2.3.4\xc2\x80", ""},
	{"1\xc2\x80", ""},
	{"0 x", "0.0.0.0"},
	{"0x1 ", "0.0.0.1"},
}

func TestInetAton(t *testing.T) {
	for _, tt := range atonForms {
		got := ""
		if addr, ok := inetAton(tt.text); ok {
			got = addr.String()
		}
		if got != tt.addr {
			t.Errorf("inetAton(%q) = %q, want %q", tt.text, got, tt.addr)
		}
	}
}

func TestNumber(t *testing.T) {
	tests := []struct {
		text string
		want string // "" is a refusal
	}{
		{"0", "0"},
		{"5", "5"},
		{" 5", "5"},
		{"\t\n\v\f\r5", "5"},
		{"+5", "5"},
		{" +5", "5"},
		{"-0", "0"},
		{"007", "7"},
		{"08", "8"},
		{"-5", "-5"},
		{"100", "100"},
		{"101", ""},
		{"-101", ""},
		{"", ""},
		{" ", ""},
		{"+", ""},
		{"-", ""},
		{"+-5", ""},
		{"--5", ""},
		{"- 5", ""},
		{"5 ", ""},
		{"5\n", ""},
		{"0x10", ""},
		{"1e3", ""},
		{"1_0", ""},
		{"1.0", ""},
		{"five", ""},
		{"9223372036854775808", ""},
		{"-9223372036854775809", ""},
		{"99999999999999999999", ""},
		{"\u0663", ""},
	}
	for _, tt := range tests {
		got := ""
		if n, ok := number(tt.text, -100, 100); ok {
			got = strconv.FormatInt(n, 10)
		}
		if got != tt.want {
			t.Errorf("number(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestLeadingNumber(t *testing.T) {
	tests := []struct {
		text string
		want uint32
	}{
		{"64", 64},
		{"64x", 64},
		{" 64 ", 64},
		{"+64", 64},
		{"x64", 0},
		{"", 0},
		{"-", 0},
		{"-1", 1<<32 - 1},
		{"0x40", 0},
		{"4294967360", 64},
		{"-4294967232", 64},
		{"99999999999999999999", 1<<32 - 1}, // strtol(3) saturates at 2^63-1
		{"-99999999999999999999", 0},
	}
	for _, tt := range tests {
		if got := leadingNumber(tt.text); got != tt.want {
			t.Errorf("leadingNumber(%q) = %d, want %d", tt.text, got, tt.want)
		}
	}
}

// The limits that a value has, at both ends, as its option reports them.
func TestRanges(t *testing.T) {
	const server = "-a -t 10.0.0.1:80 -r 10.0.1.1 "
	const tunnel = server + "-i --tun-type gue --tun-port "
	const daemon = "--start-daemon master "
	tests := []struct {
		option    string
		low, high int64
		message   string
	}{
		{server + "-w", 0, 2147483647, "illegal weight specified"},
		{server + "-x", 0, 2147483647, "illegal u_threshold specified"},
		{server + "-y", 0, 2147483647, "illegal l_threshold specified"},
		{tunnel, 1, 65535, "illegal tunnel port specified"},
		{"-A -t 10.0.0.1:80 --persistent=", 1, 2678400, "invalid timeout value `X' specified"},
		{"--set 1 1 --", 0, 2678400, "invalid timeout value `X' specified"},
		{"--set -- ", 0, 2678400, "invalid timeout value `X' specified"},
		{"-A -f", 1, 4294967295, "invalid fwmark value `X' specified"},
		{daemon + "--syncid", 0, 255, "illegal syncid specified"},
		{daemon + "--sync-maxlen", 1, 65507, "illegal sync-maxlen specified"},
		{daemon + "--mcast-port", 1, 65535, "illegal mcast-port specified"},
		{daemon + "--mcast-ttl", 1, 255, "illegal mcast-ttl specified"},
		{"-D -t 10.0.0.1:", 0, 65535, "illegal virtual server address[:port] specified"},
		{"-d -t 10.0.0.1:80 -r 10.0.1.1:", 0, 65535, "illegal real server address[:port] specified"},
	}
	for _, tt := range tests {
		for _, n := range []int64{tt.low - 1, tt.low, tt.high, tt.high + 1} {
			value := strconv.FormatInt(n, 10)
			line := tt.option + " " + value
			if c := tt.option[len(tt.option)-1]; c == '=' || c == ':' {
				line = tt.option + value
			}
			if tt.option == "--set -- " {
				line += " 1 1"
			}
			want := ""
			if n < tt.low || n > tt.high {
				want = strings.Replace(tt.message, "X", value, 1) + "\n"
			}
			got := ""
			if _, f := parseLine(line); f != nil {
				got = f.text
			}
			if got != want {
				t.Errorf("%s: message %q, want %q", line, got, want)
			}
		}
	}
}
