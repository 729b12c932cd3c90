package lab

import (
	"encoding/hex"
	"strings"
	"testing"
)

const (
	echoHead   = "4500001c 00004000 4001 0000 0a000007 0a000008"
	echoAnswer = "0000 edcb 1234 0001"
)

func TestEchoRequest(t *testing.T) {
	// The checksum of RFC 792 by hand: the data are zeros.
	want := "0800e5ca12340001" + strings.Repeat("00", echoData)
	if got := hex.EncodeToString(echoRequest(0x1234)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEchoReply(t *testing.T) {
	request := echoRequest(0x1234)
	for _, c := range []struct {
		name, packet string
		want         bool
	}{
		{"the answer", echoHead + echoAnswer, true},
		{"an IP header with options", "46" + echoHead[2:] + "01010100" + echoAnswer, true},
		{"another identifier", echoHead + strings.Replace(echoAnswer, "1234", "1235", 1), false},
		{"another number", echoHead + strings.Replace(echoAnswer, "0001", "0002", 1), false},
		{"the request", echoHead + "08" + echoAnswer[2:], false},
		{"no message", echoHead, false},
		{"half a message", echoHead + echoAnswer[:9], false},
		{"half a header", echoHead[:20], false},
		{"a header longer than the packet", "4f" + echoHead[2:] + echoAnswer, false},
		{"nothing", "", false},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.packet, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		size, ttl, ok := echoReply(b, request)
		if ok != c.want || ok && (size != 8 || ttl != 64) {
			t.Errorf("%s: got %d bytes, TTL %d, %v; want %v", c.name, size, ttl, ok, c.want)
		}
	}
}
