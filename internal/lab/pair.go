package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"lvsdr/internal/lab/vnet"
	"lvsdr/internal/terminal"
)

// A variant of a pair: what becomes of open connections when the VIP moves.
type variant struct {
	name, title string
	scheduler   string   // of the service, with its flags as lvsdr.yaml has them
	more        string   // of the configuration
	sysctls     []string // that are 1 on both directors
	localnode   bool     // the directors are the real servers
	goesOn      bool     // open connections do
}

var variants = []variant{
	{name: "sync", title: "the directors tell each other of connections", scheduler: "wrr", more: "sync: {role: both, interface: eth0}\n", goesOn: true},
	{name: "none", title: "neither director knows of the other's connections", scheduler: "wrr"},
	{name: "mh", title: "both directors choose the same real server", scheduler: "mh, flags: [mh-fallback]", sysctls: []string{"net.ipv4.vs.sloppy_tcp"}, goesOn: true},
	{name: "localnode", title: "the directors are the real servers", scheduler: "wrr", sysctls: []string{"net.ipv4.vs.backup_only"}, localnode: true, goesOn: true},
}

// Variants are the names of the variants of a pair.
func Variants() (names []string) {
	for _, v := range variants {
		names = append(names, v.name)
	}
	return names
}

// Faults are the names of the faults.
func Faults() (names []string) {
	for _, f := range faults {
		names = append(names, f.name)
	}
	return names
}

// chosen reports whether one of a kind is to be tried: none of them is named, or
// this one is.
func chosen(names []string, name string, kind []string) bool {
	named := slices.ContainsFunc(names, func(n string) bool { return slices.Contains(kind, n) })
	return !named || slices.Contains(names, name)
}

func (v variant) servers() []string {
	if v.localnode {
		return []string{dip1, dip2}
	}
	return []string{rip1, rip2}
}

// A fault befalls the director that has the VIP.
type fault struct {
	name, title string
	seconds     float64                                                           // without service, at most
	befall      func(context.Context, *walk, string) (since time.Time, err error) // zero: until the VIP has moved nothing is wrong
	mend        func(context.Context, *walk, variant, string) error
	serverGone  bool // if the director is a real server, that is gone as well
	remote      bool // it takes real servers that are other machines
}

var faults = []fault{
	{name: "killed", title: "the director with the VIP loses its power", seconds: 10, befall: loseForce, mend: restoreForce, serverGone: true},
	{name: "unplugged", title: "the director with the VIP is unplugged", seconds: 10,
		befall: func(_ context.Context, w *walk, name string) (time.Time, error) {
			err := w.atSwitch(name, "down", vnet.SetDown)
			return time.Now(), err
		},
		mend: func(_ context.Context, w *walk, _ variant, name string) error {
			return w.atSwitch(name, "up", vnet.SetUp)
		}, serverGone: true},
	{name: "cut-off", title: "the director with the VIP loses all real servers", seconds: 30, befall: cutOff, mend: reconnect, remote: true},
	{name: "retired", title: "the director with the VIP retires", seconds: 10, befall: retire, mend: comeBack},
}

// loseForce ends a director as a power cut does: nothing can say goodbye.
func loseForce(_ context.Context, w *walk, name string) (since time.Time, err error) {
	if err := w.atSwitch(name, "down", vnet.SetDown); err != nil {
		return since, err
	}
	since = time.Now()
	w.prompt(name, "kill -9 -1")
	return since, RemoveHost(namespace(name))
}

func restoreForce(ctx context.Context, w *walk, v variant, name string) error {
	for _, d := range directors() {
		if d.name == name {
			if err := w.build(ctx, d); err != nil {
				return err
			}
		}
	}
	return w.switchOn(ctx, v, name)
}

// nobodyMAC is an Ethernet address that no host has.
var nobodyMAC = net.HardwareAddr{0x02, 0, 0, 0, 0, 0x66}

func cutOff(_ context.Context, w *walk, name string) (time.Time, error) {
	for _, rip := range []string{rip1, rip2} {
		w.prompt(name, "ip neigh replace %s lladdr %s nud permanent dev eth0", rip, nobodyMAC)
		if err := w.lab.In(name, func() error { return vnet.SetNeighbour("eth0", netip.MustParseAddr(rip), nobodyMAC) }); err != nil {
			return time.Time{}, err
		}
	}
	return time.Now(), nil
}

func reconnect(_ context.Context, w *walk, _ variant, name string) error {
	for _, rip := range []string{rip1, rip2} {
		w.prompt(name, "ip neigh del %s dev eth0", rip)
		if err := w.lab.In(name, func() error { return vnet.DeleteNeighbour("eth0", netip.MustParseAddr(rip)) }); err != nil {
			return err
		}
	}
	return nil
}

func retire(ctx context.Context, w *walk, name string) (none time.Time, err error) {
	return none, w.runVerb(ctx, verb{name, "vs", "retire", "The VS Server is Canceled!"}, "--config", pairFile(name, ".yaml"))
}

func comeBack(ctx context.Context, w *walk, _ variant, name string) error {
	return w.runVerb(ctx, verb{name, "vs", "start", "The VS Server is Ready!"}, "--config", pairFile(name, ".yaml"))
}

// WalkPair makes two directors fail by turns in a lab that has just been built, and
// measures what happens to clients. Names are variants of the pair and faults; if no
// variant, or no fault, is named, all are tried. See [Walk].
func WalkPair(ctx context.Context, l *Lab, o Options, names []string) (Report, error) {
	w := &walk{lab: l, page: page{o.Out, o.Coloured}}
	var all []step
	for _, v := range variants {
		if !chosen(names, v.name, Variants()) {
			continue
		}
		all = append(all, step{"Two directors, " + v.name + ": " + v.title, func(ctx context.Context, w *walk) error { return w.startPair(ctx, v) }})
		for _, f := range faults {
			if chosen(names, f.name, Faults()) && !(f.remote && v.localnode) { // which always has itself
				all = append(all, step{v.name + ": " + f.title, func(ctx context.Context, w *walk) error { return w.move(ctx, v, f) }})
			}
		}
	}
	err := w.makeSteps(ctx, all)
	if err == nil {
		err = w.page.moves(w.report.Moves)
	}
	return w.report, err
}

// startPair builds both directors anew. The first one gets the VIP.
func (w *walk) startPair(ctx context.Context, v variant) error {
	if !v.localnode {
		for host := range realServers() {
			if err := w.lab.stopWeb(host); err != nil {
				return err
			}
			if err := w.lab.startWeb(ctx, host, "--keep"); err != nil {
				return err
			}
			if err := w.runVerb(ctx, verb{host, "rs", "start", "The RS Server is Ready!"}); err != nil {
				return err
			}
		}
	}
	for _, d := range directors() {
		if err := w.build(ctx, d); err != nil {
			return err
		}
		if err := w.configureDirector(v, d.name); err != nil {
			return err
		}
	}
	for _, d := range directors() {
		if err := w.switchOn(ctx, v, d.name); err != nil {
			return err
		}
		if err := w.expectVIP(ctx, "lvs"); err != nil {
			return err
		}
	}
	return nil
}

const (
	calm = 3 * time.Second // for VRRP before a fault, and for the client after one
	told = 8 * time.Second // for connections to be open, and the other director to be told of them
)

// move has a fault befall the director with the VIP, and mends it.
func (w *walk) move(ctx context.Context, v variant, f fault) error {
	active, err := w.holders()
	if err != nil {
		return err
	}
	if err := Pause(ctx, calm); err != nil {
		return err
	}
	t := w.lab.newTraffic(ctx)
	defer t.end()
	defer t.stop()
	if err := Pause(ctx, told); err != nil {
		return err
	}
	before := t.goOn(ctx, time.Now().Add(-calm))
	w.expect("open connections lost before", "0", fmt.Sprint(before))
	doomed := 0
	if v.localnode && f.serverGone {
		doomed = t.servedBy(addressOf(active))
	}
	moved := w.watchVIP(ctx, other(active))
	since, befallen := f.befall(ctx, w, active)
	seen, at, err := moved()
	if err = errors.Join(befallen, err); err != nil {
		return err
	}
	w.expect("the VIP is on", other(active), seen)
	if since.IsZero() {
		since = at
	}
	if err := Pause(ctx, calm); err != nil {
		return err
	}
	m := t.finish(ctx, since)
	m.Variant, m.Fault, m.Director = v.name, f.name, active
	w.report.Moves = append(w.report.Moves, m)
	w.judge("seconds without service", fmt.Sprintf("at most %g", f.seconds), fmt.Sprintf("%.1f", m.Seconds), m.Seconds <= f.seconds)
	w.judgeLost("new connections lost", m.New, m.NewLost, 0, doomed == 0)
	w.judgeLost("open connections lost", m.Open, m.OpenLost, doomed, v.goesOn && !f.remote) // cut off, it may end them itself
	if err := f.mend(ctx, w, v, active); err != nil {
		return err
	}
	return w.expectFit(ctx, active)
}

// judgeLost says how many were lost, where so many may be.
func (w *walk) judgeLost(what string, all, lost, may int, promised bool) {
	expected := "any number"
	if promised {
		expected = fmt.Sprint(may)
	}
	w.judge(fmt.Sprintf("%s, of %d", what, all), expected, fmt.Sprint(lost), !promised || lost <= may)
}

// moves shows what became of clients.
func (p page) moves(all []Move) error {
	if len(all) == 0 {
		return nil
	}
	if _, err := io.WriteString(p.w, "\n"); err != nil {
		return err
	}
	t := terminal.NewTable(p.w, "Variant", "The director is", "Without service", "Lost: new", "begun", "open")
	for _, m := range all {
		t.Append(m.Variant, m.Fault, fmt.Sprintf("%.1f s", m.Seconds), fmt.Sprintf("%d of %d", m.NewLost, m.New),
			fmt.Sprintf("%d of %d", m.BegunLost, m.Begun), fmt.Sprintf("%d of %d", m.OpenLost, m.Open))
	}
	return t.Render()
}

// CheckPair fails if there is neither a variant nor a fault of such a name.
func CheckPair(names []string) error {
	known := append(Variants(), Faults()...)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown variant or fault %q: %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}
