package drawing

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"lvsdr/internal/lab"
)

// Diagrams are the drawings, by the names of their files, of a walk that came at
// least as far as the ARP problem.
func Diagrams(walk lab.Report) (map[string]string, error) {
	seen, err := look(walk)
	if err != nil {
		return nil, err
	}
	return map[string]string{"network.svg": seen.network(), "five-packets.svg": seen.fivePackets(), "arp.svg": seen.arp()}, nil
}

// sight is what a walk saw on the wire.
type sight struct {
	vip     netip.Addr
	packets []lab.Packet
	right   owners // while real servers are silent
	wrong   owners // while one of them is not
}

// owners are the hosts that answered when the router asked who has the VIP.
type owners struct {
	settings string
	hosts    []string
}

func look(walk lab.Report) (sight, error) {
	var asked []owners
	for _, s := range walk.Steps {
		for _, e := range s.Expectations {
			if settings, ok := strings.CutPrefix(e.What, "who answers for the VIP with "); ok {
				asked = append(asked, owners{settings, strings.Split(e.Seen, ", ")})
			}
		}
	}
	if !walk.OK || len(walk.Packets) != 5 || len(asked) != 2 {
		return sight{}, fmt.Errorf("the walk was as expected: %t; it saw %d packets of the handshake, and asked %d times who has the VIP; want true, 5, 2",
			walk.OK, len(walk.Packets), len(asked))
	}
	return sight{walk.Packets[0].Destination.Addr(), walk.Packets, asked[0], asked[1]}, nil
}

// title is a host's part in the network, and its name in the lab.
func title(host string) string {
	switch host {
	case "lvs":
		return "director lvs"
	case "rs1", "rs2":
		return "real server " + host
	}
	return host
}

// addresses are those of a host.
func addresses(host string) (all []string) {
	for _, a := range lab.Addresses(host) {
		all = append(all, a.Addr().String())
	}
	return all
}

// kind is that of the arrow of a packet.
func (s sight) kind(p lab.Packet) string {
	if p.Source.Addr() == s.vip {
		return "answer"
	}
	return "ask"
}

// network is the lab with the ways of a request and of its answer.
func (s sight) network() string {
	const (
		bus   = 530 // where the switch is
		right = 630 // where the hosts behind it begin
		wide  = 230
		first = 18
		next  = 104 // from one of them to the one below
	)
	top := map[string]int{}
	c := newCanvas(330, "Direct routing: requests go through the director, answers past it")
	c.line("M160 163H250M430 163H%dM%[1]d 40V290", bus)
	for i, host := range []string{"lvs", "rs1", "rs2"} {
		top[host] = first + next*i
		says := "silent"
		if slices.Contains(s.right.hosts, host) {
			says = "answers"
		}
		c.line("M%d %dH%d", bus, top[host]+42, right)
		c.box(right, top[host], wide, title(host), append(addresses(host), "VIP "+s.vip.String()+", "+says)...)
	}
	c.box(20, 136, 140, title("client"), addresses("client")...)
	c.box(250, 118, 180, title("router"), addresses("router")...)
	c.text(bus, 312, "middle small mono", lab.Addresses("lvs")[0].Masked().String())

	request, passed, answer := s.packets[0], s.packets[1], s.packets[2]
	c.arrow(s.kind(request), "M160 151H244")
	c.arrow(s.kind(request), "M430 140H518V%dH624", top[request.To]+30)
	c.arrow(s.kind(passed), "M%d %dH568V%dH624", right, top[passed.From]+66, top[passed.To]+24)
	c.arrow(s.kind(answer), "M%d %dH542V182H436", right, top[answer.From]+60)
	c.arrow(s.kind(answer), "M250 175H166")
	c.text(440, 34, "small asks", "1 request")
	c.text(576, 118, "small asks", "2")
	c.text(452, 202, "small answers", "3 answer")
	return c.String()
}

// fivePackets is the three-way handshake as the switch sees it.
func (s sight) fivePackets() string {
	const (
		first = 150 // where the line of the first host is
		apart = 290
	)
	c := newCanvas(420, "The three-way handshake of direct routing in five packets")
	at := map[string]int{}
	for i, p := range s.packets[:3] { // each from another host
		x := first + apart*i
		at[p.From] = x
		c.box(x-100, 14, 200, title(p.From), addresses(p.From)[0], p.FromMAC)
		c.line("M%d %dV404", x, 14+boxHeight(2))
	}
	for i, p := range s.packets {
		from, to, y := at[p.From], at[p.To], 120+60*i
		head := 6
		if to > from {
			head = -head
		}
		kind := s.kind(p)
		c.arrow(kind, "M%d %dH%d", from, y, to+head)
		middle := min(from, to) + apart/2
		c.text(middle, y-8, "middle bold "+kind+"s", string(rune('1'+i))+"  "+p.Flags)
		c.text(middle, y+18, "middle small mono", p.Source.Addr().String()+" → "+p.Destination.Addr().String())
	}
	return c.String()
}

// arp is who answers when the router asks for the VIP, beside who should.
func (s sight) arp() string {
	c := newCanvas(330, "The ARP problem: who answers when the router asks for the VIP")
	s.whoHas(c, 30, s.wrong)
	c.line("M440 16V314")
	s.whoHas(c, 470, s.right)
	return c.String()
}

// whoHas is one half of arp, from x on.
func (s sight) whoHas(c *canvas, x int, o owners) {
	c.text(x+195, 28, "middle bold", o.settings)
	c.box(x, 130, 130, title("router"), addresses("router")[0])
	for i, host := range []string{"lvs", "rs1", "rs2"} {
		y := 44 + 94*i
		c.box(x+240, y, 150, title(host), addresses(host)[0])
		c.arrow("ask", "M%d %dL%d %d", x+130, 144+8*i, x+234, y+24)
		if !slices.Contains(o.hosts, host) {
			continue
		}
		kind := "wrong"
		if slices.Contains(s.right.hosts, host) {
			kind = "answer"
		}
		c.arrow(kind, "M%d %dL%d %d", x+240, y+44, x+136, 166+8*i)
	}
	c.text(x, 222, "small", "who has")
	c.text(x, 238, "small mono", s.vip.String()+"?")
	if len(o.hosts) > 1 {
		c.text(x, 306, "small wrongs", strings.Join(o.hosts, " and ")+" answer: the router keeps one")
		return
	}
	c.text(x, 306, "small answers", "only "+o.hosts[0]+" answers")
}
