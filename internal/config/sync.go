package config

import (
	"errors"
	"fmt"
	"io"
	"net/netip"

	"lvsdr/internal/ipvs"
)

// Sync are the synchronisation daemons of the director: they tell another one
// of its connections, or hear of the other one's.
type Sync struct {
	Roles     []ipvs.DaemonState // master, backup or both
	Interface string             // where they talk, by multicast
	ID        uint32             // 0 to 255; a backup hears only masters of its own
	// MaxLen, Group, Port and TTL are the kernel's choice where they are zero.
	MaxLen uint16 // bytes of a message
	Group  netip.Addr
	Port   uint16
	TTL    uint8
}

// Daemons are the daemons as the kernel should have them; none without sync.
func (s *Sync) Daemons() (all []ipvs.Daemon) {
	if s == nil {
		return nil
	}
	for _, role := range s.Roles {
		all = append(all, ipvs.Daemon{
			State: role, Interface: s.Interface, SyncID: s.ID, MaxLen: s.MaxLen, Group: s.Group, Port: s.Port, TTL: s.TTL,
		})
	}
	return all
}

// Limits of ipvsadm --start-daemon.
const (
	maxSyncID  = 255
	maxSyncLen = 65507 // of UDP over IPv4
)

var (
	daemonInterface = kind[string]{want: "the name of an interface", parse: parseInterface}
	multicastGroup  = kind[netip.Addr]{want: "a multicast address", parse: parseGroup}
)

// The words for the daemons that a director runs.
const (
	masterRole = "master"
	backupRole = "backup"
	bothRoles  = "both"
)

func syncRole() kind[string] {
	var words ipvs.Words[string]
	for _, name := range []string{masterRole, backupRole, bothRoles} {
		words = append(words, ipvs.Word[string]{Name: name, Value: name})
	}
	return oneOf(words)
}

func rolesOf(word string) []ipvs.DaemonState {
	switch word {
	case masterRole:
		return []ipvs.DaemonState{ipvs.Master}
	case backupRole:
		return []ipvs.DaemonState{ipvs.Backup}
	}
	return []ipvs.DaemonState{ipvs.Master, ipvs.Backup}
}

// role is the word for the roles.
func (s *Sync) role() string {
	switch {
	case len(s.Roles) > 1:
		return bothRoles
	case s.Roles[0] == ipvs.Master:
		return masterRole
	}
	return backupRole
}

// sync reads the daemons. What is not said is as ipvsadm --start-daemon has it,
// which has no default for the role.
func (r *reader) sync(to **Sync) func(value) {
	return func(v value) {
		s := &Sync{Interface: "eth0"}
		*to = s
		role := bothRoles
		r.mapping(v, fields{
			{"role", set(r, &role, syncRole())},
			{"interface", set(r, &s.Interface, daemonInterface)},
			{"id", set(r, &s.ID, number[uint32](0, maxSyncID))},
			{"max_len", set(r, &s.MaxLen, number[uint16](1, maxSyncLen))},
			{"group", set(r, &s.Group, multicastGroup)},
			{"port", set(r, &s.Port, number[uint16](1, 65535))},
			{"ttl", set(r, &s.TTL, number[uint8](1, 255))},
		})
		s.Roles = rolesOf(role)
	}
}

// timeouts reads the timeouts of connections.
func (r *reader) timeouts(to *ipvs.Timeouts) func(value) {
	return func(v value) {
		r.mapping(v, fields{
			{"tcp", set(r, &to.TCP, seconds())},
			{"tcpfin", set(r, &to.TCPFin, seconds())},
			{"udp", set(r, &to.UDP, seconds())},
		})
	}
}

func parseGroup(s string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return addr, errors.New("not an address")
	case addr.Zone() != "":
		return addr, errors.New("an address with a zone")
	case addr.Is4In6() || !addr.IsMulticast():
		return addr, errors.New("not a multicast address")
	}
	return addr, nil
}

// checkSync looks for a real server of the other family: the kernel takes none
// while a synchronisation daemon runs, and starts no daemon while it has one.
func checkSync(c Config) *Fault {
	if c.Sync == nil {
		return nil
	}
	for i, s := range c.Services {
		for _, f := range c.families(s) {
			serves := c.serves(s, f)
			for j, r := range c.servers(s) {
				if ipvs.FamilyOf(r.Addr) != f && serves(r) {
					return syncClash(r, f, c.listOf(i).item(j), c.vipOf(i, f))
				}
			}
			for j, r := range s.Sorry.Servers {
				if ipvs.FamilyOf(r.Addr) != f && r.forward(s) == ipvs.Tunnel {
					return syncClash(r, f, path("services").item(i).key("sorry").item(j), c.vipOf(i, f))
				}
			}
		}
	}
	return nil
}

func syncClash(r RealServer, vip ipvs.AddressFamily, also ...path) *Fault {
	return clash(fmt.Sprintf("sync with %s, which is %s behind a VIP of %s", r.Addr, familyName(ipvs.FamilyOf(r.Addr)), familyName(vip)),
		"no sync, or real servers of the VIP's family", "sync", also...)
}

// printDirector writes what only a director has, where it is said.
func (c Config) printDirector(w io.Writer) {
	if t := c.Timeouts; t != (ipvs.Timeouts{}) {
		fmt.Fprintf(w, "timeouts: {tcp: %d, tcpfin: %d, udp: %d}\n", t.TCP, t.TCPFin, t.UDP)
	}
	if c.Sync == nil {
		return
	}
	s := *c.Sync
	fmt.Fprintf(w, "sync:\n  role: %s\n  interface: %s\n  id: %d\n", s.role(), plain(s.Interface), s.ID)
	for _, n := range []struct {
		key   string
		value uint32
	}{{"max_len", uint32(s.MaxLen)}, {"port", uint32(s.Port)}, {"ttl", uint32(s.TTL)}} {
		if n.value != 0 {
			fmt.Fprintf(w, "  %s: %d\n", n.key, n.value)
		}
	}
	if s.Group.IsValid() {
		fmt.Fprintf(w, "  group: %s\n", plain(s.Group.String()))
	}
}
