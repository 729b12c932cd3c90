package imports

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// Keepalived is the draft of a file of keepalived.conf(5) and of those that it
// includes.
func Keepalived(f Text, files Files) Draft {
	var d Draft
	var all []statement
	x := reader{files: files, remark: d.remark, parameters: map[string]string{}, open: []*[]statement{&all}}
	x.file(f, "")
	if len(x.open) > 1 {
		d.remark("the file ends within a block")
	}
	k := keepalived{draft: &d, groups: map[string]*group{}, user: "root"}
	for _, s := range all {
		switch s.keyword() {
		case "virtual_server_group":
			k.groups[s.arg(1)] = &group{statement: s}
		case "global_defs":
			k.global(s)
		}
	}
	for _, s := range all {
		switch s.keyword() {
		case "virtual_server":
			k.virtual(s)
		case "virtual_server_group", "global_defs":
		case "vrrp_instance":
			k.instance(s)
		default:
			k.notes.unsaid(s)
		}
	}
	for _, s := range all {
		if s.keyword() == "virtual_server_group" && !k.groups[s.arg(1)].used {
			d.remark("%s not imported: virtual_server_group %s: no virtual server is of it", s.at, s.arg(1))
		}
	}
	if len(d.Services) == 0 {
		d.VIPs = nil // of VRRP alone
	}
	d.Remarks = append(d.Remarks, k.notes.lines()...)
	return d
}

type keepalived struct {
	draft  *Draft
	groups map[string]*group
	notes  notes  // of no virtual server
	user   string // of programs
	// servers are the real servers of all services.
	servers int
}

type group struct {
	statement
	used bool
}

// understands reports whether a statement is about what vs watch does in its own
// way, and says so.
func (k *keepalived) understands(s statement) bool {
	own := map[string]string{
		"alpha": "vs watch always waits for a first answer", "warmup": "vs watch spreads its questions by itself",
		"delay_before_retry": "vs watch asks again sooner by itself while a verdict changes",
	}[s.keyword()]
	if own == "" {
		return false
	}
	k.notes.add(s.at, "not imported: "+s.keyword()+": "+own)
	return true
}

func (k *keepalived) global(s statement) {
	for _, one := range s.body {
		switch one.keyword() {
		case "router_id": // a name for its own mails
		case "script_user":
			if k.user = one.arg(1); one.arg(2) != "" {
				k.draft.remark("%s not imported: the group %s: a check has the groups of its user", one.at, one.arg(2))
			}
		case "lvs_timeouts":
			k.timeouts(one)
		case "lvs_sync_daemon":
			k.sync(one)
		default:
			k.notes.unsaid(one)
		}
	}
}

func (k *keepalived) timeouts(s statement) {
	t := &k.draft.Timeouts
	for i := 1; i < len(s.words); i += 2 {
		to := map[string]*uint32{"tcp": &t.TCP, "tcpfin": &t.TCPFin, "udp": &t.UDP}[s.words[i]]
		if n, err := parseNumber(s.arg(i + 1)); err == nil && to != nil {
			*to = n
		} else {
			k.draft.remark("%s not imported: lvs_timeouts %s %s", s.at, s.words[i], s.arg(i+1))
		}
	}
}

// sync is both daemons: which of them runs follows VRRP there.
func (k *keepalived) sync(s statement) {
	d := ipvs.Daemon{Interface: s.arg(1)}
	words := s.words[min(2, len(s.words)):]
	for len(words) > 0 {
		value := ""
		if len(words) > 1 {
			value = words[1]
		}
		n, err := strconv.ParseUint(value, 10, 16)
		switch words[0] {
		case "id":
			d.SyncID = uint32(n)
		case "maxlen":
			d.MaxLen = uint16(n)
		case "port":
			d.Port = uint16(n)
		case "ttl":
			d.TTL = uint8(n)
		case "group":
			d.Group, err = netip.ParseAddr(value)
		case "inst":
			err = nil
		default: // the instance
			words = words[1:]
			continue
		}
		if err != nil {
			k.draft.remark("%s not imported: lvs_sync_daemon: %s %s", s.at, words[0], value)
		}
		words = words[min(2, len(words)):]
	}
	for _, role := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
		d.State = role
		k.draft.Daemons = append(k.draft.Daemons, d)
	}
}

// instance takes the VIPs of VRRP, which marks stand for.
func (k *keepalived) instance(s statement) {
	for _, one := range s.body {
		if one.keyword() != "virtual_ipaddress" && one.keyword() != "virtual_ipaddress_excluded" {
			continue
		}
		for _, line := range one.body {
			addr, _, _ := strings.Cut(line.keyword(), "/")
			vip, err := netip.ParseAddr(addr)
			switch {
			case err == nil && !slices.Contains(k.draft.VIPs, vip):
				k.draft.VIPs = append(k.draft.VIPs, vip)
			case err != nil:
				k.draft.remark("%s not imported: %s", line.at, strings.Join(line.words, " "))
			}
		}
	}
	k.draft.remark("%s: vrrp_instance %s stays keepalived's: this file has no second director", s.at, s.arg(1))
}
