package config

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// YAML writes the configuration as a file: [Load] makes the same of it.
func (c Config) YAML() []byte {
	var b bytes.Buffer
	printVIPs(&b, "", c.VIPs)
	fmt.Fprintf(&b, "label: %s\n", plain(c.Label))
	if c.DirectorLabel != "" {
		fmt.Fprintf(&b, "director_label: %s\n", plain(c.DirectorLabel))
	}
	fmt.Fprintf(&b, "services:\n")
	for _, s := range c.Services {
		s.print(&b)
		c.printCheck(&b, s)
		s.printSorry(&b)
	}
	if len(c.RealServers) > 0 {
		printRealServers(&b, "", "real_servers", c.RealServers)
	}
	fmt.Fprintf(&b, "arp:\n  interfaces: %s\n", flow(c.ARP.Interfaces))
	fmt.Fprintf(&b, "announce: %t\n", c.Announce)
	if c.AnnounceTable != 0 {
		fmt.Fprintf(&b, "announce_table: %d\n", c.AnnounceTable)
	}
	c.printDirector(&b)
	if c.Check != nil {
		c.Check.print(&b, "", DefaultCheck())
	}
	c.printWatch(&b)
	return b.Bytes()
}

func printVIPs(w io.Writer, indent string, vips []netip.Addr) {
	if words := texts(vips); len(words) == 1 {
		fmt.Fprintf(w, "%svip: %s\n", indent, plain(words[0]))
	} else if len(words) > 1 {
		fmt.Fprintf(w, "%svip: %s\n", indent, flow(words))
	}
}

func (s Service) print(w io.Writer) {
	if s.FWMark != 0 {
		fmt.Fprintf(w, "  - fwmark: %d\n    family: %s\n", s.FWMark, ipvs.Families.Name(s.Family))
	} else {
		fmt.Fprintf(w, "  - port: %d\n    protocol: %s\n", s.Port, ipvs.Protocols.Name(s.Protocol))
	}
	if s.Name != "" {
		fmt.Fprintf(w, "    name: %s\n", plain(s.Name))
	}
	printVIPs(w, "    ", s.VIPs)
	fmt.Fprintf(w, "    scheduler: %s\n    forward: %s\n", s.Scheduler, ipvs.Methods.Name(s.Forward))
	fmt.Fprintf(w, "    persistent: %d\n", s.Persistent)
	if s.Netmask != 0 {
		fmt.Fprintf(w, "    netmask: %s\n", s.Netmask.Text(s.Netmask.Family()))
	}
	fmt.Fprintf(w, "    flags: %s\n", flow(ipvs.FlagNames(s.Scheduler, s.Flags)))
	fmt.Fprintf(w, "    one_packet: %t\n", s.OnePacket)
	if len(s.RealServers) > 0 {
		printRealServers(w, "    ", "real_servers", s.RealServers)
	}
}

func printRealServers(w io.Writer, indent, key string, all []RealServer) {
	fmt.Fprintf(w, "%s%s:\n", indent, key)
	for _, r := range all {
		own := ""
		if r.Port != 0 {
			own = fmt.Sprintf("port: %d, ", r.Port)
		}
		if r.Forward != nil {
			own += fmt.Sprintf("forward: %s, ", ipvs.Methods.Name(*r.Forward))
		}
		fmt.Fprintf(w, "%s  - {address: %s, %sweight: %d, upper: %d, lower: %d}\n",
			indent, plain(r.Addr.String()), own, r.Weight, r.Upper, r.Lower)
	}
}

func texts[T fmt.Stringer](all []T) []string {
	var s []string
	for _, v := range all {
		s = append(s, v.String())
	}
	return s
}

// flow writes a list on one line.
func flow(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = plain(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// scalars writes a list of any texts on one line.
func scalars(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = scalar(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// scalar writes any text; in quotes, if it is no name and no path. The escapes
// of Go are among those of YAML.
func scalar(s string) string {
	if s == "" || !isPlain(strings.ReplaceAll(s, "/", "")) {
		return strconv.Quote(s)
	}
	return plain(s)
}

// plain writes an address or a name; with quotes, where some YAML would take it
// for something else.
func plain(s string) string {
	_, noInteger := strconv.ParseInt(s, 0, 64)
	_, noFloat := strconv.ParseFloat(s, 64)
	reserved := []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
	if noInteger == nil || noFloat == nil || slices.Contains(reserved, strings.ToLower(s)) ||
		strings.HasPrefix(s, "-") || strings.Contains(s, "::") {
		return `"` + s + `"`
	}
	return s
}
