package lvsdr

import (
	"fmt"

	"lvsdr/internal/status"
)

// firewallStep is that the packet filter has no rules. It stands last, since
// rules that are gone cannot be given back: a start that fails leaves them.
type firewallStep struct{}

func (firewallStep) missing(s *scene) ([]change, error) {
	rules, err := s.machine.FilterRules()
	if err != nil {
		return nil, fmt.Errorf("count the rules of the packet filter: %w", err)
	}
	if rules == 0 {
		return nil, nil
	}
	return []change{{line: "iptables -F", do: s.machine.FlushFilter}}, nil
}

func (firewallStep) present(*scene) ([]change, error) { return nil, nil }

func (firewallStep) report(*scene, *status.Status) error { return nil }
