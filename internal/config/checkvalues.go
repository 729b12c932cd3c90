package config

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"lvsdr/internal/ipvs"
)

// The kinds of values in section "check". An empty text, where it is one, takes
// back what the file's check says.
var (
	checkTypes = oneOfThese(everyType)
	onFailure  = oneOfThese([]OnFailure{FailureAuto, FailureQuiesce, FailureRemove})
	methods    = oneOfThese([]string{"GET", "HEAD", "OPTIONS", "POST"})
	records    = oneOfThese([]string{"A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"})

	anyText     = kind[string]{want: "text", parse: func(s string) (string, error) { return s, nil }}
	argument    = kind[string]{want: "text without NUL", parse: parseArgument}
	pattern     = kind[string]{want: "a regular expression (RE2)", parse: parsePattern}
	domainName  = kind[string]{want: "a name as in www.example.com", parse: parseDomain}
	requestPath = kind[string]{want: "a path as in /healthz or /status?full=1, with % where it needs it", parse: parsePath}
	hostHeader  = kind[string]{want: "NAME or NAME:PORT, as in www.example.com or [2001:db8::7]:8080", parse: parseHost}
	headerName  = kind[string]{want: "the name of a header, as in Accept", parse: parseToken}
	headerValue = kind[string]{want: "text without control characters", parse: parseHeader}
	statusRange = kind[StatusRange]{want: "statuses from 100 to 599, as in 204 or 200-299", parse: parseStatus}
	userName    = kind[string]{want: "the name or number of a user", parse: parseUser}
)

// oneOfThese is one of a few words.
func oneOfThese[T ~string](all []T) kind[T] {
	var words ipvs.Words[T]
	for _, w := range all {
		words = append(words, ipvs.Word[T]{Name: string(w), Value: w})
	}
	return oneOf(words)
}

// duration is a time with its unit, within bounds.
func duration(low, high time.Duration) kind[time.Duration] {
	return kind[time.Duration]{
		want: fmt.Sprintf("a time from %s to %s, as in 2s or 500ms", short(low), short(high)),
		parse: func(s string) (time.Duration, error) {
			d, err := time.ParseDuration(s)
			_, noNumber := strconv.ParseFloat(s, 64)
			switch {
			case err != nil && noNumber == nil:
				return 0, errors.New("a number without a unit")
			case err != nil:
				return 0, errors.New("not a time")
			case d < low || d > high:
				return 0, errors.New("out of range")
			}
			return d, nil
		},
	}
}

// short leaves out the parts of a time that are zero: 1h, not 1h0m0s.
func short(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// fileOr is the absolute path of a file, or another word.
func fileOr(other string) kind[string] {
	want := "the absolute path of a file"
	if other != "" {
		want += ", or " + other
	}
	return kind[string]{want: want, parse: func(s string) (string, error) {
		if s != other && !filepath.IsAbs(s) {
			return s, errors.New("not an absolute path")
		}
		return parseArgument(s)
	}}
}

func parseArgument(s string) (string, error) {
	if strings.Contains(s, "\x00") {
		return s, errors.New("a NUL")
	}
	return s, nil
}

// parseUser takes no number that means "as it is" to the kernel (chown(2)).
func parseUser(s string) (string, error) {
	if strings.Trim(strings.TrimPrefix(s, "-"), "0123456789") != "" {
		return parseName(s)
	}
	_, err := number[uint32](0, 1<<32-2).parse(s)
	return s, err
}

func parsePattern(s string) (string, error) {
	_, err := regexp.Compile(s)
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return s, fmt.Errorf("%s: %s", e.Code, quote(e.Expr))
	}
	return s, err
}

func parseDomain(s string) (string, error) {
	if addr, err := netip.ParseAddr(s); s == "" || s == "." || err == nil && addr.Zone() == "" {
		return s, nil
	}
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	if len(s) > 254 || slices.ContainsFunc(labels, func(l string) bool { return l == "" || len(l) > 63 || !isPlain(l) }) {
		return s, errors.New("not a name")
	}
	return s, nil
}

// parsePath takes what goes into the line of a request as it is.
func parsePath(s string) (string, error) {
	switch {
	case !strings.HasPrefix(s, "/"):
		return s, errors.New("no slash at its beginning")
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("#\"<>\\^`{|}", r) }):
		return s, errors.New("a character that no URL path has")
	}
	for rest := s; ; {
		_, after, found := strings.Cut(rest, "%")
		if !found {
			return s, nil
		}
		if len(after) < 2 || strings.Trim(after[:2], "0123456789abcdefABCDEF") != "" {
			return s, errors.New("% without two hexadecimal digits")
		}
		rest = after
	}
}

func parseHost(s string) (string, error) {
	host, port, hasPort := cutPort(s)
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is6() {
		return s, errors.New("an IPv6 address without brackets")
	}
	if hasPort && host == "" {
		return s, errors.New("not a name")
	}
	_, err := parseDomain(host)
	if hasPort && err == nil {
		if _, err = number[uint16](1, 65535).parse(port); err != nil {
			err = fmt.Errorf("port is %w", err)
		}
	}
	return s, err
}

// parseToken takes a token of RFC 9110, 5.6.2.
func parseToken(s string) (string, error) {
	isSpecial := func(r rune) bool { return strings.ContainsRune("!#$%&'*+^`|~", r) }
	switch {
	case s == "" || !isPlain(strings.Join(strings.FieldsFunc(s, isSpecial), "")):
		return s, errors.New("not a name")
	case len(s) > 255:
		return s, errors.New("too long")
	}
	return s, nil
}

func parseHeader(s string) (string, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return s, errors.New("a control character")
	}
	return s, nil
}

func parseStatus(s string) (r StatusRange, err error) {
	status := number[uint16](100, 599)
	from, to, isRange := strings.Cut(s, "-")
	if !isRange {
		to = from
	}
	if r.From, err = status.parse(from); err == nil {
		r.To, err = status.parse(to)
	}
	if err == nil && r.From > r.To {
		err = errors.New("the higher one first")
	}
	return r, err
}
