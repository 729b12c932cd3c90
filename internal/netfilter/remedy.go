package netfilter

import (
	"cmp"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"

	"lvsdr/internal/ipvs"
)

// hookNames are the chains of iptables, by [Hook].
var hookNames = [...]string{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}

// filterTable is the table that iptables takes if none is named.
const filterTable = "filter"

// iptablesRemedy is a rule in front of all others of a chain. Where two variants
// of iptables are installed, it is the one that sees the table.
func iptablesRemedy(variant, table string, hook Hook) func(Packet) string {
	return func(p Packet) string {
		words := []string{iptables(p, variant)}
		if table != filterTable {
			words = append(words, "-t", table)
		}
		words = append(words, "-I", hookNames[hook])
		switch {
		case p.ICMP != 0:
			words = append(words, "-p ipv6-icmp --icmpv6-type", strconv.Itoa(int(p.ICMP)))
		case p.Redirected:
			words = append(words, "-m conntrack --ctstate DNAT --ctorigdst", p.service().String())
		case p.Src.IsValid():
			words = append(words, "-s", p.Src.String())
		default:
			words = append(words, "-d", p.Dst.String())
		}
		if p.Protocol != 0 && p.ICMP == 0 {
			words = append(words, "-p", protocolName(p))
		}
		if p.hasPort(p.SrcPort) {
			words = append(words, "--sport", strconv.Itoa(int(p.SrcPort)))
		}
		if p.hasPort(p.Port) {
			words = append(words, "--dport", strconv.Itoa(int(p.Port)))
		}
		return strings.Join(append(words, "-j", "ACCEPT"), " ")
	}
}

func iptables(p Packet, variant string) string {
	program := "iptables"
	if p.is6() {
		program = "ip6tables"
	}
	return installed(program, variant)
}

// installed is a variant of iptables if it has a name of its own.
func installed(program, variant string) string {
	if _, err := exec.LookPath(program + "-" + variant); err == nil {
		return program + "-" + variant
	}
	return program
}

// nftRemedy is a rule in front of all others of a chain of nft.
func nftRemedy(chain string) func(Packet) string {
	return func(p Packet) string {
		ip := "ip"
		if p.is6() {
			ip = "ip6"
		}
		words := []string{"nft insert rule", chain}
		switch {
		case p.ICMP != 0:
			words = append(words, "icmpv6 type", strconv.Itoa(int(p.ICMP)))
		case p.Redirected:
			words = append(words, "ct status dnat ct original", ip, "daddr", p.service().String())
		case p.Src.IsValid():
			words = append(words, ip, "saddr", p.Src.String())
		default:
			words = append(words, ip, "daddr", p.Dst.String())
		}
		if p.hasPort(p.SrcPort) {
			words = append(words, protocolName(p), "sport", strconv.Itoa(int(p.SrcPort)))
		}
		if p.hasPort(p.Port) {
			words = append(words, protocolName(p), "dport", strconv.Itoa(int(p.Port)))
		}
		if p.Protocol != 0 && p.ICMP == 0 && !p.hasPort(p.SrcPort) && !p.hasPort(p.Port) {
			words = append(words, "meta l4proto", protocolName(p))
		}
		return strings.Join(append(words, "accept"), " ")
	}
}

// service is the address of the service that the packet belongs to.
func (p Packet) service() netip.Addr {
	if p.Src.IsValid() {
		return p.Src
	}
	return p.Dst
}

// hasPort tells whether a port of the packet is known.
func (p Packet) hasPort(port uint16) bool {
	return !p.Redirected && port != 0 && ipvs.Protocols.Name(p.Protocol) != ""
}

// protocolName is what iptables and nft call the protocol.
func protocolName(p Packet) string {
	return cmp.Or(ipvs.Protocols.Name(p.Protocol), strconv.Itoa(int(p.Protocol)))
}
