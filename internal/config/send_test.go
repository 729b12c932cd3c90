package config

import (
	"strings"
	"testing"
)

// In double quotes \xNN is a byte; every other way to write a character is that
// character, as UTF-8. What is printed is read as the same.
func TestSend(t *testing.T) {
	for _, tt := range []struct{ written, want string }{
		{`"\x80\x00\xff"`, "\x80\x00\xff"},
		{`"\xe9"`, "\xe9"},
		{`"é\xe9\u00e9\U000000e9é"`, "é\xe9ééé"},
		{`"\N\xa0\_\x85"`, "\u0085\xa0\u00a0\x85"},
		{`"€\xe2\u20ac\"\\\xff"`, "€\xe2€\"\\\xff"},
		{`'\xe9é'`, `\xe9é`},
		{`é`, "é"},
		{"\"a \xc3\xa9\n    \\xe9\\\n    \\xff b\"", "a é \xe9\xff b"},
		{`"\xc3\xa9"`, "é"},
	} {
		for _, before := range []string{"", "# é €\n", "# é\r\n\r\n"} {
			text := before + "services: [{port: 53, protocol: udp, name: a, check: {type: udp, interval: 1s, send: " + tt.written + ", receive: 'é'}}]\n"
			c, err := Load("file", []byte(text))
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if got := c.Services[0].Check.Send; got != tt.want {
				t.Errorf("%s sends %q, want %q", tt.written, got, tt.want)
			}
			again, err := Load("printed", c.YAML())
			if err != nil || again.Services[0].Check.Send != tt.want {
				t.Errorf("%s, printed and read: %v\n%s", tt.written, err, c.YAML())
			}
		}
	}
	if got := bytesOf(`"\x`); len(got) > 0 || withBytes("é", nil) != "é" || bytesOf(strings.Repeat("é", 3)) != nil {
		t.Error("what is no text in double quotes has bytes")
	}
}
