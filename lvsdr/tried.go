package lvsdr

import (
	"net/netip"
	"strings"
	"time"

	"lvsdr/internal/hint"
	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/netfilter"
	"lvsdr/internal/wire"
)

// tried is a machine whose errors say what was tried, for the sake of advice.
// Those of files say it by their path.
type tried struct{ machine }

// openMachine opens the doors that a verb needs.
func (sys system) openMachine(n need) (machine, error) {
	m, err := sys.open(n)
	if err != nil {
		return nil, err
	}
	return tried{m}, nil
}

func (m tried) AddAddress(a host.Address) error {
	return hint.Try(hint.Address, a.Interface, m.machine.AddAddress(a))
}

func (m tried) DeleteAddress(a host.Address) error {
	return hint.Try(hint.Address, a.Interface, m.machine.DeleteAddress(a))
}

func (m tried) Advertise(a host.Advert) error {
	return hint.Try(hint.Address, "", m.machine.Advertise(a))
}

func (m tried) Withdraw(a host.Advert) error {
	return hint.Try(hint.Address, "", m.machine.Withdraw(a))
}

func (m tried) Get(sysctl string) (int, error) {
	value, err := m.machine.Get(sysctl)
	return value, hint.Try(hint.Setting, parameterFile(sysctl), err)
}

func (m tried) Set(sysctl string, value int) error {
	return hint.Try(hint.Setting, parameterFile(sysctl), m.machine.Set(sysctl, value))
}

// parameterFile is the file of a parameter below /proc/sys, by its name with dots.
func parameterFile(sysctl string) string {
	return strings.NewReplacer(".", "/", "/", ".").Replace(sysctl)
}

func (m tried) Announce(l host.Link, vip netip.Addr) error {
	return hint.Try(hint.Frames, l.Name, m.machine.Announce(l, vip))
}

func (m tried) Ask(questions []wire.Question, links []host.Link, own []host.Address, wait time.Duration) []wire.Reply {
	replies := m.machine.Ask(questions, links, own, wait)
	for i := range replies {
		replies[i].Err = hint.Try(hint.Frames, questions[i].Link.Name, replies[i].Err)
	}
	return replies
}

func (m tried) FilterRules() (int, error) {
	n, err := m.machine.FilterRules()
	return n, hint.Try(hint.Filter, "", err)
}

func (m tried) FlushFilter() error { return hint.Try(hint.Filter, "", m.machine.FlushFilter()) }

func (m tried) Rules(f ipvs.AddressFamily) (netfilter.Rules, error) {
	rules, err := m.machine.Rules(f)
	return rules, hint.Try(hint.Filter, "", err)
}

func (m tried) ARPRules() (netfilter.ARP, error) {
	rules, err := m.machine.ARPRules()
	return rules, hint.Try(hint.Filter, "", err)
}

func (m tried) IPTables(f ipvs.AddressFamily) (string, error) {
	program, err := m.machine.IPTables(f)
	return program, hint.Try(hint.Filter, "", err)
}

func (m tried) Redirection(p netfilter.Packet) (string, error) {
	command, err := m.machine.Redirection(p)
	return command, hint.Try(hint.Filter, "", err)
}

func (m tried) Services(d ipvs.Detail) ([]ipvs.ServiceEntry, error) {
	list, err := m.machine.Services(d)
	return list, hint.Try(hint.Table, "", err)
}

func (m tried) Destinations(e *ipvs.ServiceEntry, d ipvs.Detail, buf []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error) {
	list, err := m.machine.Destinations(e, d, buf)
	return list, hint.Try(hint.Table, "", err)
}

func (m tried) AddService(s ipvs.Service) error {
	return hint.Try(hint.Table, s.Scheduler, m.machine.AddService(s))
}

func (m tried) EditService(s ipvs.Service) error {
	return hint.Try(hint.Table, s.Scheduler, m.machine.EditService(s))
}

func (m tried) DeleteService(s ipvs.Service) error {
	return hint.Try(hint.Table, "", m.machine.DeleteService(s))
}

func (m tried) AddDestination(s ipvs.Service, d ipvs.Destination) error {
	return hint.Try(hint.Table, "", m.machine.AddDestination(s, d))
}

func (m tried) EditDestination(s ipvs.Service, d ipvs.Destination) error {
	return hint.Try(hint.Table, "", m.machine.EditDestination(s, d))
}

func (m tried) DeleteDestination(s ipvs.Service, d ipvs.Destination) error {
	return hint.Try(hint.Table, "", m.machine.DeleteDestination(s, d))
}

func (m tried) StartDaemon(d ipvs.Daemon) error {
	return hint.Try(hint.Sync, d.Interface, m.machine.StartDaemon(d))
}

func (m tried) StopDaemon(d ipvs.Daemon) error {
	return hint.Try(hint.Sync, d.Interface, m.machine.StopDaemon(d))
}
