package check

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// Parameters of IPVS (kernel: ipvs-sysctl.rst).
const (
	expireNoDest = "net.ipv4.vs.expire_nodest_conn"
	reuseMode    = "net.ipv4.vs.conn_reuse_mode"
	quiescent    = "net.ipv4.vs.expire_quiescent_template"
	backupOnly   = "net.ipv4.vs.backup_only"
	sloppyTCP    = "net.ipv4.vs.sloppy_tcp"
	dropEntry    = "net.ipv4.vs.drop_entry"
	dropPacket   = "net.ipv4.vs.drop_packet"
	estimation   = "net.ipv4.vs.run_estimation" // from Linux 5.18 on
	mostConns    = "net.ipv4.vs.conn_max"       // Linux 7
	conntrack    = "net.ipv4.vs.conntrack"      // whether its connections are tracked

	// Whether connection tracking takes up a connection whose beginning it has not
	// seen (kernel: nf_conntrack-sysctl.rst).
	tcpLoose = "net.netfilter.nf_conntrack_tcp_loose"
)

// judgeSettings looks at net.ipv4.vs, whose values decide what becomes of
// connections that the director remembers.
func judgeSettings(m *facts, f *finding) error {
	for _, judge := range []func(*facts, *finding) error{judgeExpiry, judgeReuse, judgeTemplates, judgeBackup, judgeSloppy, judgeDefence, judgeEstimation, judgeLimit} {
		if err := judge(m, f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// judgeExpiry: the kernel's own value is 0.
func judgeExpiry(m *facts, f *finding) error {
	value, err := m.sysctl(expireNoDest)
	if err != nil {
		return err
	}
	if value == 0 {
		f.warn("expire_nodest_conn is 0: connections of a real server that was removed are sent nowhere until they are forgotten").
			mend("sysctl -w " + expireNoDest + "=1")
	} else {
		f.pass("expire_nodest_conn is %d", value)
	}
	return nil
}

// judgeReuse judges conn_reuse_mode: before Linux 5.9 a client that used a port again
// waited for a second if connections were tracked, unless the mode was 0; since then 0
// only keeps the client at its old real server, whatever the weights say.
func judgeReuse(m *facts, f *finding) error {
	value, err := m.sysctl(reuseMode)
	if err != nil {
		return err
	}
	tracked, err := m.sysctl(conntrack)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	release, err := m.release.get()
	if err != nil {
		return err
	}
	switch old := olderThan(release, 5, 9); {
	case old && value != 0 && tracked != 0:
		f.warn("conn_reuse_mode is %d on Linux %s: a client that reuses a port waits a second", value, release).mend("sysctl -w " + reuseMode + "=0")
	case !old && value == 0:
		f.warn("conn_reuse_mode is 0: a client that reuses a port stays with its last real server, even one of weight 0").mend("sysctl -w " + reuseMode + "=1")
	default:
		f.pass("conn_reuse_mode is %d", value)
	}
	return nil
}

// judgeTemplates: persistence has a client come back to its real server whatever
// that one's weight, unless the parameter says otherwise.
func judgeTemplates(m *facts, f *finding) error {
	if !slices.ContainsFunc(m.Config.Services, func(s config.Service) bool { return s.Persistent != 0 }) {
		return nil
	}
	value, err := m.sysctl(quiescent)
	switch {
	case err != nil:
		return err
	case value == 0:
		f.warn("expire_quiescent_template is 0: clients that persistence binds to a real server keep coming when it is drained").
			mend("sysctl -w " + quiescent + "=1")
	default:
		f.pass("expire_quiescent_template is %d", value)
	}
	return nil
}

// judgeBackup is about two directors. One that is also a real server gets the
// other's packets while that is active, and its own table would send them on
// again; backup_only prevents this while it runs a backup daemon. But then it
// balances nothing, even if the VIP is here (kernel: ipvs-sysctl.rst; measured on
// Linux 6.1: connections are refused).
func judgeBackup(m *facts, f *finding) error {
	backup := slices.ContainsFunc(m.Config.Sync.Daemons(), func(d ipvs.Daemon) bool { return d.State == ipvs.Backup })
	standby := m.vrrp.value && !slices.ContainsFunc(m.vips(), m.holds)
	if !backup && !(standby && m.share.Listed) {
		return nil
	}
	value, err := m.sysctl(backupOnly)
	switch {
	case err != nil:
		return err
	case value != 0 && backup && !standby:
		f.fail("backup_only is %d: with a backup daemon, and the VIP here, this director balances nothing", value).mend("sysctl -w " + backupOnly + "=0")
	case value == 0 && standby && m.share.Listed:
		f.warn("backup_only is 0: this director is a real server, too, and balances once more what the active one sends it").mend("sysctl -w " + backupOnly + "=1")
		if !backup {
			f.mend("ipvsadm --start-daemon backup") // without one backup_only does nothing
		}
	default:
		f.pass("backup_only is %d", value)
	}
	return nil
}

// judgeSloppy: with mh both directors of a pair choose the same real server, but the
// kernel drops what is not the beginning of a connection that it does not know.
func judgeSloppy(m *facts, f *finding) error {
	if !m.byVRRP() || len(m.Config.Sync.Daemons()) > 0 || !slices.ContainsFunc(m.Config.Services, func(s config.Service) bool {
		return s.Scheduler == ipvs.MaglevHash && (s.Protocol == ipvs.TCP || s.FWMark != 0)
	}) {
		return nil
	}
	value, err := m.sysctl(sloppyTCP)
	switch {
	case err != nil:
		return err
	case value == 0:
		f.warn("sloppy_tcp is 0: connections that were open when the VIP comes here are dropped, although mh would find their real server").
			mend("sysctl -w " + sloppyTCP + "=1")
	default:
		f.pass("sloppy_tcp is %d", value)
	}
	return nil
}

// judgeDefence: what IPVS throws away so as to bear a flood; 3 is always (kernel:
// ipvs-sysctl.rst). With am_droprate 1 drop_packet leaves nothing.
func judgeDefence(m *facts, f *finding) error {
	for _, name := range []string{dropEntry, dropPacket} {
		const always = 3
		value, err := m.optional(name, 0)
		switch {
		case err != nil:
			return err
		case value == always:
			f.fail("%s is %d: the kernel drops some client packets even without a flood", strings.TrimPrefix(name, "net.ipv4.vs."), value).mend("sysctl -w " + name + "=0")
		}
	}
	return nil
}

// judgeEstimation: without it what is shown of rates is nothing at all.
func judgeEstimation(m *facts, f *finding) error {
	value, err := m.optional(estimation, 1)
	if err == nil && value == 0 {
		f.warn("run_estimation is 0: the kernel counts, but every rate stays 0").mend("sysctl -w " + estimation + "=1")
	}
	return err
}

// judgeLimit warns before the kernel takes no more connections.
func judgeLimit(m *facts, f *finding) error {
	const unlimited = 1 << 30 // the kernel's own value, and its largest
	limit, err := m.optional(mostConns, unlimited)
	if err != nil || m.IPVS != nil {
		return err
	}
	var now uint64
	for _, v := range m.Status.Services {
		for _, r := range v.RealServers {
			now += uint64(r.Active) + uint64(r.Inactive)
		}
	}
	if now >= uint64(limit)/10*9 {
		f.warn("conn_max is %d, and there are %d connections: at the limit new clients are turned away", limit, now).
			mend(fmt.Sprintf("sysctl -w %s=%d", mostConns, unlimited))
	}
	return nil
}

// olderThan compares what "uname -r" prints, such as 5.4.0-150-generic. What
// cannot be read is taken for new.
func olderThan(release string, major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(release, "%d.%d", &a, &b); n != 2 {
		return false
	}
	return a < major || a == major && b < minor
}
