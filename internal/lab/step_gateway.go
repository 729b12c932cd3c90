package lab

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/lab/vnet"
)

// Where a default route of the director may lead: to the router, or to an
// address that no host has.
const (
	router = "10.0.0.200"
	nobody = "10.0.0.66"
)

// gateway deletes the director's default route. The director sends nothing by
// that route, but with rp_filter=1 it drops the packets of a client to which no
// route leads; any gateway will do.
func gateway(ctx context.Context, w *walk) error {
	if err := w.defaultRoute("del", vnet.DeleteRoute, router); err != nil {
		return err
	}
	seen, answered := w.curl(ctx, vip)
	w.judge("without a default route, rp_filter=1 drops what the client sends", "no page", seen, !answered)

	if err := w.defaultRoute("add", vnet.AddRoute, nobody); err != nil {
		return err
	}
	w.expect("with a default route to nobody", rip2+", "+rip1, w.twoPages(ctx))

	if err := w.defaultRoute("replace", vnet.ReplaceRoute, router); err != nil {
		return err
	}
	w.expect("with the right one", rip2+", "+rip1, w.twoPages(ctx))
	return nil
}

// defaultRoute changes the director's default route.
func (w *walk) defaultRoute(verb string, change func(vnet.Route) error, via string) error {
	r := vnet.Route{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr(via), Link: "eth0"}
	w.prompt("lvs", "ip route %s %s", verb, r)
	return w.lab.In("lvs", func() error { return change(r) })
}

// twoPages are the pages that two requests get, sorted.
func (w *walk) twoPages(ctx context.Context) string {
	first, _ := w.curl(ctx, vip)
	second, _ := w.curl(ctx, vip)
	pages := []string{first, second}
	slices.Sort(pages)
	return strings.Join(pages, ", ")
}
