package machinetest

import (
	"net/netip"
	"slices"
	"syscall"

	"lvsdr/internal/ipvs"
)

// Timeouts is [ipvs.Conn.Timeouts].
func (m *Machine) Timeouts() (ipvs.Timeouts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.timeouts, nil
}

// SetTimeouts is [ipvs.Conn.SetTimeouts].
func (m *Machine) SetTimeouts(t ipvs.Timeouts) error {
	return m.change(func() error {
		for _, v := range []struct {
			have *uint32
			want uint32
		}{{&m.timeouts.TCP, t.TCP}, {&m.timeouts.TCPFin, t.TCPFin}, {&m.timeouts.UDP, t.UDP}} {
			if v.want != 0 {
				*v.have = v.want
			}
		}
		return nil
	})
}

// Daemons is [ipvs.Conn.Daemons].
func (m *Machine) Daemons() ([]ipvs.Daemon, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.daemons), nil
}

// StartDaemon is [ipvs.Conn.StartDaemon], on interfaces with an MTU of 1500.
func (m *Machine) StartDaemon(d ipvs.Daemon) error {
	return m.change(func() error {
		if m.daemon(d.State) >= 0 {
			return syscall.EEXIST
		}
		if _, err := m.link(d.Interface); err != nil {
			return err
		}
		// What ipvsadm(8) names as the defaults of --sync-maxlen,
		// --mcast-group, --mcast-port and --mcast-ttl.
		if d.MaxLen == 0 {
			d.MaxLen = 1500 - 28
		}
		if !d.Group.IsValid() {
			d.Group = netip.MustParseAddr("224.0.0.81")
		}
		if d.Port == 0 {
			d.Port = 8848
		}
		if d.TTL == 0 {
			d.TTL = 1
		}
		m.daemons = append(m.daemons, d)
		slices.SortFunc(m.daemons, func(a, b ipvs.Daemon) int { return int(a.State) - int(b.State) })
		return nil
	})
}

// StopDaemon is [ipvs.Conn.StopDaemon].
func (m *Machine) StopDaemon(d ipvs.Daemon) error {
	return m.change(func() error {
		i := m.daemon(d.State)
		if i < 0 {
			return syscall.ESRCH
		}
		m.daemons = slices.Delete(m.daemons, i, i+1)
		return nil
	})
}

func (m *Machine) daemon(state ipvs.DaemonState) int {
	return slices.IndexFunc(m.daemons, func(d ipvs.Daemon) bool { return d.State == state })
}
