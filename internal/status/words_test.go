package status

import "testing"

func TestAge(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0s", 12.9: "12s", 61: "1m1s", 7500: "2h5m0s", 86399: "23h59m59s", 86400: "1d0h", 1137600: "13d4h"} {
		if got := Age(seconds); got != want {
			t.Errorf("Age(%v) = %q, want %q", seconds, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 0.4: "0", 999: "999", 999.7: "1.0k", 1000: "1.0k", 999949: "999.9k", 999950: "1.0M", 12345678: "12.3M", 5e18: "5.0E", 2e21: "2000.0E"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%v) = %q, want %q", n, got, want)
		}
	}
}

func TestGrown(t *testing.T) {
	if Grown(3, 5) != 2 || Grown(5, 3) != 0 {
		t.Errorf("from 3 to 5: %v; set to zero between: %v", Grown(3, 5), Grown(5, 3))
	}
}

func TestTitle(t *testing.T) {
	if got := (Service{Called: "shop", VIP: "172.16.0.100"}).Title(); got != "shop 172.16.0.100" {
		t.Error(got)
	}
	if got := (Service{Called: "fwmark/7"}).Title(); got != "fwmark/7" {
		t.Error(got)
	}
}
