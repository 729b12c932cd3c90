package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/hint"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/status"
)

// roles are what ipvsadm calls the synchronisation daemons.
var roles = ipvs.Words[ipvs.DaemonState]{{Name: "master", Value: ipvs.Master}, {Name: "backup", Value: ipvs.Backup}}

// lookAtDaemons reads the daemons where start may have to do with them.
func (s *State) lookAtDaemons(t Table, w Wish) (err error) {
	if len(w.Daemons) > 0 || w.Role == Director && len(s.Record.Daemons) > 0 {
		s.daemons, err = t.Daemons()
	}
	return err
}

// daemonOf is the daemon of a role; nil: there is none.
func daemonOf(role ipvs.DaemonState, all []ipvs.Daemon) *ipvs.Daemon {
	i := slices.IndexFunc(all, func(d ipvs.Daemon) bool { return d.State == role })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// What the kernel takes where a daemon does not say (ipvsadm(8)).
const (
	syncPort = 8848
	syncTTL  = 1
)

var syncGroup = netip.AddrFrom4([4]byte{224, 0, 0, 81})

// syncDifferences are the keys in which a running daemon differs from the wanted one,
// in the words of the file. Kernels before Linux 4.3 report only interface and id. A
// length that the kernel chose cannot be told from another one.
func syncDifferences(have, want *ipvs.Daemon) (all []string) {
	for _, d := range []struct {
		name   string
		differ bool
	}{
		{"interface", have.Interface != want.Interface},
		{"id", have.SyncID != want.SyncID},
		{"max_len", have.MaxLen != 0 && want.MaxLen != 0 && have.MaxLen != grantedLen(want)},
		{"group", have.Group.IsValid() && have.Group != cmp.Or(want.Group, syncGroup)},
		{"port", have.Port != 0 && have.Port != cmp.Or(want.Port, syncPort)},
		{"ttl", have.TTL != 0 && have.TTL != cmp.Or(want.TTL, syncTTL)},
	} {
		if d.differ {
			all = append(all, d.name)
		}
	}
	return all
}

// grantedLen is what the kernel makes of the length of a message: a backup takes
// 1024 bytes at least, and a packet has room for the headers of IP and UDP.
func grantedLen(d *ipvs.Daemon) uint16 {
	least, most := uint16(1), uint16(65535-20-8)
	if d.State == ipvs.Backup {
		least = 1024
	}
	if d.Group.Is6() {
		most = 65535 - 40 - 8
	}
	return min(max(d.MaxLen, least), most)
}

// isOurs reports whether a running daemon is the one that start put there.
func (s *State) isOurs(have *ipvs.Daemon) bool {
	r := daemonOf(have.State, s.Record.Daemons)
	return r != nil && len(syncDifferences(have, r)) == 0
}

// inPlace reports whether a running daemon is as wanted. Of ours it is known what
// was asked of the kernel.
func (s *State) inPlace(have, want *ipvs.Daemon) bool {
	return len(syncDifferences(have, want)) == 0 && (!s.isOurs(have) || *daemonOf(have.State, s.Record.Daemons) == *want)
}

// startDaemons returns the changes that end our unwanted daemons, and those that start
// the wanted ones. The former come first: only then does the kernel accept real
// servers of another family than their service's. If somebody else runs a daemon, none
// is started.
func startDaemons(w Wish, s State, others holders) (ended, started []Change, err error) {
	if w.Role != Director {
		return nil, nil, nil
	}
	var foreign *ipvs.Daemon
	for _, role := range roles {
		have, want := daemonOf(role.Value, s.daemons), daemonOf(role.Value, w.Daemons)
		ours := have != nil && s.isOurs(have)
		if have != nil && !ours {
			foreign = have
		}
		switch {
		case have == nil && want == nil, want != nil && have != nil && s.inPlace(have, want), want == nil && others.daemons[role.Name].isSomebody():
			continue
		case ours && want == nil:
			ended = append(ended, stopDaemon(*daemonOf(role.Value, s.Record.Daemons)))
		case ours:
			started = append(started, stopDaemon(*daemonOf(role.Value, s.Record.Daemons)))
		}
		if want != nil {
			started = append(started, startDaemon(*want))
		}
	}
	switch {
	case started != nil && foreign != nil:
		return nil, nil, foreignDaemon(foreign)
	case started != nil && !slices.ContainsFunc(s.Links, func(l host.Link) bool { return l.Name == w.Daemons[0].Interface }):
		return nil, nil, hint.Add(fmt.Errorf("there is no interface %s for synchronisation", w.Daemons[0].Interface),
			"see: ip link; name another one in the file: sync: {interface: NAME}")
	}
	return ended, started, nil
}

// foreignDaemon says why no daemon is started.
func foreignDaemon(d *ipvs.Daemon) error {
	name := roles.Name(d.State)
	return hint.Add(fmt.Errorf("a %s synchronisation daemon that lvsdr did not start runs on %s with id %d", name, d.Interface, d.SyncID),
		"leave it to the program that started it, as keepalived does with lvs_sync_daemon, and take sync out of the file; or stop it: ipvsadm --stop-daemon "+name)
}

// startDaemon starts a daemon, which is recorded first.
func startDaemon(d ipvs.Daemon) Change {
	return Change{
		Line: daemonLine(d),
		do: func(at Site) error {
			if err := at.Record.rememberDaemon(d); err != nil {
				return err
			}
			return at.StartDaemon(d)
		},
		undo: func(at Site) error { return at.StopDaemon(d) },
	}
}

func stopDaemon(d ipvs.Daemon) Change {
	return Change{
		Line: "ipvsadm --stop-daemon " + roles.Name(d.State),
		do:   func(at Site) error { return at.StopDaemon(d) },
		undo: func(at Site) error { return at.StartDaemon(d) },
	}
}

func daemonLine(d ipvs.Daemon) string {
	line := fmt.Sprintf("ipvsadm --start-daemon %s --mcast-interface %s --syncid %d", roles.Name(d.State), d.Interface, d.SyncID)
	if d.MaxLen != 0 {
		line += fmt.Sprintf(" --sync-maxlen %d", d.MaxLen)
	}
	if d.Group.IsValid() {
		line += " --mcast-group " + d.Group.String()
	}
	if d.Port != 0 {
		line += fmt.Sprintf(" --mcast-port %d", d.Port)
	}
	if d.TTL != 0 {
		line += fmt.Sprintf(" --mcast-ttl %d", d.TTL)
	}
	return line
}

// rememberDaemon notes what was asked of the kernel.
func (r *Record) rememberDaemon(d ipvs.Daemon) error {
	r.Daemons = slices.DeleteFunc(slices.Clone(r.Daemons), func(old ipvs.Daemon) bool { return old.State == d.State })
	r.Daemons = append(r.Daemons, d)
	slices.SortFunc(r.Daemons, func(a, b ipvs.Daemon) int { return cmp.Compare(a.State, b.State) })
	return r.save()
}

// reportDaemons are the wanted daemons, and those of ours that are wanted no
// more.
func reportDaemons(w Wish, s State, others holders) (all []status.Daemon) {
	if w.Role != Director {
		return nil
	}
	for _, role := range roles {
		have, want := daemonOf(role.Value, s.daemons), daemonOf(role.Value, w.Daemons)
		one := status.Daemon{Role: role.Name, State: status.OK}
		switch {
		case have == nil && want == nil, want == nil && (!s.isOurs(have) || others.daemons[role.Name].isSomebody()):
			continue
		case have == nil:
			one.State = status.Missing
			have = want
		case want == nil:
			one.State, one.Differs = status.Differs, []string{"unlisted"}
		case !s.inPlace(have, want):
			one.State, one.Differs = status.Differs, syncDifferences(have, want)
		}
		one.Interface, one.ID, one.MaxLen, one.Port, one.TTL = have.Interface, have.SyncID, have.MaxLen, have.Port, have.TTL
		if have.Group.IsValid() {
			one.Group = have.Group.String()
		}
		all = append(all, one)
	}
	return all
}
