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

// A checkKey is a key of section "check": the types that it means something to,
// who reads it, and how its value is printed; "" where there is nothing to print.
type checkKey struct {
	name  string
	types []CheckType
	read  func(*reader, *Check) func(value)
	print func(Check) string
}

// Types that have keys in common.
var (
	everyType   = []CheckType{CheckTCP, CheckTLS, CheckHTTP, CheckHTTPS, CheckDNS, CheckUDP, CheckExec, CheckNone}
	askingTypes = everyType[:len(everyType)-1]
	talkTypes   = []CheckType{CheckTCP, CheckUDP}
	tlsTypes    = []CheckType{CheckTLS, CheckHTTPS}
	nameTypes   = []CheckType{CheckTLS, CheckHTTPS, CheckDNS}
	httpTypes   = []CheckType{CheckHTTP, CheckHTTPS}
	dnsTypes    = []CheckType{CheckDNS}
	execTypes   = []CheckType{CheckExec}
)

// checkKeys are the keys in the order in which they are printed.
var checkKeys = []checkKey{
	keyOf("type", everyType, func(c *Check) *CheckType { return &c.Type }, checkTypes, stringOf),
	keyOf("port", askingTypes, func(c *Check) *uint16 { return &c.Port }, number[uint16](1, 65535), decimal),
	keyOf("interval", askingTypes, func(c *Check) *time.Duration { return &c.Interval }, duration(100*time.Millisecond, time.Hour), time.Duration.String),
	keyOf("timeout", askingTypes, func(c *Check) *time.Duration { return &c.Timeout }, duration(10*time.Millisecond, time.Hour), time.Duration.String),
	keyOf("fall", askingTypes, func(c *Check) *uint32 { return &c.Fall }, number[uint32](1, 100), decimal),
	keyOf("rise", askingTypes, func(c *Check) *uint32 { return &c.Rise }, number[uint32](1, 100), decimal),
	keyOf("on_failure", askingTypes, func(c *Check) *OnFailure { return &c.OnFailure }, onFailure, stringOf),
	{"vip", askingTypes, readVIP, printVIP},

	keyOf("send", talkTypes, func(c *Check) *string { return &c.Send }, anyText, scalar),
	keyOf("receive", talkTypes, func(c *Check) *string { return &c.Receive }, pattern, scalar),

	keyOf("verify", tlsTypes, func(c *Check) *bool { return &c.Verify }, boolean(), strconv.FormatBool),
	keyOf("name", nameTypes, func(c *Check) *string { return &c.Name }, domainName, scalar),
	keyOf("ca", tlsTypes, func(c *Check) *string { return &c.CA }, fileOr(""), scalar),

	keyOf("path", httpTypes, func(c *Check) *string { return &c.Path }, requestPath, scalar),
	keyOf("host", httpTypes, func(c *Check) *string { return &c.Host }, hostHeader, scalar),
	keyOf("method", httpTypes, func(c *Check) *string { return &c.Method }, methods, scalar),
	{"status", httpTypes, readStatus, printStatus},
	keyOf("body", httpTypes, func(c *Check) *string { return &c.Body }, pattern, scalar),
	{"headers", httpTypes, readHeaders, printHeaders},

	keyOf("record", dnsTypes, func(c *Check) *string { return &c.Record }, records, scalar),
	keyOf("answer", dnsTypes, func(c *Check) *string { return &c.Answer }, anyText, scalar),

	{"command", execTypes, readCommand, printCommand},
	keyOf("user", execTypes, func(c *Check) *string { return &c.User }, userName, scalar),
}

// keyOf is a key with a single value.
func keyOf[T any](name string, types []CheckType, at func(*Check) *T, k kind[T], text func(T) string) checkKey {
	return checkKey{
		name, types,
		func(r *reader, c *Check) func(value) { return set(r, at(c), k) },
		func(c Check) string { return text(*at(&c)) },
	}
}

func stringOf[T ~string](s T) string { return string(s) }

func decimal[T uint16 | uint32](n T) string { return strconv.FormatUint(uint64(n), 10) }

func readVIP(r *reader, c *Check) func(value) {
	return func(v value) { c.VIP = new(word(r, v, boolean())) }
}

func printVIP(c Check) string {
	if c.VIP == nil {
		return ""
	}
	return strconv.FormatBool(*c.VIP)
}

func readStatus(r *reader, c *Check) func(value) { return oneOrMore(r, &c.Status, statusRange) }

func printStatus(c Check) string { return "[" + strings.Join(texts(c.Status), ", ") + "]" }

// String is a status, or the two ends of a range.
func (s StatusRange) String() string {
	if s.From == s.To {
		return decimal(s.From)
	}
	return fmt.Sprintf("%d-%d", s.From, s.To)
}

// ownHeaders are those that a question has anyway, with what says them instead.
var ownHeaders = map[string]string{
	"host": "host: NAME beside headers", "connection": "none", "content-length": "none", "transfer-encoding": "none",
}

func readHeaders(r *reader, c *Check) func(value) {
	return func(v value) {
		if v.form() != mappingForm {
			r.refuse(v, v.form(), "a mapping of names to values")
			return
		}
		c.Headers = nil
		seen := map[string]bool{}
		for i := 0; i < len(v.Content) && r.fault == nil; i += 2 {
			key := value{v.Content[i], "headers"}
			name := word(r, key, headerName)
			id := strings.ToLower(name)
			if instead, own := ownHeaders[id]; own {
				r.refuse(key, "a header that every question has", instead)
			}
			if seen[id] {
				r.refuse(key, "the same header again", "each header once")
			}
			seen[id] = true
			c.Headers = append(c.Headers, Header{name, word(r, value{v.Content[i+1], name}, headerValue)})
		}
	}
}

func printHeaders(c Check) string {
	var all []string
	for _, h := range c.Headers {
		all = append(all, scalar(h.Name)+": "+scalar(h.Value))
	}
	return "{" + strings.Join(all, ", ") + "}"
}

func readCommand(r *reader, c *Check) func(value) { return r.command(&c.Command) }

func printCommand(c Check) string { return scalars(c.Command) }

// command reads a program and its arguments.
func (r *reader) command(to *[]string) func(value) {
	const want = "a list of a program, by its absolute path, and its arguments"
	return func(v value) {
		some(r, to, want, each(r, to, want, wordOf(r, argument)))(v)
		if r.fault == nil && !filepath.IsAbs((*to)[0]) {
			r.refuse(v.part("0"), "not an absolute path", "a program as in /usr/local/bin/check")
		}
	}
}

// The kinds of values. An empty text, where it is one, takes back what the
// file's check says.
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
	hostHeader  = kind[string]{want: "NAME or NAME:PORT", parse: parseHost}
	headerName  = kind[string]{want: "the name of a header, as in Accept", parse: parseToken}
	headerValue = kind[string]{want: "text without control characters", parse: parseHeader}
	statusRange = kind[StatusRange]{want: "statuses from 100 to 599, as in 204 or 200-299", parse: parseStatus}
	userName    = kind[string]{want: "the name or number of a user", parse: parseName}
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
		return s, errors.New("characters that no path has")
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
