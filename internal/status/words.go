package status

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Title names a service as people do: "shop 172.16.0.100".
func (s Service) Title() string { return strings.TrimSpace(s.Called + " " + s.VIP) }

// Age is a number of seconds as people say it: 12s, 2h5m0s, 13d4h.
func Age(seconds float64) string {
	const day = 24 * time.Hour
	age := time.Duration(seconds * float64(time.Second)).Truncate(time.Second)
	if age < day {
		return age.String()
	}
	return fmt.Sprintf("%dd%dh", age/day, age%day/time.Hour)
}

// Count is a number, large ones in thousands: 12.3k.
func Count(n float64) string {
	if n < 999.5 {
		return strconv.FormatFloat(n, 'f', 0, 64)
	}
	units := "kMGTPE"
	for n /= 1000; n >= 999.95 && len(units) > 1; n /= 1000 {
		units = units[1:]
	}
	return strconv.FormatFloat(n, 'f', 1, 64) + units[:1]
}

// Grown is by how much a counter has grown; one that starts anew has not.
func Grown(before, after uint64) float64 {
	if after < before {
		return 0
	}
	return float64(after - before)
}
