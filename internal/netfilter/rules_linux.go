package netfilter

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"lvsdr/internal/modprobe"
)

// FilterRules counts the rules of the IPv4 table "filter", as iptables calls
// it: of nf_tables and of the older x_tables, whichever are in use. Policies are
// not rules; no table has none. EPERM: CAP_NET_ADMIN is missing.
func (Filter) FilterRules() (int, error) {
	rules, err := nftRules(unix.NFPROTO_IPV4)
	if err != nil {
		return 0, fmt.Errorf("nf_tables: %w", err)
	}
	t, err := xtIPv4().readTable(filterTable)
	if err != nil {
		return 0, fmt.Errorf("ip_tables: %w", err)
	}
	_, legacy, err := t.emptied()
	if err != nil {
		return 0, fmt.Errorf("ip_tables: %w", err)
	}
	return rules + legacy, nil
}

// FlushFilter deletes the rules that [Filter.FilterRules] counts. Chains and
// their policies stay, as after "iptables -F".
func (Filter) FlushFilter() error {
	if err := nftFlush(unix.NFPROTO_IPV4); err != nil {
		return fmt.Errorf("nf_tables: %w", err)
	}
	if err := flushLegacyFilter(); err != nil {
		return fmt.Errorf("ip_tables: %w", err)
	}
	return nil
}

// nftRules counts the rules of the table "filter" of a protocol family. A
// kernel without nf_tables, or without that family, has none.
func nftRules(family uint8) (int, error) {
	if modprobe.Loadable("nf_tables") {
		return 0, nil // to look would load it
	}
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if errors.Is(err, unix.EPROTONOSUPPORT) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer c.Close()
	rules, err := c.Execute(nftMessage(unix.NFT_MSG_GETRULE, netlink.Dump, family))
	return len(rules), ignoreMissing(err)
}

// nftFlush deletes the rules of the table "filter" of a protocol family in one
// transaction. Without such a table there is nothing to do.
func nftFlush(family uint8) error {
	rules, err := nftRules(family)
	if err != nil || rules == 0 {
		return err
	}
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	flush := nftMessage(unix.NFT_MSG_DELRULE, netlink.Acknowledge, family)
	batch := []netlink.Message{nftBatch(unix.NFNL_MSG_BATCH_BEGIN), flush, nftBatch(unix.NFNL_MSG_BATCH_END)}
	if _, err := c.SendMessages(batch); err != nil {
		return err
	}
	if _, err := c.Receive(); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nil
}

// nftMessage is about all rules of the table "filter".
func nftMessage(kind netlink.HeaderType, flags netlink.HeaderFlags, family uint8) netlink.Message {
	return nftRequest(kind, flags, family, []netlink.Attribute{{Type: unix.NFTA_RULE_TABLE, Data: []byte(filterTable + "\x00")}})
}

// nftBatch is one end of a transaction.
func nftBatch(kind netlink.HeaderType) netlink.Message {
	return netlink.Message{
		Header: netlink.Header{Type: kind, Flags: netlink.Request},
		Data:   nfgenmsg(unix.AF_UNSPEC, unix.NFNL_SUBSYS_NFTABLES),
	}
}

// nfgenmsg is the header of that name in linux/netfilter/nfnetlink.h.
func nfgenmsg(family uint8, resource uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{family, unix.NFNETLINK_V0}, resource)
}
