package lvsdr

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/internal/terminal"
)

// List is what "list --json" prints: the table of the kernel, whoever made it.
type List struct {
	Services []ListedService `json:"services"`
}

// ListedService is a virtual service of the kernel's table.
type ListedService struct {
	Service     string         `json:"service"`            // as ipvsadm's options name it
	Family      string         `json:"family"`             // ipv4 or ipv6
	FWMark      uint32         `json:"fwmark,omitempty"`   // instead of protocol and address
	Protocol    string         `json:"protocol,omitempty"` // tcp, udp or sctp
	Address     netip.Addr     `json:"address,omitzero"`
	Port        uint16         `json:"port"` // 0: every port
	Scheduler   string         `json:"scheduler"`
	Flags       []string       `json:"flags"` // as ipvsadm -b names them
	OnePacket   bool           `json:"one_packet"`
	Persistent  uint32         `json:"persistent"` // seconds; 0: not persistent
	Netmask     string         `json:"netmask"`    // of persistence; a prefix length for IPv6
	PE          string         `json:"pe,omitempty"`
	Totals      Counters       `json:"totals"`
	Rates       Counters       `json:"rates"` // a second
	RealServers []ListedServer `json:"real_servers"`
}

// ListedServer is a real server of a service of the kernel's table.
type ListedServer struct {
	Family     string     `json:"family"`
	Address    netip.Addr `json:"address"`
	Port       uint16     `json:"port"`
	Forward    string     `json:"forward"` // direct, tunnel or masquerade
	Tunnel     *Tunnel    `json:"tunnel,omitempty"`
	Weight     uint32     `json:"weight"`
	Upper      uint32     `json:"upper"` // thresholds; 0: none
	Lower      uint32     `json:"lower"`
	Active     uint32     `json:"active"` // connections
	Inactive   uint32     `json:"inactive"`
	Persistent uint32     `json:"persistent_connections"`
	Totals     Counters   `json:"totals"`
	Rates      Counters   `json:"rates"`
}

// Tunnel is how packets are wrapped for a real server.
type Tunnel struct {
	Type     string `json:"type"` // ipip, gue or gre
	Port     uint16 `json:"port,omitempty"`
	Checksum string `json:"checksum"` // nocsum, csum or remcsum
}

// Counters count since the last zero, or per second.
type Counters struct {
	Connections     uint64 `json:"connections"`
	IncomingPackets uint64 `json:"incoming_packets"`
	OutgoingPackets uint64 `json:"outgoing_packets"`
	IncomingBytes   uint64 `json:"incoming_bytes"`
	OutgoingBytes   uint64 `json:"outgoing_bytes"`
}

// listCommand is "lvsdr list".
func listCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "print all services in the kernel, or connections",
		Flags: append([]cli.Flag{netnsFlag(), jsonFlag(),
			&cli.BoolFlag{Name: "connections", Usage: "print the connections instead"}}, filterFlags()...),
		Action: func(c *cli.Context) error { return failIn("list", stringOf(c, "netns"), list(c)) },
	}
}

func list(c *cli.Context) error {
	f, err := filterOf(c)
	if err == nil && !boolOf(c, "connections") && !f.empty() {
		err = usageError("list: --service, --real-server, --client and --state go with --connections")
	}
	if err == nil {
		err = enterNamespace(stringOf(c, "netns"))
	}
	if err != nil {
		return err
	}
	if boolOf(c, "connections") {
		return listConnections(c.App.Writer, systemOf(c), f, boolOf(c, "json"))
	}
	return listTable(c.App.Writer, systemOf(c), boolOf(c, "json"))
}

// listTable prints the table: plain or framed, or as JSON.
func listTable(w io.Writer, sys system, asJSON bool) error {
	m, err := sys.openMachine(seenTable)
	if err != nil {
		return err
	}
	defer m.Close()
	if asJSON {
		return writeTableJSON(w, m)
	}
	return printTable(w, m)
}

// balancer is what list needs of the kernel.
type balancer interface {
	Services(ipvs.Detail) ([]ipvs.ServiceEntry, error)
	Destinations(*ipvs.ServiceEntry, ipvs.Detail, []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error)
}

// eachService shows the services in order, those of addresses before those of marks. Only
// the real servers of one of them are held.
func eachService(k balancer, show func(*ipvs.ServiceEntry, []ipvs.DestinationEntry) error) error {
	const detail = ipvs.Totals | ipvs.Rates | ipvs.Tunnels
	services, err := k.Services(detail)
	if err != nil {
		return fmt.Errorf("read the ipvs table: %w", err)
	}
	slices.SortFunc(services, func(a, b ipvs.ServiceEntry) int {
		return cmp.Or(cmp.Compare(a.FWMark, b.FWMark), a.Addr.Compare(b.Addr), cmp.Compare(a.Port, b.Port),
			cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Family, b.Family))
	})
	var servers []ipvs.DestinationEntry
	for i := range services {
		s := &services[i]
		if servers, err = k.Destinations(s, detail, servers[:0]); err != nil {
			return fmt.Errorf("read the real servers of %s: %w", plan.ServiceWords(&s.Service), err)
		}
		slices.SortFunc(servers, func(a, b ipvs.DestinationEntry) int { return a.Key().Compare(b.Key()) })
		if err := show(s, servers); err != nil {
			return err
		}
	}
	return nil
}

// writeTableJSON writes a [List], one real server after the other.
func writeTableJSON(w io.Writer, k balancer) error {
	return streamObject(w, List{}, func(element func(any, fill) error) error {
		return eachService(k, func(s *ipvs.ServiceEntry, servers []ipvs.DestinationEntry) error {
			return element(listedService(s), func(element func(any, fill) error) error {
				var l ListedServer // one for all: there are many
				for i := range servers {
					l = listedServer(&servers[i])
					if err := element(&l, nil); err != nil {
						return err
					}
				}
				return nil
			})
		})
	})
}

// fill writes the elements of a list.
type fill func(element func(any, fill) error) error

// streamObject writes an object whose last member is a list, nil in head. fill
// supplies its elements, each on a line of its own; one may be such an object
// itself. After an error the object stays unclosed: nobody takes it for a whole one.
func streamObject(to io.Writer, head any, f fill) error {
	w := bufio.NewWriterSize(to, 64<<10)
	err := writeObject(w, head, f)
	if err == nil {
		err = w.WriteByte('\n')
	}
	return cmp.Or(w.Flush(), err)
}

func writeObject(w *bufio.Writer, head any, f fill) error {
	b, err := json.Marshal(head)
	if err != nil {
		return err
	}
	b, _ = bytes.CutSuffix(b, []byte("null}"))
	w.Write(append(b, '['))
	between := "\n"
	if err := f(func(v any, f fill) error {
		w.WriteString(between)
		between = ",\n"
		if f != nil {
			return writeObject(w, v, f)
		}
		b, err := json.Marshal(v)
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	}); err != nil {
		return err
	}
	_, err = w.WriteString("]}")
	return err
}

func listedService(s *ipvs.ServiceEntry) ListedService {
	l := ListedService{
		Service: plan.ServiceWords(&s.Service), Family: ipvs.Families.Name(s.Family), FWMark: s.FWMark,
		Protocol: ipvs.Protocols.Name(s.Protocol), Address: s.Addr, Port: s.Port, Scheduler: s.Scheduler,
		Flags: append([]string{}, ipvs.FlagNames(s.Scheduler, s.Flags)...), OnePacket: s.Flags&ipvs.OnePacket != 0,
		Netmask: s.Netmask.Text(s.Family), PE: s.PE,
	}
	if s.Flags&ipvs.Persistent != 0 {
		l.Persistent = s.Timeout
	}
	l.Totals, l.Rates = counters(&s.Stats)
	return l
}

func listedServer(d *ipvs.DestinationEntry) ListedServer {
	l := ListedServer{
		Family: ipvs.Families.Name(d.Family), Address: d.Addr, Port: d.Port, Forward: ipvs.Methods.Name(d.Forward),
		Tunnel: tunnelOf(&d.Destination), Weight: d.Weight, Upper: d.Upper, Lower: d.Lower,
		Active: d.Active, Inactive: d.Inactive, Persistent: d.Persistent,
	}
	l.Totals, l.Rates = counters(&d.Stats)
	return l
}

// tunnelOf is nil where there is none.
func tunnelOf(d *ipvs.Destination) *Tunnel {
	if d.Forward != ipvs.Tunnel {
		return nil
	}
	return &Tunnel{ipvs.TunnelTypes.Name(d.TunnelType), d.TunnelPort, ipvs.TunnelChecksums.Name(d.TunnelFlags)}
}

func counters(s *ipvs.Stats) (totals, rates Counters) {
	return Counters{s.Connections, s.IncomingPackets, s.OutgoingPackets, s.IncomingBytes, s.OutgoingBytes},
		Counters{s.ConnectionRate, s.IncomingPacketRate, s.OutgoingPacketRate, s.IncomingByteRate, s.OutgoingByteRate}
}

// printTable draws three tables: how the services are made and used, what they
// have counted, and what they count in a second.
func printTable(w io.Writer, k balancer) error {
	table := terminal.NewTable(w, "Service", "Real server", "Forward", "Weight", "Upper", "Lower", "Active", "Inactive", "Persistent")
	counted := []string{"Real server", "Connections", "Packets in", "Packets out", "Bytes in", "Bytes out"}
	totals := terminal.NewTable(w, append([]string{"Total"}, counted...)...)
	rates := terminal.NewTable(w, append([]string{"A second"}, counted...)...)
	count := func(service, server string, s *ipvs.Stats) {
		total, rate := counters(s)
		totals.Append(append([]string{service, server}, total.cells()...)...)
		rates.Append(append([]string{service, server}, rate.cells()...)...)
	}
	listed := false
	err := eachService(k, func(s *ipvs.ServiceEntry, servers []ipvs.DestinationEntry) error {
		listed = true
		name := plan.ServiceWords(&s.Service)
		table.Append(name+" "+plan.SchedulingWords(&s.Service), "", "", "", "", "", "", "", "")
		count(name, "", &s.Stats)
		for i := range servers {
			d := &servers[i]
			server := plan.DestinationWords(&s.Service, &d.Destination)
			table.Append("", server, forwardWords(&d.Destination), number(d.Weight), number(d.Upper), number(d.Lower),
				number(d.Active), number(d.Inactive), number(d.Persistent))
			count("", server, &d.Stats)
		}
		return nil
	})
	if err == nil {
		err = table.Render()
	}
	for _, t := range []*terminal.Table{totals, rates} {
		if err == nil && listed {
			err = t.Render()
		}
	}
	return err
}

func (c Counters) cells() (cells []string) {
	for _, n := range []uint64{c.Connections, c.IncomingPackets, c.OutgoingPackets, c.IncomingBytes, c.OutgoingBytes} {
		cells = append(cells, strconv.FormatUint(n, 10))
	}
	return cells
}

// forwardWords are a method, and how a tunnel is made: "direct", "tunnel gue 6080
// remcsum".
func forwardWords(d *ipvs.Destination) string {
	words := ipvs.Methods.Name(d.Forward)
	t := tunnelOf(d)
	if t == nil {
		return words
	}
	words += " " + t.Type
	if t.Port != 0 {
		words += " " + number(uint32(t.Port))
	}
	if d.TunnelType != ipvs.IPIP {
		words += " " + t.Checksum
	}
	return words
}
