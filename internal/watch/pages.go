package watch

import (
	"fmt"
	"net/netip"
	"slices"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/internal/sorry"
)

// pages are the pages of ours that are open, by service. Only an Apply opens and
// closes any, of which there is one at a time.
type pages map[string]*sorry.Server

// open has the page of a service answered.
func (p pages) open(s *service, state *plan.State) (d ipvs.Destination, err error) {
	if server := p[s.words]; server != nil {
		return server.Destination(), nil
	}
	page, err := sorry.Load(s.Of.Sorry)
	if err != nil {
		return d, err
	}
	at := netip.AddrPortFrom(s.Service.Addr, s.Service.Port)
	dip := state.OwnAddress(s.Service.Family)
	listen := sorry.Listen
	if slices.ContainsFunc(s.members, func(e *entry) bool { return state.Owns(e.Addr) }) {
		listen = sorry.ListenBeside // its web server has to find the port free
	}
	server, err := listen(page, at, dip)
	if err != nil {
		return d, fmt.Errorf("answer on %s: %w", at, err)
	}
	p[s.words] = server
	return server.Destination(), nil
}

// keep closes the pages that no entry leads to any more.
func (p pages) keep(h plan.Health) {
	for words, server := range p {
		if len(h.Services[words].Sorry) == 0 {
			go server.Close() // it waits a little for who is being answered
			delete(p, words)
		}
	}
}

func (p pages) close() {
	for words, server := range p {
		server.Close()
		delete(p, words)
	}
}
