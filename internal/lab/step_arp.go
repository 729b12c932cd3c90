package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"lvsdr/internal/check"
	"lvsdr/internal/host"
	"lvsdr/internal/wire"
)

// arp lets a real server answer for the VIP, finds it, and mends it.
func arp(ctx context.Context, w *walk) error {
	if err := w.whoHas("with arp_ignore=1 on rs1 and rs2", "lvs"); err != nil {
		return err
	}
	for _, link := range []string{"all", "lo"} {
		if err := w.sysctl("rs1", host.LinkParameter(link, "arp_ignore"), 0); err != nil {
			return err
		}
	}
	if err := w.whoHas("with arp_ignore=0 on rs1", "lvs, rs1"); err != nil {
		return err
	}
	if err := w.check(ctx, "vip owner: "+rip1); err != nil {
		return err
	}
	if err := w.verb(ctx, verb{"rs1", "rs", "start", "The RS Server is Ready!"}); err != nil {
		return err
	}
	if err := w.whoHas("after rs start on rs1", "lvs"); err != nil {
		return err
	}
	return w.check(ctx, "nothing")
}

func (w *walk) sysctl(on, name string, value int) error {
	said := w.typed(on, "sysctl -w %s=%d", name, value)
	err := w.lab.In(on, func() error { return host.Sysctl{}.Set(name, value) })
	if err == nil {
		said(fmt.Sprintf("%s = %d", name, value))
	}
	return err
}

// askWait is how long answers are collected.
const askWait = 400 * time.Millisecond

// whoHas asks from the router, as its ARP does before it forwards to the VIP.
func (w *walk) whoHas(when, expected string) error {
	const outgoing = "eth0"
	said := w.typed("router", "arping -I %s -c 2 %s", outgoing, vip)
	var answers []wire.Answer
	err := w.lab.In("router", func() (err error) {
		answers, err = ask(outgoing)
		return err
	})
	if err != nil {
		return err
	}
	var owners []string
	var lines strings.Builder
	for _, a := range answers {
		owners = append(owners, hostOf(a.MAC))
		fmt.Fprintf(&lines, "reply from %s [%s]\n", a.Addr, a.MAC)
	}
	said(lines.String())
	slices.Sort(owners)
	w.expect("who answers for the VIP "+when, expected, strings.Join(owners, ", "))
	return nil
}

// ask asks the neighbours on an interface who has the VIP.
func ask(link string) ([]wire.Answer, error) {
	h := host.NewHost()
	links, err := h.Links()
	if err != nil {
		return nil, err
	}
	own, err := h.AddressesOn(links)
	if err != nil {
		return nil, err
	}
	l, err := h.Link(link)
	if err != nil {
		return nil, err
	}
	questions := []wire.Question{{Link: l, Addrs: []netip.Addr{netip.MustParseAddr(vip)}}}
	reply := wire.Wire{}.Ask(questions, links, own, askWait)[0]
	return reply.Answers, reply.Err
}

// check asks the doctor, who has to find exactly what is expected. What the
// program reads is shown as a reader would get it.
func (w *walk) check(ctx context.Context, expected string) error {
	said := w.typed("lvs", "lvsdr check --quiet")
	result, err := w.silently(ctx, "lvs", "lvsdr", "check", "--role", "vs", "--json")
	if err != nil {
		return err
	}
	var r check.Report
	if err := json.Unmarshal([]byte(result.stdout), &r); err != nil {
		said(result.stderr + result.stdout)
		w.expect("lvsdr check on lvs finds", expected, err.Error())
		return nil
	}
	var text strings.Builder
	r.Print(&text, false, true)
	said(text.String())
	w.judge("lvsdr check on lvs finds", expected, found(r), found(r) == expected)
	return nil
}

// found are the checks that failed, each with the real servers that it names.
func found(r check.Report) string {
	var failed []string
	for _, c := range r.Checks {
		if c.Outcome != check.Fail {
			continue
		}
		text := c.Name
		for _, word := range strings.FieldsFunc(c.Seen, func(r rune) bool { return r != '.' && !unicode.IsDigit(r) }) {
			if word == rip1 || word == rip2 {
				text += ": " + word
			}
		}
		failed = append(failed, text)
	}
	if failed == nil {
		return "nothing"
	}
	return strings.Join(failed, "\n")
}
