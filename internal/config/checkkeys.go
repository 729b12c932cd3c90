package config

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
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

	{"send", talkTypes, readSend, func(c Check) string { return scalar(c.Send) }},
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
				r.refuse(key, "a header that every request has", instead)
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
		some(r, to, want, items(r, to, want, wordOf(r, argument)))(v)
		if r.fault == nil && !filepath.IsAbs((*to)[0]) {
			r.refuse(v.part("0"), "not an absolute path", "a program as in /usr/local/bin/check")
		}
	}
}
