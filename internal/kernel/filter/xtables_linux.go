package filter

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

	iptEntrySize    = 112 // sizeof(struct ipt_entry)
	iptTargetOffset = 88  // offsetof(struct ipt_entry, target_offset)
	iptNextOffset   = 90  // offsetof(struct ipt_entry, next_offset)
	xtTargetName    = 2   // offsetof(struct xt_entry_target, u.user.name)
	xtTargetSize    = 32  // sizeof(struct xt_entry_target)
	xtCountersSize  = 16  // sizeof(struct xt_counters)
)

// xtFilter is the table "filter" of x_tables. Its entries lie end to end: each
// chain is its rules and a last entry, which is the policy or, of a chain that
// an administrator made, a return. In front of such a chain, and at the end of
// the table, stands an entry with the target ERROR.
type xtFilter struct {
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

// xtTables lists the tables of x_tables that the namespace of the calling
// thread has. To ask the kernel for one that is not there would make it.
const xtTables = "/proc/thread-self/net/ip_tables_names"

// readFilter reads the table; it is empty where there is none.
func readFilter() (t xtFilter, err error) {
	names, err := os.ReadFile(xtTables)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !slices.Contains(strings.Fields(string(names)), filterTable) {
		return t, nil
	}
	if err != nil {
		return t, err
	}
	fd, err := xtSocket()
	if err != nil {
		return t, err
	}
	defer unix.Close(fd)
	for range attempts {
		if t, err = readEntries(fd); err != unix.EAGAIN {
			break
		}
	}
	return t, err
}

func xtSocket() (int, error) {
	return unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
}

// readEntries fails with EAGAIN if the table changes meanwhile.
func readEntries(fd int) (t xtFilter, err error) {
	copy(t.info.name[:], filterTable)
	if err := getsockopt(fd, iptGetInfo, unsafe.Pointer(&t.info), unsafe.Sizeof(t.info)); err != nil {
		return t, err
	}
	get := append(t.info.name[:], make([]byte, 4)...) // struct ipt_get_entries
	binary.NativeEndian.PutUint32(get[32:], t.info.size)
	get = xtAlign(get)
	start := len(get)
	get = append(get, make([]byte, t.info.size)...)
	err = getsockopt(fd, iptGetEntries, unsafe.Pointer(&get[0]), uintptr(len(get)))
	t.entries = get[start:]
	return t, err
}

// getsockopt hands a structure to the kernel to be completed.
func getsockopt(fd, option int, p unsafe.Pointer, size uintptr) error {
	length := uint32(size)
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_IP, uintptr(option),
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
		old, err := readFilter()
		if err != nil {
			return err
		}
		empty, rules, err := old.emptied()
		if err != nil || rules == 0 {
			return err
		}
		if err := replaceFilter(empty, old.info.numEntries); err != unix.EAGAIN {
			return err
		}
	}
	return unix.EAGAIN
}

// replaceFilter puts t in the place of a table with so many entries.
func replaceFilter(t xtFilter, oldEntries uint32) error {
	fd, err := xtSocket()
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
	return unix.SetsockoptString(fd, unix.IPPROTO_IP, iptSetReplace, string(b))
}

// emptied is the table without its rules, and how many they were: what stays
// is the last entry of each chain, and the entries with the target ERROR.
func (t xtFilter) emptied() (xtFilter, int, error) {
	empty := xtFilter{info: t.info}
	empty.info.numEntries = 0
	rules := 0
	for at := 0; at < len(t.entries); {
		end, err := t.end(at)
		if err != nil {
			return xtFilter{}, 0, err
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
func (t xtFilter) end(at int) (int, error) {
	rest := t.entries[at:]
	if len(rest) < iptEntrySize {
		return 0, errXTables
	}
	size := int(binary.NativeEndian.Uint16(rest[iptNextOffset:]))
	target := int(binary.NativeEndian.Uint16(rest[iptTargetOffset:]))
	if size > len(rest) || target < iptEntrySize || target+xtTargetSize > size {
		return 0, errXTables
	}
	return at + size, nil
}

var errXTables = errors.New("malformed table from the kernel")

func (t xtFilter) isError(at int) bool {
	if _, err := t.end(at); err != nil {
		return false
	}
	target := at + int(binary.NativeEndian.Uint16(t.entries[at+iptTargetOffset:]))
	return bytes.HasPrefix(t.entries[target+xtTargetName:], []byte("ERROR\x00"))
}

func (t xtFilter) beginsHook(at int) bool {
	for hook, entry := range t.info.hookEntry {
		if t.valid(hook) && int(entry) == at {
			return true
		}
	}
	return false
}

func (t xtFilter) valid(hook int) bool { return t.info.validHooks&(1<<hook) != 0 }
