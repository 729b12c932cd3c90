package netfilter

import (
	"errors"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"lvsdr/internal/modprobe"
)

// nftBases reads the base chains of some protocol families of nf_tables, with
// all that they call.
func nftBases(families ...uint8) ([]base, error) {
	var all []base
	for _, family := range families {
		messages, err := readNFT(family)
		if err != nil {
			return nil, err
		}
		all = append(all, decodeNFT(family, messages)...)
	}
	return all, nil
}

// readNFT reads what nf_tables has of a protocol family: tables, chains, rules,
// sets and their elements, as the kernel's messages. A kernel without nf_tables,
// or without that family, has nothing.
func readNFT(family uint8) ([]netlink.Message, error) {
	if modprobe.Loadable("nf_tables") {
		return nil, nil // to look at its rules would load it
	}
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer c.Close()
	for range attempts {
		before, err := generation(c)
		if err != nil {
			return nil, ignoreMissing(err)
		}
		messages, dumpErr := dumpNFT(c, family)
		if after, err := generation(c); err != nil || before == after {
			return messages, errors.Join(ignoreMissing(dumpErr), err)
		}
	}
	return nil, unix.EAGAIN
}

// ignoreMissing is no error where the kernel lacks what was asked for.
func ignoreMissing(err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}

// generation is a number that every change to nf_tables counts up.
func generation(c *netlink.Conn) (uint32, error) {
	answers, err := c.Execute(nftRequest(unix.NFT_MSG_GETGEN, 0, unix.AF_UNSPEC, nil))
	if err != nil || len(answers) == 0 {
		return 0, err
	}
	return attributesOf(answers[0]).uint32(unix.NFTA_GEN_ID), nil
}

func dumpNFT(c *netlink.Conn, family uint8) ([]netlink.Message, error) {
	var all []netlink.Message
	for _, kind := range []netlink.HeaderType{unix.NFT_MSG_GETTABLE, unix.NFT_MSG_GETCHAIN, unix.NFT_MSG_GETRULE, unix.NFT_MSG_GETSET} {
		found, err := c.Execute(nftRequest(kind, netlink.Dump, family, nil))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	for _, m := range all {
		if nftKind(m) != unix.NFT_MSG_NEWSET {
			continue
		}
		set := attributesOf(m)
		found, err := c.Execute(nftRequest(unix.NFT_MSG_GETSETELEM, netlink.Dump, family, []netlink.Attribute{
			{Type: unix.NFTA_SET_ELEM_LIST_TABLE, Data: set[unix.NFTA_SET_TABLE]},
			{Type: unix.NFTA_SET_ELEM_LIST_SET, Data: set[unix.NFTA_SET_NAME]},
		}))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func nftRequest(kind netlink.HeaderType, flags netlink.HeaderFlags, family uint8, attrs []netlink.Attribute) netlink.Message {
	data, _ := netlink.MarshalAttributes(attrs) // fails for none of these
	return netlink.Message{
		Header: netlink.Header{Type: unix.NFNL_SUBSYS_NFTABLES<<8 | kind, Flags: netlink.Request | flags},
		Data:   append(nfgenmsg(family, 0), data...),
	}
}

// nftKind is a message's type within nf_tables.
func nftKind(m netlink.Message) netlink.HeaderType { return m.Header.Type & 0xff }
