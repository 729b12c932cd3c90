package netfilter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Of linux/netfilter_ipv4/ip_tables.h and linux/netfilter/x_tables.h.
const (
	iptSetReplace = 64 // IPT_SO_SET_REPLACE
	iptGetInfo    = 64 // IPT_SO_GET_INFO
	iptGetEntries = 65 // IPT_SO_GET_ENTRIES

	xtTargetName   = 2  // offsetof(struct xt_entry_target, u.user.name)
	xtTargetSize   = 32 // sizeof(struct xt_entry_target)
	xtCountersSize = 16 // sizeof(struct xt_counters)
)

// xtFamily is what differs between the tables of IPv4 and IPv6, whose options
// have the same numbers.
type xtFamily struct {
	domain, level int
	names         string // the file that lists the tables
	entrySize     int    // sizeof(struct ipt_entry), struct ip6t_entry
	targetOffset  int    // offsetof(…, target_offset)
	nextOffset    int    // offsetof(…, next_offset)

	head func(*view, []byte) (t truth, replaces bool) // of an entry
}

// The lists of tables are of the namespace of the calling thread. To ask the
// kernel for a table that is not there would make it.
func xtIPv4() *xtFamily {
	return &xtFamily{unix.AF_INET, unix.IPPROTO_IP, "/proc/thread-self/net/ip_tables_names", 112, 88, 90, headIPv4}
}

func xtIPv6() *xtFamily {
	return &xtFamily{unix.AF_INET6, unix.IPPROTO_IPV6, "/proc/thread-self/net/ip6_tables_names",
		len(xtAlign(make([]byte, 148))) + xtCountersSize, 140, 142, headIPv6}
}

// xtTable is a table of x_tables. Its entries lie end to end: each chain is its
// rules and a last entry, which is the policy or, of a chain that an
// administrator made, a return. In front of such a chain, and at the end of the
// table, stands an entry with the target ERROR.
type xtTable struct {
	family  *xtFamily
	info    iptInfo
	entries []byte
}

// iptInfo is struct ipt_getinfo.
type iptInfo struct {
	name                 [32]byte
	validHooks           uint32
	hookEntry, underflow [5]uint32 // where a hook's chain begins; its policy
	numEntries, size     uint32
}

// attempts bounds how often a table is read that changes all the time.
const attempts = 5

// readTable reads a table; it is empty where there is none. EPERM:
// CAP_NET_ADMIN is missing.
func (f *xtFamily) readTable(name string) (xtTable, error) {
	t := xtTable{family: f}
	names, err := os.ReadFile(f.names)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !slices.Contains(strings.Fields(string(names)), name):
		return t, nil
	case errors.Is(err, unix.EACCES):
		return t, unix.EPERM
	case err != nil:
		return t, err
	}
	fd, err := f.socket()
	if err != nil {
		return t, err
	}
	defer unix.Close(fd)
	for range attempts {
		if err = t.read(fd, name); err != unix.EAGAIN && err != unix.EFAULT {
			break
		}
	}
	return t, err
}

func (f *xtFamily) socket() (int, error) {
	return unix.Socket(f.domain, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
}

// read fails with EAGAIN if the table changes meanwhile. A kernel of
// user-mode-linux that is short of memory may fail with EFAULT, once: it looks
// for a page of ours while that is moved.
func (t *xtTable) read(fd int, name string) error {
	t.info = iptInfo{}
	copy(t.info.name[:], name)
	if err := getsockopt(fd, t.family.level, iptGetInfo, unsafe.Pointer(&t.info), unsafe.Sizeof(t.info)); err != nil {
		return err
	}
	get := append(slices.Clone(t.info.name[:]), make([]byte, 4)...) // struct ipt_get_entries
	binary.NativeEndian.PutUint32(get[32:], t.info.size)
	get = xtAlign(get)
	start := len(get)
	get = append(get, make([]byte, t.info.size)...)
	err := getsockopt(fd, t.family.level, iptGetEntries, unsafe.Pointer(&get[0]), uintptr(len(get)))
	t.entries = get[start:]
	return err
}

// getsockopt hands a structure to the kernel to be completed.
func getsockopt(fd, level, option int, p unsafe.Pointer, size uintptr) error {
	length := uint32(size)
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(option),
		uintptr(p), uintptr(unsafe.Pointer(&length)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// xtAlign fills up to where entries may begin: they hold 64-bit counters.
func xtAlign(b []byte) []byte {
	align := 8
	if runtime.GOARCH == "386" {
		align = 4
	}
	for len(b)%align != 0 {
		b = append(b, 0)
	}
	return b
}

// flushLegacyFilter replaces the table by one with the same chains and no
// rules. The kernel refuses with EAGAIN if the table is no longer the one read.
func flushLegacyFilter() error {
	for range attempts {
		old, err := xtIPv4().readTable(filterTable)
		if err != nil {
			return err
		}
		empty, rules, err := old.emptied()
		if err != nil || rules == 0 {
			return err
		}
		if err := replaceTable(empty, old.info.numEntries); err != unix.EAGAIN {
			return err
		}
	}
	return unix.EAGAIN
}

// replaceTable puts t in the place of a table with so many entries.
func replaceTable(t xtTable, oldEntries uint32) error {
	fd, err := t.family.socket()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	counters := make([]byte, max(oldEntries, 1)*xtCountersSize) // the kernel gives the old ones back
	var pin runtime.Pinner
	pin.Pin(&counters[0])
	defer pin.Unpin()

	b := slices.Clone(t.info.name[:]) // struct ipt_replace
	words := []uint32{t.info.validHooks, t.info.numEntries, t.info.size}
	words = append(append(words, t.info.hookEntry[:]...), t.info.underflow[:]...)
	for _, word := range append(words, oldEntries) {
		b = binary.NativeEndian.AppendUint32(b, word)
	}
	address := uintptr(unsafe.Pointer(&counters[0]))
	if unsafe.Sizeof(address) == 8 {
		b = binary.NativeEndian.AppendUint64(b, uint64(address))
	} else {
		b = binary.NativeEndian.AppendUint32(b, uint32(address))
	}
	b = append(xtAlign(b), t.entries...)
	return unix.SetsockoptString(fd, t.family.level, iptSetReplace, string(b))
}

// emptied is the table without its rules, and how many they were: what stays
// is the last entry of each chain, and the entries with the target ERROR.
func (t xtTable) emptied() (xtTable, int, error) {
	empty := xtTable{family: t.family, info: t.info}
	empty.info.numEntries = 0
	rules := 0
	for at := 0; at < len(t.entries); {
		end, err := t.end(at)
		if err != nil {
			return xtTable{}, 0, err
		}
		if !t.isError(at) && !t.isError(end) && !t.beginsHook(end) {
			rules++
			at = end
			continue
		}
		for hook, policy := range t.info.underflow {
			if t.valid(hook) && int(policy) == at {
				empty.info.underflow[hook] = uint32(len(empty.entries))
				empty.info.hookEntry[hook] = uint32(len(empty.entries))
			}
		}
		empty.entries = append(empty.entries, t.entries[at:end]...)
		empty.info.numEntries++
		at = end
	}
	empty.info.size = uint32(len(empty.entries))
	return empty, rules, nil
}

// end is where the entry that begins at an offset ends.
func (t xtTable) end(at int) (int, error) {
	rest := t.entries[at:]
	if len(rest) < t.family.entrySize {
		return 0, errXTables
	}
	size := int(binary.NativeEndian.Uint16(rest[t.family.nextOffset:]))
	target := int(binary.NativeEndian.Uint16(rest[t.family.targetOffset:]))
	if size > len(rest) || target < t.family.entrySize || target+xtTargetSize > size {
		return 0, errXTables
	}
	return at + size, nil
}

var errXTables = errors.New("malformed table from the kernel")

func (t xtTable) isError(at int) bool {
	if _, err := t.end(at); err != nil {
		return false
	}
	target := at + int(binary.NativeEndian.Uint16(t.entries[at+t.family.targetOffset:]))
	return bytes.HasPrefix(t.entries[target+xtTargetName:], []byte("ERROR\x00"))
}

func (t xtTable) beginsHook(at int) bool {
	for hook, entry := range t.info.hookEntry {
		if t.valid(hook) && int(entry) == at {
			return true
		}
	}
	return false
}

func (t xtTable) valid(hook int) bool { return t.info.validHooks&(1<<hook) != 0 }
