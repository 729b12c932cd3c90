package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Namespace tells a network namespace from every other one that there is, was
// or will be.
type Namespace struct {
	// ID is that of [NamespaceID].
	ID uint64 `json:"id"`
	// Boot is the kernel's name for this run of it (random(4), boot_id): the
	// next one counts cookies anew. It is empty where /proc does not tell, as in
	// a unit with ProcSubset=pid.
	Boot string `json:"boot"`
	// Inode is the number that /proc shows; the next namespace may get it.
	Inode uint64 `json:"inode"`
	// Created is when the namespace's loopback got 127.0.0.1, in hundredths of
	// a second since boot. Zero: that is not known, or the ID tells enough.
	Created uint32 `json:"created,omitempty"`
}

// CurrentNamespace is the network namespace of the calling thread.
func CurrentNamespace() (n Namespace, err error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return n, err
	}
	n.Boot = strings.TrimSpace(string(boot))
	if n.Inode, err = namespaceInode(threadNamespace); err != nil {
		return n, err
	}
	if n.ID, err = namespaceCookie(); err == nil {
		return n, nil
	}
	n.ID = n.Inode
	n.Created, err = loopbackCreated()
	return n, err
}

// SameAs reports whether n and other are one namespace.
func (n Namespace) SameAs(other Namespace) bool {
	created := n.Created == other.Created || n.Created == 0 || other.Created == 0
	return n.ID == other.ID && n.SameBoot(other) && created
}

// SameBoot reports whether n and other are of one run of the kernel, as far as
// that is known.
func (n Namespace) SameBoot(other Namespace) bool {
	return n.Boot == other.Boot || n.Boot == "" || other.Boot == ""
}

// loopbackCreated is when 127.0.0.1 was added (IFA_CACHEINFO, cstamp of struct
// ifa_cacheinfo, linux/if_addr.h); zero: it was not.
func loopbackCreated() (uint32, error) {
	req := nl.NewNetlinkRequest(unix.RTM_GETADDR, unix.NLM_F_DUMP)
	req.AddData(nl.NewIfInfomsg(unix.AF_INET))
	messages, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWADDR)
	if err != nil {
		return 0, fmt.Errorf("read addresses: %w", err)
	}
	for _, m := range messages {
		attrs, err := nl.ParseRouteAttr(m[unix.SizeofIfAddrmsg:])
		if err != nil {
			return 0, err
		}
		var loopback bool
		var created uint32
		for _, a := range attrs {
			switch {
			case a.Attr.Type == unix.IFA_LOCAL && len(a.Value) == 4:
				loopback = [4]byte(a.Value) == [4]byte{127, 0, 0, 1}
			case a.Attr.Type == unix.IFA_CACHEINFO && len(a.Value) >= 12:
				created = nl.NativeEndian().Uint32(a.Value[8:])
			}
		}
		if loopback {
			return created, nil
		}
	}
	return 0, nil
}

// initialPIDs is the inode of the first namespace of processes
// (PROC_PID_INIT_INO, linux/proc_ns.h).
const initialPIDs = 0xEFFFFFFC

// errUnseen: who shares its /run with others may not see their processes.
var errUnseen = errors.New("not all processes can be seen")

// NamespacesHeld returns the inodes of all network namespaces that a process, an
// open file or a mount holds. It is an error if not every process can be seen.
func NamespacesHeld() (map[uint64]bool, error) {
	if pids, err := namespaceInode("/proc/self/ns/pid"); err != nil || pids != initialPIDs {
		return nil, errors.Join(errUnseen, err)
	}
	held, mounts := map[uint64]bool{}, map[string]bool{}
	hold := func(word string) {
		digits, ok := strings.CutPrefix(word, "net:[")
		if inode, err := strconv.ParseUint(strings.TrimSuffix(digits, "]"), 10, 64); ok && err == nil {
			held[inode] = true
		}
	}
	for _, pattern := range []string{"/proc/[0-9]*/task/*/ns/net", "/proc/[0-9]*/fd/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, f := range files { // of what has ended meanwhile nothing is held
			target, err := os.Readlink(f)
			if errors.Is(err, fs.ErrPermission) { // CAP_SYS_PTRACE is missing
				return nil, errUnseen
			}
			hold(target)
		}
	}
	tables, err := filepath.Glob("/proc/[0-9]*/mountinfo")
	if err != nil {
		return nil, err
	}
	for _, f := range tables {
		if space, _ := os.Readlink(filepath.Join(filepath.Dir(f), "ns/mnt")); mounts[space] {
			continue
		} else {
			mounts[space] = true
		}
		text, _ := os.ReadFile(f)
		for word := range strings.FieldsSeq(string(text)) {
			hold(word)
		}
	}
	return held, nil
}
