package modprobe

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script is a program that stands in for modprobe.
func script(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "modprobe")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// The exit status decides, whatever the program says.
func TestStatus(t *testing.T) {
	tests := []struct {
		name, text string
		want       bool
	}{
		{"there", "exit 0", true},
		{"not there", "exit 1", false},
		{"killed", "kill -9 $$", false},
		{"words", `test "$#,$1,$2" = 2,--,ip_vs`, true},
		{"environment", `test "$OF_THE_TEST" = kept`, true},
		{"no streams", "test /dev/null -ef /dev/fd/0 && test /dev/null -ef /dev/fd/1 && test /dev/null -ef /dev/fd/2", true},
	}
	t.Setenv("OF_THE_TEST", "kept")
	for _, tt := range tests {
		if got := run(script(t, tt.text), nil, nil, nil); got != tt.want {
			t.Errorf("%s: %v; want %v", tt.name, got, tt.want)
		}
	}
}

func TestNoModprobe(t *testing.T) {
	if run(filepath.Join(t.TempDir(), "modprobe"), nil, nil, nil) {
		t.Error("a program that does not exist has loaded the module")
	}
}

// A child that cannot be waited for has loaded nothing.
func TestNoChild(t *testing.T) {
	if wait(os.Getpid()) {
		t.Error("a process that is no child ended well")
	}
}

// Files go to modprobe as they are; of the other streams it sees nothing.
func TestStreams(t *testing.T) {
	path := script(t, "read word; echo $word out; echo $word err >&2")
	dir := t.TempDir()
	stream := func(name, text string) *os.File {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	in, out, err := stream("in", "hello\nrest\n"), stream("out", ""), stream("err", "")
	if !run(path, in, out, err) {
		t.Error("the program failed")
	}
	for name, want := range map[string]string{"out": "hello out\n", "err": "hello err\n"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); string(got) != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	var buffer bytes.Buffer
	run(path, strings.NewReader("hello\n"), &buffer, &buffer)
	if buffer.Len() > 0 {
		t.Errorf("a buffer got %q", &buffer)
	}
}
