package config

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// readSend reads what a check says first. There \x80 to \xff, in double quotes, are
// bytes; YAML has characters of them.
func readSend(r *reader, c *Check) func(value) {
	return func(v value) {
		if v.form() == blockForm {
			c.Send = v.Value
			return
		}
		if c.Send = word(r, v, anyText); v.Style&yaml.DoubleQuotedStyle != 0 {
			c.Send = withBytes(c.Send, bytesOf(r.source(v)))
		}
	}
}

// source is the text of the file from a value on.
func (r *reader) source(v value) string {
	for at := r.lines[len(r.lines)-1]; len(r.lines) < v.Line; {
		_, rest, more := strings.Cut(r.text[at:], "\n")
		if !more {
			return ""
		}
		at = len(r.text) - len(rest)
		r.lines = append(r.lines, at)
	}
	text := r.text[r.lines[v.Line-1]:]
	for range v.Column - 1 {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}

// escapes are how many hexadecimal digits follow the letters of YAML's escapes.
var escapes = map[byte]int{'x': 2, 'u': 4, 'U': 8}

// bytesOf tells, for each of the characters \x80 to \xff of a text in double
// quotes, whether it is written as \xNN.
func bytesOf(source string) (is []bool) {
	text, quoted := strings.CutPrefix(source, `"`)
	for quoted && text != "" && text[0] != '"' {
		c, size := utf8.DecodeRuneInString(text)
		letter := byte(0)
		if c == '\\' && len(text) > 1 {
			letter = text[1]
			size = min(2+escapes[letter], len(text))
			code, _ := strconv.ParseUint(text[2:size], 16, 32)
			if c = rune(code); letter == 'N' || letter == '_' {
				c = 0x85 // or 0xa0
			}
		}
		if isByte(c) {
			is = append(is, letter == 'x')
		}
		text = text[size:]
	}
	return is
}

// withBytes makes bytes of the characters that are written so.
func withBytes(text string, is []bool) string {
	var b strings.Builder
	for _, c := range text {
		asByte := false
		if isByte(c) && len(is) > 0 {
			asByte, is = is[0], is[1:]
		}
		if asByte {
			b.WriteByte(byte(c))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// isByte reports whether a character could be a byte that is none of ASCII.
func isByte(c rune) bool { return c >= 0x80 && c <= 0xff }
