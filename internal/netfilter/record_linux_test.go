package netfilter

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/netlink"
	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/sys/unix"
)

// record makes the tests that have a kernel write down what it says, for those
// that have none: on amd64, whose layout that is.
var record = flag.Bool("record", false, "record what the kernel has in each case")

// recording is a file with what a kernel had in each case: deflated, in base64.
type recording struct {
	path    string
	archive txtar.Archive
}

// save writes the recording when the test is over.
func (r *recording) save(t *testing.T) {
	t.Cleanup(func() {
		if *record && !t.Failed() {
			must(t, os.WriteFile(r.path, txtar.Format(&r.archive), 0o644))
		}
	})
}

func (r *recording) add(t *testing.T, name string, read func() ([]byte, error)) {
	t.Helper()
	if !*record {
		return
	}
	data, err := read()
	must(t, err)
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	must(t, err)
	_, err = w.Write(data)
	must(t, err)
	must(t, w.Close())
	r.archive.Files = append(r.archive.Files, txtar.File{Name: name, Data: append(base64.StdEncoding.AppendEncode(nil, packed.Bytes()), '\n')})
}

// recorded reads a recording by the names of the cases. Other machines than the
// kernel's would read its numbers in other ways.
func recorded(t testing.TB, path string) map[string][]byte {
	t.Helper()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("recorded on amd64")
	}
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range archive.Files {
		packed := base64.NewDecoder(base64.StdEncoding, bytes.NewReader(f.Data))
		if all[f.Name], err = io.ReadAll(flate.NewReader(packed)); err != nil {
			t.Fatalf("%s: %s: %v", path, f.Name, err)
		}
	}
	return all
}

// Recordings, by what set the cases up.
const (
	recordedLegacy  = "testdata/iptables-legacy.txtar"
	recordedLegacy6 = "testdata/ip6tables-legacy.txtar"
	recordedNFT     = "testdata/iptables-nft.txtar"
	recordedNFT6    = "testdata/ip6tables-nft.txtar"
	recordedInet    = "testdata/inet.txtar"
	recordedIP      = "testdata/ip.txtar"
)

// xtBytes are all tables of a family as they are recorded, end to end.
func xtBytes(f *xtFamily) ([]byte, error) {
	var b []byte
	for _, n := range xtNames {
		t, err := f.readTable(n.name)
		if err != nil {
			return nil, err
		}
		if b, err = binary.Append(b, binary.NativeEndian, fieldsOf(&t.info)); err != nil {
			return nil, err
		}
		b = append(b, t.entries...)
	}
	return b, nil
}

// iptInfoFields is iptInfo for encoding/binary, which sees exported fields only.
type iptInfoFields struct {
	Name                 [32]byte
	ValidHooks           uint32
	HookEntry, Underflow [5]uint32
	NumEntries, Size     uint32
}

func fieldsOf(i *iptInfo) iptInfoFields {
	return iptInfoFields{i.name, i.validHooks, i.hookEntry, i.underflow, i.numEntries, i.size}
}

// xtBases decodes what xtBytes returned.
func xtBases(f *xtFamily, b []byte) (all []base, err error) {
	for _, n := range xtNames {
		var i iptInfoFields
		size, err := binary.Decode(b, binary.NativeEndian, &i)
		if err != nil {
			return nil, err
		}
		b = b[size:]
		t := xtTable{f, iptInfo{i.Name, i.ValidHooks, i.HookEntry, i.Underflow, i.NumEntries, i.Size}, b[:min(int(i.Size), len(b))]}
		b = b[len(t.entries):]
		found, err := t.bases(n.name, n.priority)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// nftBytes are the messages of a family as they are recorded, end to end.
func nftBytes(family uint8) ([]byte, error) {
	messages, err := readNFT(family)
	var b []byte
	for _, m := range messages {
		one, err := m.MarshalBinary()
		if err != nil {
			return nil, err
		}
		b = append(b, one...)
	}
	return b, err
}

// nftMessages splits what nftBytes returned.
func nftMessages(b []byte) (messages []netlink.Message) {
	for len(b) >= unix.SizeofNlMsghdr {
		n := (int(min(binary.NativeEndian.Uint32(b), 1<<20)) + 3) &^ 3
		var m netlink.Message
		if n < unix.SizeofNlMsghdr || n > len(b) || m.UnmarshalBinary(b[:n]) != nil {
			break
		}
		messages = append(messages, m)
		b = b[n:]
	}
	return messages
}

// decoded decodes a recording of that name.
func decoded(path string, b []byte) ([]base, error) {
	switch path {
	case recordedLegacy:
		return xtBases(xtIPv4(), b)
	case recordedLegacy6:
		return xtBases(xtIPv6(), b)
	case recordedInet:
		return decodeNFT(unix.NFPROTO_INET, nftMessages(b)), nil
	case recordedNFT6:
		return decodeNFT(unix.NFPROTO_IPV6, nftMessages(b)), nil
	}
	return decodeNFT(unix.NFPROTO_IPV4, nftMessages(b)), nil
}

func TestFaultsRecorded(t *testing.T) {
	for path, vip := range map[string]string{recordedLegacy: vip4, recordedLegacy6: vip6, recordedNFT: vip4, recordedNFT6: vip6} {
		all := recorded(t, path)
		for _, c := range iptablesCases {
			testRecorded(t, path, all[c.name], c.name, withDefaults(c.packet, vip), c.want)
		}
	}
	for _, path := range []string{recordedInet, recordedIP} {
		all := recorded(t, path)
		for _, c := range nftCases {
			testRecorded(t, path, all[c.name], c.name, withDefaults(c.packet, vip4), c.want)
		}
	}
}

func testRecorded(t *testing.T, path string, data []byte, name string, p Packet, wanted []want) {
	t.Helper()
	bases, err := decoded(path, data)
	if err != nil || len(data) == 0 && name != "nothing" {
		t.Errorf("%s: %s: %d bytes, %v", path, name, len(data), err)
		return
	}
	faults, err := ruleset(bases).Faults(p, way...)
	if d := cmp.Diff(wanted, withoutTables(faults)); d != "" || err != nil {
		t.Errorf("%s: %s: %v, faults (-want +got):\n%s", path, name, err, d)
	}
}
