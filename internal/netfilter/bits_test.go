package netfilter

import "testing"

func TestBits(t *testing.T) {
	half := bits{value: []byte{0x50, 0x12}, known: []byte{0xf0, 0xff}}
	for _, c := range []struct {
		name string
		have bits
		want []byte
		t    truth
	}{
		{"the same", known([]byte{1, 2}), []byte{1, 2}, yes},
		{"another", known([]byte{1, 2}), []byte{1, 3}, no},
		{"a beginning", known([]byte{1, 2}), []byte{1}, yes},
		{"longer", known([]byte{1}), []byte{1, 2}, depends},
		{"unknown", unknown(2), []byte{1, 2}, depends},
		{"half known, the same", half, []byte{0x5a, 0x12}, depends},
		{"half known, another", half, []byte{0x6a, 0x12}, no},
		{"half masked, the same", half.masked([]byte{0xf0, 0xff}, nil), []byte{0x50, 0x12}, yes},
		{"masked away", unknown(1).masked([]byte{0}, nil), []byte{0}, yes},
		{"masked, and more wanted than can be", unknown(1).masked([]byte{0xf0}, nil), []byte{0x0f}, no},
		{"masked and turned", known([]byte{0xf5}).masked([]byte{0x0f}, []byte{0x01}), []byte{0x04}, yes},
		{"a part", known([]byte{1, 2, 3}).part(1, 2), []byte{2, 3}, yes},
		{"a part beyond the end", known([]byte{1, 2, 3}).part(2, 2), []byte{3, 0}, depends},
		{"never", named("").ifname(), []byte("lo\x00"), no},
		{"never, but only its beginning", named("").ifname(), []byte("lo"), depends},
		{"never another", named("").ifname(), []byte("eth0\x00"), depends},
		{"name", named("eth0").ifname(), []byte("eth0\x00"), yes},
		{"no interface", device{}.ifname(), make([]byte, 16), yes},
	} {
		if got := c.have.equal(c.want); got != c.t {
			t.Errorf("%s: %d, want %d", c.name, got, c.t)
		}
	}
}

func TestDevices(t *testing.T) {
	long := "interface-with-a-name-that-is-too-long"
	mask := func(n int) []byte { // of as many bytes
		m := make([]byte, 16)
		for i := range n {
			m[i] = 0xff
		}
		return m
	}
	name := func(s string) []byte { return append([]byte(s), make([]byte, 16-len(s))...) }
	for _, c := range []struct {
		name       string
		have       device
		want, mask []byte
		t          truth
	}{
		{"any", named(""), name(""), mask(0), yes},
		{"the same", named("eth0"), name("eth0"), mask(5), yes},
		{"longer", named("eth01"), name("eth0"), mask(5), no},
		{"by its beginning", named("eth01"), name("eth"), mask(3), yes},
		{"not known", named(""), name("eth0"), mask(5), depends},
		{"not known, not lo", named(""), name("lo"), mask(3), no},
		{"not known, not lo, but lo1", named(""), name("lo"), mask(2), depends},
		{"none", device{}, name("eth0"), mask(5), no},
		{"too long", named(long), name("eth0"), mask(5), no},
	} {
		if got := xtDevice(c.have, c.want, c.mask); got != c.t {
			t.Errorf("%s: %d, want %d", c.name, got, c.t)
		}
	}
	if got := named(long).ifname().equal(name("eth0")); got != no {
		t.Errorf("a name that is too long: %d", got)
	}
}
