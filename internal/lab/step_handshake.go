package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"lvsdr/internal/lab/vnet"
)

// shakeHands captures what crosses the switch during one request.
func shakeHands(ctx context.Context, w *walk) error {
	frames, err := w.capture(func() { w.curl(ctx, vip) })
	if err != nil {
		return err
	}
	for _, f := range frames {
		if _, err := w.pcap.Write(pcapRecord(f)); err != nil {
			return fmt.Errorf("save the capture: %w", err)
		}
	}
	shake := packets(handshake(frames, netip.MustParseAddrPort(vip+":80")), hostOf)
	w.report.Packets = shake
	w.page.packets(shake)
	w.expectHandshake(shake)
	return nil
}

// expectHandshake expects the five packets of direct routing: the client's come
// by the director, the answer does not, and what changes is the Ethernet header
// alone.
func (w *walk) expectHandshake(shake []Packet) {
	server := "rs1"
	if len(shake) > 1 && shake[1].To == "rs2" {
		server = "rs2"
	}
	wanted := []Packet{
		{Flags: "SYN", From: "router", To: "lvs"},
		{Flags: "SYN", From: "lvs", To: server},
		{Flags: "SYN,ACK", From: server, To: "router"},
		{Flags: "ACK", From: "router", To: "lvs"},
		{Flags: "ACK", From: "lvs", To: server},
	}
	for i := range max(len(wanted), len(shake)) {
		w.expect(fmt.Sprintf("packet %d", i+1), describePath(wanted, i), describePath(shake, i))
	}
	w.expect("source and destination of them all", cip+" → "+vip+":80 or back", describeEnds(shake))
}

// describePath is the way of one packet of a handshake, or that there is none.
func describePath(all []Packet, i int) string {
	if i >= len(all) {
		return "none"
	}
	return fmt.Sprintf("%s %s → %s", all[i].Flags, all[i].From, all[i].To)
}

// describeEnds lists the sources and destinations of packets without the
// client's port; those of an answer are swapped.
func describeEnds(all []Packet) string {
	var found []string
	for _, p := range all {
		source, destination := p.Source, p.Destination
		if p.Flags == "SYN,ACK" {
			source, destination = destination, source
		}
		text := fmt.Sprintf("%s → %s or back", source.Addr(), destination)
		if !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	return strings.Join(found, "\n")
}

// quiet is how long nothing crosses the switch when a request is over.
const quiet = 300 * time.Millisecond

// capture returns the frames that cross the switch while do is at work, and
// until it is quiet again. They are read afterwards: the kernel keeps them, with
// the time at which they crossed.
func (w *walk) capture(do func()) (frames []vnet.Frame, err error) {
	var c *vnet.Capture
	err = w.lab.In(switchName, func() (err error) {
		c, err = vnet.OpenCapture(bridge)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	do()
	for {
		f, err := c.Next(time.Now().Add(quiet))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return frames, nil
		}
		if err != nil {
			return nil, err
		}
		frames = append(frames, f)
	}
}
