package guest

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFrames(t *testing.T) {
	line := new(bytes.Buffer)
	l := newLink(line)
	l.send(kindReady, session, nil)
	l.send(kindData, stderr, []byte("\x00\xffno UTF-8"))
	l.sendUint32(kindExit, session, 130)

	want := []frame{
		{kindReady, session, []byte{}},
		{kindData, stderr, []byte("\x00\xffno UTF-8")},
		{kindExit, session, []byte{0, 0, 0, 130}},
	}
	for _, want := range want {
		got, err := l.receive()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(frame{})); d != "" {
			t.Errorf("receive() (-want +got):\n%s", d)
		}
	}
	if _, err := l.receive(); err != io.EOF {
		t.Errorf("receive() at the end: %v, want EOF", err)
	}
}

func TestReceiveRefuses(t *testing.T) {
	tests := []struct{ name, line string }{
		{"half a header", "\x01\xff\x00"},
		{"half a payload", "\x03\x01\x00\x00\x00\x04ab"},
		{"a payload too large to hold", "\x03\x01\xff\xff\xff\xff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if f, err := newLink(bytes.NewBufferString(tt.line)).receive(); err == nil || err == io.EOF {
				t.Errorf("receive() = %v, %v; want an error", f, err)
			}
		})
	}
}

func TestFrameUint32(t *testing.T) {
	for payload, want := range map[string]uint32{"\x00\x00\x01\x02": 258, "\x01": 0, "": 0} {
		if got := (frame{payload: []byte(payload)}).uint32(); got != want {
			t.Errorf("uint32 of %q = %d, want %d", payload, got, want)
		}
	}
}
