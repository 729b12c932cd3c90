package netfilter

import (
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/modprobe"
)

// Redirection is the command that takes packets like p to a server that listens
// on another address of the machine: that of the interface they come in by.
func (Filter) Redirection(p Packet) (string, error) {
	program, err := Filter{}.IPTables(ipvs.FamilyOf(p.Dst))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s -t nat -A PREROUTING -d %s -p %s --dport %d -j REDIRECT", program, p.Dst, protocolName(p), p.Port), nil
}

// IPTables is the program for a rule of a family that there is none like yet: the
// one of nf_tables if the kernel has that.
func (Filter) IPTables(family ipvs.AddressFamily) (string, error) {
	protocols, program := uint8(unix.NFPROTO_IPV4), "iptables"
	if family == ipvs.INET6 {
		protocols, program = unix.NFPROTO_IPV6, "ip6tables"
	}
	known, err := nftKnows(protocols)
	if err != nil {
		return "", fmt.Errorf("nf_tables: %w", err)
	}
	if known {
		return installed(program, "nft"), nil
	}
	return installed(program, "legacy"), nil
}

// nftKnows reports whether the kernel has nf_tables of a protocol family. It
// begins a transaction that makes a table, and does not end it: the kernel
// answers, and discards the table, as for "nft --check".
func nftKnows(family uint8) (bool, error) {
	if modprobe.Loadable("nf_tables") {
		return true, nil // once somebody asks
	}
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer c.Close()
	table := nftMessage(unix.NFT_MSG_NEWTABLE, netlink.Acknowledge|netlink.Create, family)
	if _, err := c.SendMessages([]netlink.Message{nftBatch(unix.NFNL_MSG_BATCH_BEGIN), table}); err != nil {
		return false, err
	}
	switch _, err := c.Receive(); {
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EINVAL), errors.Is(err, unix.EAFNOSUPPORT):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}
