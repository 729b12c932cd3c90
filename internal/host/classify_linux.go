package host

import (
	"errors"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Classifiers are the interfaces with something that may drop or change packets
// before the packet filter sees them: a program of XDP, or filters of tc-ingress
// (qdiscs ingress and clsact). What these do is not asked. Links are all
// interfaces: the kernel tells their numbers only.
func (h *Host) Classifiers(links []Link) (names []string, err error) {
	found, err := whole(netlink.LinkList)
	if err != nil {
		return nil, err
	}
	for _, l := range found {
		if xdp := l.Attrs().Xdp; xdp != nil && xdp.Attached {
			names = append(names, l.Attrs().Name)
		}
	}
	qdiscs, err := whole(func() ([]netlink.Qdisc, error) { return netlink.QdiscList(nil) })
	if errors.Is(err, unix.EOPNOTSUPP) { // a kernel without any
		return names, nil
	}
	byNumber := namesOf(links)
	for _, q := range qdiscs {
		name := byNumber[q.Attrs().LinkIndex]
		if (q.Type() == "ingress" || q.Type() == "clsact") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, err
}
