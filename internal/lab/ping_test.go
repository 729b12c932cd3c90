package lab

import (
	"testing"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

func TestAnswers(t *testing.T) {
	message := func(kind ipv4.ICMPType, body icmp.MessageBody) []byte {
		b, err := (&icmp.Message{Type: kind, Body: body}).Marshal(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	request := &icmp.Echo{ID: 0x1234, Seq: 1}
	answer := message(ipv4.ICMPTypeEchoReply, request)
	for _, c := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"the answer", answer, true},
		{"another identifier", message(ipv4.ICMPTypeEchoReply, &icmp.Echo{ID: 0x1235, Seq: 1}), false},
		{"another number", message(ipv4.ICMPTypeEchoReply, &icmp.Echo{ID: 0x1234, Seq: 2}), false},
		{"the request", message(ipv4.ICMPTypeEcho, request), false},
		{"half a message", answer[:5], false},
		{"nothing", nil, false},
	} {
		if got := answers(c.b, request); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}
