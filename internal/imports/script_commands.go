package imports

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// nothing are commands that do nothing to the cluster, or what start does anyway.
var nothing = []string{"echo", "printf", ":", "true", "false", "test", "[", "sleep", "modprobe", "arping", "send_arp", "local"}

var (
	errUnknown = errors.New("not understood")
	errRoute   = errors.New("lvsdr sets no routes; a VIP on its interface needs none")
)

// do understands a command.
func (s *script) do(one *syntax.Stmt, words []string) error {
	name := words[0][strings.LastIndexByte(words[0], '/')+1:]
	if path, written, err := s.written(one); err != nil || path != "" {
		if name == "echo" && err == nil && strings.HasPrefix(path, "/proc/sys/") {
			return s.sysctl(strings.ReplaceAll(strings.TrimPrefix(path, "/proc/sys/"), "/", ".") + "=" + strings.Join(words[1:], " "))
		}
		if written {
			s.lose(one.Cmd)
			return cmp.Or(err, errors.New("it writes a file, which lvsdr.yaml does not describe"))
		}
	}
	switch name {
	case "ipvsadm":
		return s.ipvsadm(one, words[1:])
	case "ipvsadm-restore":
		return s.restore(one)
	case "route":
		return errRoute
	case "ifconfig":
		return s.ifconfig(words[1:])
	case "ip":
		return s.ip(words[1:])
	case "sysctl":
		return s.sysctls(words[1:])
	case "iptables":
		if len(words) == 2 && words[1] == "-F" {
			return errors.New("vs start --flush-firewall does it, if it has to be")
		}
		return errUnknown
	}
	return s.builtin(name, words[1:])
}

// builtin understands what the shell does itself.
func (s *script) builtin(name string, words []string) error {
	switch name {
	case "break", "continue":
		if len(words) > 0 && words[0] != "1" {
			return errUnknown
		}
		s.jump = jump(name)
	case "return", "exit":
		s.jump = jump(name)
	case "shift":
		n := 1
		if len(words) > 0 {
			n, _ = strconv.Atoi(words[0])
		}
		s.arguments = s.arguments[max(0, min(n, len(s.arguments))):]
	case "set":
		if len(words) > 0 && !strings.HasPrefix(words[0], "-") {
			s.arguments = words
		} else if len(words) > 0 && words[0] == "--" {
			s.arguments = words[1:]
		}
	case "true", ":":
		s.outcome = success
	case "false":
		s.outcome = failure
	case "[", "test":
		if n := len(words) - 1; name == "[" && n >= 0 && words[n] == "]" {
			words = words[:n]
		}
		s.outcome = testWords(words)
	default:
		if !slices.Contains(nothing, name) {
			return errUnknown
		}
	}
	return nil
}

// ipvsadm changes the table, and tells by the outcome whether it could.
func (s *script) ipvsadm(one *syntax.Stmt, words []string) error {
	if len(words) > 0 && (words[0] == "-R" || words[0] == "--restore") {
		return s.restore(one)
	}
	err := s.table.command(words)
	s.outcome = outcomeOf(err == nil)
	return err
}

// restore takes the rules that stand in the script itself.
func (s *script) restore(one *syntax.Stmt) error {
	for _, r := range one.Redirs {
		if r.Hdoc == nil {
			continue
		}
		if err := s.bounded(r.Hdoc); err != nil {
			return err
		}
		rules, err := expand.Document(s.shell(), r.Hdoc)
		if err != nil {
			return told(err)
		}
		n := r.Hdoc.Pos().Line()
		for rule := range strings.Lines(rules) {
			if err := s.table.line(rule); err != nil {
				s.remarks = append(s.remarks, fmt.Sprintf("line %d not imported: %s: %v", n, strings.TrimSpace(rule), err))
			}
			n++
		}
		return nil
	}
	return errors.New("its rules are elsewhere: lvsdr import --rules FILE")
}

// written is the file that a command writes; /dev/null is none.
func (s *script) written(one *syntax.Stmt) (path string, written bool, err error) {
	for _, r := range one.Redirs {
		if r.Word == nil || !slices.Contains([]string{">", ">>", ">|"}, r.Op.String()) {
			continue
		}
		if path, err = s.literal(r.Word); err != nil {
			return "", true, err
		}
		if path != "/dev/null" {
			return path, true, nil
		}
	}
	return "", false, nil
}

// sysctls reads the words of sysctl(8).
func (s *script) sysctls(words []string) error {
	for _, word := range words {
		if strings.HasPrefix(word, "-") && word != "-p" {
			continue
		}
		if err := s.sysctl(word); err != nil {
			return err
		}
	}
	return nil
}

// sysctl takes the parameters that keep a real server from answering.
func (s *script) sysctl(assignment string) error {
	name, value, _ := strings.Cut(assignment, "=")
	name, value = strings.ReplaceAll(strings.TrimSpace(name), "/", "."), strings.TrimSpace(value)
	link, isLink := strings.CutPrefix(name, "net.ipv4.conf.")
	at := strings.LastIndexByte(link, '.')
	n, err := strconv.Atoi(value)
	if !isLink || at < 0 || err != nil || link[at+1:] != "arp_ignore" && link[at+1:] != "arp_announce" {
		return errors.New("the file sets only arp_ignore and arp_announce; put this into /etc/sysctl.d")
	}
	link, parameter := link[:at], link[at+1:]
	one := s.arp[link]
	if one == nil {
		one = &ARP{Interface: link}
		s.arp[link] = one
		s.links = append(s.links, link)
	}
	if parameter == "arp_ignore" {
		one.Ignore = n
	} else {
		one.Announce = n
	}
	return nil
}

// put puts an address on an interface.
func (s *script) put(prefix netip.Prefix, link, label string) {
	silent := false
	for _, kind := range []string{"lo", "dummy", "tunl", "gre", "ip6tnl"} {
		rest, is := strings.CutPrefix(link, kind)
		silent = silent || is && strings.Trim(rest, "0123456789") == ""
	}
	s.addresses = append(s.addresses, Address{Prefix: prefix, Interface: link, Label: label, Silent: silent})
}

// ifconfig reads: INTERFACE[:ALIAS] [add] ADDRESS[/LENGTH] [netmask MASK]
// [broadcast ADDRESS] [up], or INTERFACE[:ALIAS] down.
func (s *script) ifconfig(words []string) error {
	if len(words) == 0 {
		return nil
	}
	label := words[0]
	link, _, _ := strings.Cut(label, ":")
	var prefix netip.Prefix
	for i := 1; i < len(words); i++ {
		switch word := words[i]; {
		case word == "up" || word == "add" || word == "inet" || word == "inet6" || word == "-arp":
		case word == "down" && len(words) == 2:
			s.addresses = slices.DeleteFunc(s.addresses, func(a Address) bool { return a.Label == label || label == a.Interface })
			return nil
		case word == "broadcast" && i+1 < len(words):
			i++
		case word == "netmask" && i+1 < len(words):
			i++
			mask, err := parseMask(words[i])
			if err != nil {
				return err
			}
			bits := 0
			for m := uint32(mask); m != 0; m <<= 1 {
				bits++
			}
			prefix = netip.PrefixFrom(prefix.Addr(), bits)
		default:
			p, err := parsePrefix(word)
			if err != nil || prefix.IsValid() {
				return fmt.Errorf("%q: not understood", word)
			}
			prefix = p
		}
	}
	if prefix.IsValid() {
		s.put(prefix, link, label)
	}
	return nil
}

// parsePrefix reads ADDRESS, which is one with a full mask, or ADDRESS/LENGTH.
func parsePrefix(word string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(word); err == nil {
		return prefix, nil
	}
	addr, err := netip.ParseAddr(word)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address", word)
	}
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

// ip reads addresses, and lets interfaces be set up: addr add ADDRESS[/LENGTH] [broadcast ADDRESS] dev INTERFACE [label
// LABEL].
func (s *script) ip(words []string) error {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "-4" || w == "-6" || w == "-f" })
	switch {
	case len(words) > 1 && words[0] == "link" && words[1] == "set" && slices.Contains(words, "up"):
		return nil
	case len(words) > 0 && words[0] != "" && strings.HasPrefix("route", words[0]):
		return errRoute
	case len(words) < 3 || words[1] == "" || words[0] == "" || !strings.HasPrefix("address", words[0]):
		return errUnknown
	}
	prefix, err := parsePrefix(words[2])
	if err != nil {
		return err
	}
	said := map[string]string{}
	for rest := words[3:]; len(rest) > 1; rest = rest[2:] {
		said[rest[0]] = rest[1]
	}
	link := said["dev"]
	switch verb := words[1]; {
	case link == "":
		return errors.New("no interface")
	case strings.HasPrefix("add", verb) || verb == "replace":
		s.put(prefix, link, said["label"])
	case strings.HasPrefix("delete", verb):
		s.addresses = slices.DeleteFunc(s.addresses, func(a Address) bool { return a.Prefix == prefix && a.Interface == link })
	default:
		return errUnknown
	}
	return nil
}
