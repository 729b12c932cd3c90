package lab

import (
	"context"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestKernelPing is on the loopback interface of whatever machine it runs on.
func TestKernelPing(t *testing.T) {
	answer, err := ping(context.Background(), netip.MustParseAddr("127.0.0.1"), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^64 bytes from 127\.0\.0\.1: icmp_seq=1 ttl=64 time=\d+\.\d{3} ms$`)
	if !line.MatchString(answer.String()) {
		t.Errorf("got %q, want a match of %s", answer, line)
	}
}

func TestKernelPingNobody(t *testing.T) {
	// Class E: no route leads there, or no answer comes.
	nobody := netip.MustParseAddr("127.255.255.255")
	start := time.Now()
	answer, err := ping(context.Background(), nobody, 200*time.Millisecond)
	if err == nil || time.Since(start) > time.Second {
		t.Errorf("got %q, %v after %v; want an error after 0.2 s", answer, err, time.Since(start))
	}
}

func TestKernelPingIsGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ping(ctx, netip.MustParseAddr("127.255.255.255"), time.Minute); err == nil || !strings.Contains(err.Error(), "cancel") {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
