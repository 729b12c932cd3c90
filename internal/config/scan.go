package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
)

const (
	byteOrderMark = "\ufeff"
	maxSize       = 1 << 20 // bytes of a file
	wantText      = "text in UTF-8"
	wantYAML      = "YAML as lvsdr init prints it"
)

// checkText looks for what is not text, with the position that the YAML library
// would not give, and for what would cost it too much time.
func checkText(text string) *Fault {
	line, start := 1, 0
	var m meter
	for i, r := range text {
		at := func(what, want string) *Fault {
			column := utf8.RuneCountInString(text[start:i]) + 1
			return &Fault{Line: line, Column: column, What: what, Want: want}
		}
		switch {
		case i >= maxSize:
			return at("a file of more than 1 MiB", "a configuration file")
		case m.count(i, r) > maxWork:
			return at(fmt.Sprintf("%q too often", r), wantYAML)
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd"):
			return at(fmt.Sprintf("byte 0x%02x", text[i]), wantText)
		case r == '\n':
			line, start = line+1, i+1
		case r == '\r' && strings.HasPrefix(text[i:], "\r\n"), r == '\t':
		case r < ' ', 0x7f <= r && r < 0xa0, r == 0xfeff, r == 0x2028, r == 0x2029:
			return at(fmt.Sprintf("control character %U", r), wantText)
		}
	}
	return nil
}

// maxWork bounds what a meter may count; it takes about a second. A real file
// needs next to nothing of it.
const maxWork = 1 << 27

// A meter counts the characters that the scanner of the YAML library reads more
// than once. There may be as many as the square of the file's size.
type meter struct {
	work  int
	less  int  // a run of <, each of which it counts to the end
	tabs  int  // of the line; for each in a text in quotes it reads on to the end
	lines int  // a run of empty lines; for each behind a block of text it copies that
	block bool // there may be a block of text
}

func (m *meter) count(i int, r rune) int {
	m.work += m.tabs
	if r == '<' {
		m.less++
		m.work += m.less
	} else {
		m.less = 0
	}
	switch r {
	case '\t':
		m.tabs++
	case '\n':
		m.tabs = 0
		m.lines++
		if m.block && m.lines > 1 {
			m.work += i
		}
	case '\r', ' ':
	default:
		m.lines = 0
	}
	m.block = m.block || r == '|' || r == '>'
	return m.work
}

// scan makes tokens of the text, without the comments.
func scan(text string) (tokens token.Tokens, fault *Fault) {
	if fault := checkText(text); fault != nil {
		return nil, fault
	}
	defer func() {
		if p := recover(); p != nil { // the scanner is not ours
			tokens, fault = nil, &Fault{What: "not understood: " + printable(fmt.Sprint(p)), Want: wantYAML}
		}
	}()
	var s scanner.Scanner
	s.Init(text)
	all, err := s.Scan()
	var invalid *scanner.InvalidTokenError
	if errors.As(err, &invalid) {
		return nil, faultAt(invalid.Token, "not YAML: "+printable(invalid.Token.Error), wantYAML)
	}
	for _, t := range all {
		if t.Type != token.CommentType {
			tokens = append(tokens, t)
		}
	}
	return tokens, nil
}

func faultAt(t *token.Token, what, want string) *Fault {
	return &Fault{Line: t.Position.Line, Column: t.Position.Column, What: what, Want: want}
}
