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

// arp makes a real server answer for the VIP, finds that fault, and mends it.
func arp(ctx context.Context, w *walk) error {
	if err := w.whoHas("with arp_ignore=1 on rs1 and rs2", "lvs"); err != nil {
		return err
	}
	for _, link := range []string{"all", "lo"} {
		if err := w.setSysctl("rs1", host.LinkParameter(link, "arp_ignore"), 0); err != nil {
			return err
		}
	}
	if err := w.whoHas("with arp_ignore=0 on rs1", "lvs, rs1"); err != nil {
		return err
	}
	if err := w.runCheck(ctx, "vip owner: "+rip1); err != nil {
		return err
	}
	if err := w.runVerb(ctx, verb{"rs1", "rs", "start", "The RS Server is Ready!"}); err != nil {
		return err
	}
	if err := w.whoHas("after rs start on rs1", "lvs"); err != nil {
		return err
	}
	return w.runCheck(ctx, "nothing")
}

func (w *walk) setSysctl(on, name string, value int) error {
	show := w.prompt(on, "sysctl -w %s=%d", name, value)
	err := w.lab.In(on, func() error { return host.Sysctl{}.Set(name, value) })
	if err == nil {
		show(fmt.Sprintf("%s = %d", name, value))
	}
	return err
}

// askWait is how long answers are collected.
const askWait = 400 * time.Millisecond

// whoHas sends the router's question before it forwards to the VIP.
func (w *walk) whoHas(when, expected string) error {
	const outgoing = "eth0"
	show := w.prompt("router", "arping -I %s -c 2 %s", outgoing, vip)
	var answers []wire.Answer
	err := w.lab.In("router", func() (err error) {
		answers, err = findOwners(outgoing)
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
	show(lines.String())
	slices.Sort(owners)
	w.expect("who answers for the VIP "+when, expected, strings.Join(owners, ", "))
	return nil
}

// findOwners asks the neighbours on an interface who has the VIP.
func findOwners(link string) ([]wire.Answer, error) {
	l, err := host.NewHost().Link(link)
	if err != nil {
		return nil, err
	}
	return wire.Wire{}.Ask(l, []netip.Addr{netip.MustParseAddr(vip)}, askWait)
}

// runCheck runs the doctor, which has to find exactly what is expected. It reads
// the JSON, and shows the text.
func (w *walk) runCheck(ctx context.Context, expected string) error {
	show := w.prompt("lvs", "lvsdr check --quiet")
	result, err := w.runSilently(ctx, "lvs", "lvsdr", "check", "--role", "vs", "--json")
	if err != nil {
		return err
	}
	var r check.Report
	if err := json.Unmarshal([]byte(result.stdout), &r); err != nil {
		show(result.stderr + result.stdout)
		w.expect("lvsdr check on lvs finds", expected, err.Error())
		return nil
	}
	var text strings.Builder
	r.Print(&text, false, true)
	show(text.String())
	w.judge("lvsdr check on lvs finds", expected, failedChecks(r), failedChecks(r) == expected)
	return nil
}

// failedChecks are the checks that failed, each with the real servers that it names.
func failedChecks(r check.Report) string {
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
