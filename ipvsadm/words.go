package ipvsadm

import (
	"slices"
	"strings"
)

// charSet is a set of characters below 64, one bit each.
type charSet uint64

const (
	// white is what isspace(3) accepts in the C locale.
	white charSet = 1<<' ' | 1<<'\t' | 1<<'\n' | 1<<'\v' | 1<<'\f' | 1<<'\r'
	// separators stand between the words of a restore.
	separators charSet = 1<<' ' | 1<<'\t' | 1<<'\n' | 1<<'\r'
)

func (s charSet) has(c byte) bool { return c < 64 && s>>c&1 != 0 }

// trimLeft is the text from the first character on that is not in the set.
func (s charSet) trimLeft(text string) string {
	for text != "" && s.has(text[0]) {
		text = text[1:]
	}
	return text
}

// before is the text up to the first character of the set.
func (s charSet) before(text string) string {
	for i := range len(text) {
		if s.has(text[i]) {
			return text[:i]
		}
	}
	return text
}

// split appends what is between the characters of the set to words.
func (s charSet) split(text string, words []string) []string {
	for i := 0; i < len(text); i++ {
		start := i
		for i < len(text) && !s.has(text[i]) {
			i++
		}
		if i > start {
			words = append(words, text[start:i])
		}
	}
	return words
}

// ruleWords splits a line of a restore into buf. There are no quotes, no
// escapes and no comments; a word "ipvsadm" does not count wherever it stands,
// and a NUL ends its word.
func ruleWords(line string, buf []string) []string {
	words := separators.split(line, buf[:0])
	if strings.IndexByte(line, 0) >= 0 {
		for i, w := range words {
			words[i], _, _ = strings.Cut(w, "\x00")
		}
	}
	if strings.Contains(line, "ipvsadm") {
		words = slices.DeleteFunc(words, func(w string) bool { return w == "ipvsadm" })
	}
	return words
}
