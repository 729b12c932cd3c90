package main

import (
	"strings"
	"testing"
)

func TestScreen(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"lines", "one\r\ntwo\tx", "one\ntwo     x\n"},
		{"moved", "\x1b[2;3Hab\x1b[1;1Hc\x1b[2Cd\be", "c  e\n  ab\n"},
		{"tabs back", "0123456789\x1b[1;10H\x1b[Za\x1b[1;9H\x1b[Zb\x1b[5ZC", "C1234567a9\n\n"},
		{"erased", "abcdef\x1b[3G\x1b[2X\x1b[1;6H\x1b[K", "ab  e\n\n"},
		{"deleted", "abcdefghij\x1b[1;3H\x1b[2P", "abefghij\n\n"},
		{"inserted", "abcdefghij\x1b[1;3H\x1b[2@", "ab  cdefgh\n\n"},
		{"all erased", "abc\r\nd\x1b[2Jx", "\n x\n"},
		{"again", "a\x1b[3b", "aaaa\n\n"},
		{"scrolled", "a\r\nb\r\nc", "b\nc\n"},
		{"wrapped", "0123456789ab", "0123456789\nab\n"},
		{"modes", "\x1b[?1049h\x1b]0;title\a\x1b[?25lx", "x\n\n"},
	} {
		s := newScreen(10, 2)
		if err := s.show(tt.data); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := s.line(0) + "\n" + s.line(1) + "\n"; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	s := newScreen(4, 4)
	if err := s.show("a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nx\x1b[2;1H\x1bM\x1b[1;4r\x1b[4;2H\x1b[1K"); err != nil {
		t.Error(err)
	}
	if got := s.line(0) + s.line(1) + "." + s.line(2) + "." + s.line(3); got != "a.c." {
		t.Errorf("scrolled between two lines: %q", got)
	}
	if err := newScreen(10, 2).show("\x1b[4Y"); err == nil {
		t.Error("a sequence that is not known is no error")
	}
}

func TestSVG(t *testing.T) {
	s := newScreen(20, 2)
	if err := s.show("\x1b[1;31mA\x1b[39m\x1b[22m  <b>\r\n\x1b[31;7mx y\x1b[0m"); err != nil {
		t.Fatal(err)
	}
	picture, err := s.svg("a & b")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`width="192" height="60"`, "<title>a &amp; b</title>", ` class="bold red">A</text>`,
		`<text x="37.2" y="26" textLength="25.2">&lt;b&gt;</text>`, `class="red reverse">x y</text>`, `<rect class="mark" x="12.0" y="30" width="25.2"`} {
		if !strings.Contains(picture, want) {
			t.Errorf("no %s in:\n%s", want, picture)
		}
	}
	s.show("\x1b[35mx")
	if _, err := s.svg(""); err == nil {
		t.Error("a colour that is not known is no error")
	}
}
