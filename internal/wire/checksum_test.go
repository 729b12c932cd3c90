package wire

import "testing"

func TestChecksum(t *testing.T) {
	for _, tt := range []struct {
		name  string
		parts []string
		want  uint16
	}{
		{"the example of RFC 1071, section 3", []string{"0001 f203 f4f5 f6f7"}, ^uint16(0xddf2)},
		{"in parts", []string{"0001 f203", "", "f4f5 f6f7"}, ^uint16(0xddf2)},
		{"an odd byte", []string{"0001 f2"}, ^uint16(0xf201)},
		{"a carry by the carry", []string{"ffff 0001"}, ^uint16(1)},
		{"with its checksum", []string{"0001 f203 f4f5 f6f7 220d"}, 0},
		{"nothing", nil, 0xffff},
	} {
		var parts [][]byte
		for _, p := range tt.parts {
			parts = append(parts, bytesOf(t, p))
		}
		if got := Checksum(parts...); got != tt.want {
			t.Errorf("%s: got %#04x, want %#04x", tt.name, got, tt.want)
		}
	}
}
