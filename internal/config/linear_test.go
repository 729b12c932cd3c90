package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// repeats are files of one thing again and again: a beginning, what comes again,
// and an end. A %d in it counts, and makes three bytes of an address.
var repeats = []struct{ name, head, unit, tail string }{
	{"unknown keys", "", "key%d: value\n", ""},
	{"one key", "", "a: b\n", ""},
	{"our keys", "", "arp: {interfaces: []}\n", ""},
	{"keys without a value", "", "a:\n", ""},
	{"merge keys", "", "<<: a\n", ""},
	{"keys in braces", "{", "a: b,", "}"},
	{"keys in braces without a value", "{", "a,", "}"},
	{"question marks", "", "? a\n", ""},
	{"list", "", "- x\n", ""},
	{"empty list", "", "-\n", ""},
	{"real servers", "real_servers:\n", "- 10.%d\n", ""},
	{"real servers in braces", "real_servers:\n", "- {address: 10.%d, weight: 1}\n", ""},
	{"real servers on lines", "real_servers:\n", "- address: 10.%d\n  weight: 1\n", ""},
	{"real servers in brackets", "real_servers: [", "10.%d, ", "]"},
	{"VIPs", "real_servers: [10.0.0.7]\nvip: [", "11.%d, ", "]"},
	{"services with a VIP each", "real_servers: [10.0.0.7]\nservices:\n", "- {port: 80, vip: 11.%d}\n", ""},
	{"services with a name each", "vip: 1.2.3.4\nservices:\n", "- {port: %[1]d, name: n%[1]d}\n", ""},
	{"services with a check each", "vip: 1.2.3.4\nservices:\n", "- {port: %d, check: {type: http, body: a.c}}\n", ""},
	{"services with a sorry server each", "check: {}\nservices:\n", "- {port: 80, vip: 11.%d, sorry: [10.0.0.9]}\n", ""},
	{"sorry servers", "check: {}\nservices:\n- port: 80\n  sorry:\n", "  - 10.%d\n", ""},
	{"headers", "check: {type: http, headers: {", "h%d: a, ", "}}\n"},
	{"statuses", "check: {type: http, status: [", "200-299, ", "]}\n"},
	{"arguments", "check: {type: exec, command: [/a", ", a", "]}\n"},
	{"long regular expression", "check: {receive: ", "a|b*", "}\n"},
	{"services without an end", "services:\n", "- {port: 80}\n", ""},
	{"words in brackets", "vip: [", "x,", "x]"},
	{"commas", "vip: [", ",", "]"},
	{"long line", "label: ", "x", "\n"},
	{"long key", "", "x", ": x\n"},
	{"number", "label: ", "1", "\n"},
	{"lines of a word", "label: x\n", "  y\n", ""},
	{"lines of a word with dashes", "label: x\n", "  - y\n", ""},
	{"lines of a quoted word", "label: \"", "x\n ", "\"\n"},
	{"tabs in a quoted word", "label: \"", "\t", "\"\n"},
	{"escapes in a quoted word", "label: \"", `\n`, "\"\n"},
	{"block of text", "label: |\n", " x\n", ""},
	{"folded text", "label: >\n", " x\n", ""},
	{"empty lines behind a text", "label: |\n x\n", "\n", ""},
	{"blocks of text", "", "a: |\n x\n", ""},
	{"comments", "", "# comment\n", ""},
	{"comments behind values", "", "a: b # c\n", ""},
	{"long comment", "#", "x", "\n"},
	{"empty lines", "", "\n", "a: b\n"},
	{"blanks", "", " ", "a: b\n"},
	{"open brackets", "", "[", ""},
	{"closing brackets", "", "]", ""},
	{"open braces", "", "{", ""},
	{"dashes", "", "- ", ""},
	{"colons", "", ": ", ""},
	{"quotes", "", "'", ""},
	{"double quotes", "", `"`, ""},
	{"less than", "", "<", ""},
	{"anchors", "", "&a ", ""},
	{"aliases", "", "*a ", ""},
	{"tags", "", "!a ", ""},
	{"directives", "", "%Y\n", ""},
	{"documents", "", "--- a\n", ""},
	{"empty documents", "", "---\n", ""},
	{"ends of documents", "", "...\n", ""},
}

// repeat makes a file of about n bytes.
func repeat(head, unit, tail string, n int) []byte {
	var b strings.Builder
	b.WriteString(head)
	address, counted := strings.Contains(unit, ".%d"), strings.Contains(unit, "%")
	for i := 1; b.Len() < n-len(unit)-len(tail)-10; i++ {
		switch {
		case address:
			b.WriteString(strings.Replace(unit, "%d", fmt.Sprintf("%d.%d.%d", i>>16&255, i>>8&255, i&255), 1))
		case counted:
			fmt.Fprintf(&b, unit, i)
		default:
			b.WriteString(unit)
		}
	}
	b.WriteString(tail)
	return []byte(b.String())
}

// TestLoadLinear has large files. They must not take much more than eight times
// what an eighth of them takes; it would be 64 times if time grew with the
// square of the size.
func TestLoadLinear(t *testing.T) {
	for _, test := range repeats {
		t.Run(test.name, func(t *testing.T) {
			small := repeat(test.head, test.unit, test.tail, maxSize/128)
			large := repeat(test.head, test.unit, test.tail, maxSize/16)
			var short, long time.Duration
			for range 5 { // a busy machine has its moments
				short, long = max(loadTime(small), 5*time.Millisecond), loadTime(large)
				if long < 24*short {
					t.Logf("%v, an eighth of it %v", long, short)
					return
				}
			}
			t.Errorf("%v, but %v for an eighth of it", long, short)
		})
	}
}

func loadTime(data []byte) time.Duration {
	start := time.Now()
	Load("lvsdr.yaml", data)
	return time.Since(start)
}
