package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// expected parts of messages that are long and come often.
const (
	topKeys      = "vip, label, director_label, services, real_servers, arp, announce, announce_table, timeouts, sync, check, watch"
	anAddress    = "expected a unicast IPv4 or IPv6 address"
	aPort        = "expected a number from 0 to 65535"
	likeInit     = "expected YAML as lvsdr init prints it"
	noDocument   = "no configuration, expected one as lvsdr init prints it"
	aLabel       = "expected interface:alias of at most 15 bytes, as in lo:1"
	severalPorts = "several ports, expected one; for several a mark that the packet filter gives their packets: fwmark in place of port"
	aName        = "expected letters, digits, full stops, underscores and hyphens"
	noService    = "no service uses it: each has a vip of its own, expected none, or a service without vip"
	aMask        = "expected a mask like 255.255.255.0, or for IPv6 a prefix length from 1 to 128"
	serviceKeys  = "port, fwmark, family, protocol, name, vip, scheduler, forward, persistent, netmask, flags, one_packet, real_servers, check, minimum, sorry, slow_start"
)

// faults are files that are refused, with the message about them less the name
// of the file.
var faults = append(fileFaults, healthFaults...)

type badFile struct{ name, file, want string }

var fileFaults = []badFile{
	// What is not a YAML file of ours at all.
	{"empty", "", "1:1: " + noDocument + "\n\n^"},
	{"only a byte order mark", "\ufeff", "1:1: " + noDocument + "\n\n^"},
	{"only a comment", "# vip\n", "1:1: " + noDocument + "\n# vip\n^"},
	{"only the mark of a document", "---\n", "1:1: nothing, expected a mapping with " + topKeys + "\n---\n^"},
	{"NUL", "vip: a\x00b\n", "1:7: control character U+0000, expected text in UTF-8\nvip: a\ufffdb\n      ^"},
	{"escape sequence", "# x\nvip: \x1b[31m\n", "2:6: control character U+001B, expected text in UTF-8\nvip: \ufffd[31m\n     ^"},
	{"carriage return alone", "vip: 1.2.3.4\rlabel: lo:1\n", "1:13: control character U+000D, expected text in UTF-8\nvip: 1.2.3.4\ufffdlabel: lo:1\n            ^"},
	{"mark in the middle", "label: \ufefflo:1\n", "1:8: control character U+FEFF, expected text in UTF-8\nlabel: \ufffdlo:1\n       ^"},
	{"no character", "label: \ufffe\n", "1:8: control character U+FFFE, expected text in UTF-8\nlabel: \ufffd\n       ^"},
	{"UTF-16", "\xff\xfev\x00", "1:1: byte 0xff, expected text in UTF-8\n\ufffd\ufffdv\ufffd\n^"},
	{"not UTF-8", "# é\n# \xe9\n", "2:3: byte 0xe9, expected text in UTF-8\n# \ufffd\n  ^"},
	{"tab as indentation", "arp:\n\tinterfaces: [lo]\n", "2:1: not YAML: found character that cannot start any token, " + likeInit + "\n\tinterfaces: [lo]\n^"},
	{"open list", "vip: [1.2.3.4\n", "1:6: not YAML: did not find expected ',' or ']', " + likeInit + "\nvip: [1.2.3.4\n     ^"},
	{"open quote", "vip: '1.2.3.4\n", "1:6: not YAML: found unexpected end of stream, " + likeInit + "\nvip: '1.2.3.4\n     ^"},
	{"bare address that ends in colons", "vip: 2001:db8::\n", "1:15: not YAML: mapping values are not allowed in this context, " + likeInit + "\nvip: 2001:db8::\n              ^"},
	{"depth by brackets", "vip: [[[[[[[[[[[[[[[[[\n", "1:22: nested too deeply, expected no more than lvsdr init prints\nvip: [[[[[[[[[[[[[[[[[\n                     ^"},
	{"depth by dashes", strings.Repeat("- ", 17) + "\n", "1:33: nested too deeply, expected no more than lvsdr init prints\n- - - - - - - - - - - - - - - - - \n                                ^"},
	{"two documents", "vip: 1.2.3.4\n---\nlabel: lo:2\n", "3:1: a second document, expected one document\nlabel: lo:2\n^"},
	{"second document without content", "vip: 1.2.3.4\n---\n", "2:1: a second document, expected one document\n---\n^"},
	{"second document of a word", "vip: 1.2.3.4\n--- lo:2\n", "2:5: a second document, expected one document\n--- lo:2\n    ^"},
	{"key over two lines", "vip 1.2.3.4\nlabel: lo:1\n", "2:6: not YAML: mapping values are not allowed in this context, " + likeInit + "\nlabel: lo:1\n     ^"},
	{"open braces", "arp: {interfaces: [lo]\n", "1:6: not YAML: did not find expected ',' or '}', " + likeInit + "\narp: {interfaces: [lo]\n     ^"},
	{"indentation between two", "services:\n  - port: 80\n   protocol: tcp\n", "3:4: not YAML: did not find expected '-' indicator, " + likeInit + "\n   protocol: tcp\n   ^"},
	{"list in the line of its key", "vip: - 1.2.3.4\n", "1:6: not YAML: block sequence entries are not allowed in this context, " + likeInit + "\nvip: - 1.2.3.4\n     ^"},
	{"comma too many", "vip: [1.2.3.4,,]\n", "1:15: not YAML: did not find expected node content, " + likeInit + "\nvip: [1.2.3.4,,]\n              ^"},
	{"key without a value in braces", "{vip}\n", "1:5: vip: nothing, " + anAddress + "\n{vip}\n    ^"},
	{"item without a value", "real_servers:\n  -\n  - 10.0.0.7\n", "2:4: real_servers: nothing, " + anAddress + "\n  -\n   ^"},
	{"directive", "%YAML 1.2\n---\nvip: 1.2.3.4\n", "1:1: a directive, expected none\n%YAML 1.2\n^"},
	{"directive behind a comment", "# x\n%TAG ! x\n---\nvip: 1.2.3.4\n", "2:1: a directive, expected none\n%TAG ! x\n^"},
	{"list", "- vip\n", "1:1: a list, expected a mapping with " + topKeys + "\n- vip\n^"},
	{"word", "vip\n", "1:1: \"vip\": a single value, expected a mapping with " + topKeys + "\nvip\n^"},

	// Keys.
	{"unknown key", "vip: 1.2.3.4\nlable: lo:1\n", "2:1: \"lable\": unknown key, expected one of " + topKeys + "\nlable: lo:1\n^"},
	{"unknown key after CRLF", "\ufeffvip: 1.2.3.4\r\nlable: lo:1\r\n", "2:1: \"lable\": unknown key, expected one of " + topKeys + "\nlable: lo:1\n^"},
	{"unknown key of a service", "services:\n  - port: 80\n    weight: 1\n", "3:5: \"weight\": unknown key, expected one of " + serviceKeys + "\n    weight: 1\n    ^"},
	{"unknown key of a real server", "real_servers: [{adress: 10.0.0.7}]\n", "1:17: \"adress\": unknown key, expected one of address, port, forward, weight, upper, lower\nreal_servers: [{adress: 10.0.0.7}]\n                ^"},
	{"key that is no text", "80: tcp\n", "1:1: \"80\": not a key, expected one of " + topKeys + "\n80: tcp\n^"},
	{"merge key", "<<: {vip: 1.2.3.4}\n", "1:1: \"<<\": not a key, expected one of " + topKeys + "\n<<: {vip: 1.2.3.4}\n^"},
	{"key twice", "vip: 1.2.3.4\nlabel: lo:1\nvip: 1.2.3.5\n", "3:1: key \"vip\": a second time (the first is on line 1), expected each key once\nvip: 1.2.3.5\n^"},

	// Types.
	{"nothing", "vip:\n", "1:5: vip: nothing, " + anAddress + "\nvip:\n    ^"},
	{"null", "label: null\n", "1:8: label: nothing, " + aLabel + "\nlabel: null\n       ^"},
	{"anchor", "vip: &a 1.2.3.4\n", "1:6: vip: an anchor, " + anAddress + "\nvip: &a 1.2.3.4\n     ^"},
	{"alias", "vip: *a\n", "1:6: not YAML: unknown anchor 'a' referenced, " + likeInit + "\nvip: *a\n     ^"},
	{"alias before its anchor is read", "services: [{flags: &a [], scheduler: *a}]\n", "1:38: scheduler: an alias, expected one of rr, wrr, lc, wlc, fo, ovf, lblc, lblcr, dh, sh, mh, sed, nq, twos\nservices: [{flags: &a [], scheduler: *a}]\n                                     ^"},
	{"aliases of aliases", "real_servers: &a [*a, *a]\n", "1:15: real_servers: an anchor, expected a list of real servers\nreal_servers: &a [*a, *a]\n              ^"},
	{"tag", "vip: !!str 1.2.3.4\n", "1:6: vip: a tag, " + anAddress + "\nvip: !!str 1.2.3.4\n     ^"},
	{"tag without a name", "label: ! lo:2\n", "1:8: label: a tag, " + aLabel + "\nlabel: ! lo:2\n       ^"},
	{"block of text", "vip: |\n  1.2.3.4\n", "1:6: vip: a block of text, " + anAddress + "\nvip: |\n     ^"},
	{"mapping for an address", "vip: {address: 1.2.3.4}\n", "1:6: vip: a mapping, " + anAddress + "\nvip: {address: 1.2.3.4}\n     ^"},
	{"mapping for services", "services:\n  port: 80\n", "2:3: services: a mapping, expected a list of services\n  port: 80\n  ^"},
	{"word for a service", "services: [80]\n", "1:12: services \"80\": a single value, expected a mapping with " + serviceKeys + "\nservices: [80]\n           ^"},
	{"list for arp", "arp: [all, lo]\n", "1:6: arp: a list, expected a mapping with interfaces\narp: [all, lo]\n     ^"},
	{"word for flags", "services: [{port: 80, flags: flag-1}]\n", "1:30: flags \"flag-1\": a single value, expected a list of scheduler flags\nservices: [{port: 80, flags: flag-1}]\n                             ^"},
	{"number in quotes", "services:\n  - port: '80'\n", "2:11: port \"80\": text in quotes, " + aPort + "\n  - port: '80'\n          ^"},
	{"the table that the kernel routes by", "announce_table: 254\n", "1:17: announce_table \"254\": out of range, expected a number from 1 to 252\nannounce_table: 254\n                ^"},
	{"truth in quotes", "announce: \"true\"\n", "1:11: announce \"true\": text in quotes, expected true or false\nannounce: \"true\"\n          ^"},
	{"yes", "announce: yes\n", "1:11: announce \"yes\": unknown, expected true or false\nannounce: yes\n          ^"},
	{"no VIP in the list", "vip: []\n", "1:6: vip: an empty list, " + anAddress + "\nvip: []\n     ^"},
	{"no service in the list", "services: []\n", "1:11: services: an empty list, expected at least one service\nservices: []\n          ^"},

	// Numbers.
	{"name of a port", "services: [{port: http}]", "1:19: port \"http\": not a decimal number, " + aPort + "\nservices: [{port: http}]\n                  ^"},
	{"hexadecimal", "services: [{port: 0x50}]", "1:19: port \"0x50\": not a decimal number, " + aPort + "\nservices: [{port: 0x50}]\n                  ^"},
	{"fraction", "services: [{port: 80.0}]", "1:19: port \"80.0\": not a decimal number, " + aPort + "\nservices: [{port: 80.0}]\n                  ^"},
	{"leading zero", "services: [{port: 080}]", "1:19: port \"080\": a number with a leading zero, " + aPort + "\nservices: [{port: 080}]\n                  ^"},
	{"negative", "services: [{port: -1}]", "1:19: port \"-1\": out of range, " + aPort + "\nservices: [{port: -1}]\n                  ^"},
	{"port too big", "services: [{port: 65536}]", "1:19: port \"65536\": out of range, " + aPort + "\nservices: [{port: 65536}]\n                  ^"},
	{"more than 64 bits", "services: [{port: 18446744073709551696}]", "1:19: port \"18446744073709551696\": out of range, " + aPort + "\nservices: [{port: 18446744073709551696}]\n                  ^"},
	{"mark zero", "services: [{fwmark: 0}]", "1:21: fwmark \"0\": out of range, expected a number from 1 to 4294967295\nservices: [{fwmark: 0}]\n                    ^"},
	{"persistent for too long", "services: [{port: 80, persistent: 2678401}]", "1:35: persistent \"2678401\": out of range, expected a number from 0 to 2678400\nservices: [{port: 80, persistent: 2678401}]\n                                  ^"},
	{"weight too big", "real_servers: [{address: 10.0.0.7, weight: 2147483648}]", "1:44: weight \"2147483648\": out of range, expected a number from 0 to 2147483647\nreal_servers: [{address: 10.0.0.7, weight: 2147483648}]\n                                           ^"},
	{"real server's port zero", "real_servers: [{address: 10.0.0.7, port: 0}]", "1:42: port \"0\": out of range, expected a number from 1 to 65535\nreal_servers: [{address: 10.0.0.7, port: 0}]\n                                         ^"},

	// Words.
	{"long line", "label: " + strings.Repeat("x", 300) + "\n", "1:8: label \"" + strings.Repeat("x", 60) + "…\": no alias, " + aLabel + "\nlabel: " + strings.Repeat("x", 100) + "\n       ^"},
	{"label without alias", "label: lo\n", "1:8: label \"lo\": no alias, " + aLabel + "\nlabel: lo\n       ^"},
	{"label too long", "label: enp0s31f6:vip100\nvip: 1.2.3.4\n", "1:8: label \"enp0s31f6:vip100\": too long, " + aLabel + "\nlabel: enp0s31f6:vip100\n       ^"},
	{"label on no interface", "label: .:1\n", "1:8: label \".:1\": not a label, " + aLabel + "\nlabel: .:1\n       ^"},
	{"label that climbs", "label: ..:1\n", "1:8: label \"..:1\": not a label, " + aLabel + "\nlabel: ..:1\n       ^"},
	{"label with a blank", "label: 'lo:a b'\n", "1:8: label \"lo:a b\": not a label, " + aLabel + "\nlabel: 'lo:a b'\n       ^"},
	{"interface with a slash", "arp: {interfaces: [all, ../all]}\n", "1:25: interfaces \"../all\": not a name, expected the name of an interface, or all\narp: {interfaces: [all, ../all]}\n                        ^"},
	{"interface that climbs", "arp: {interfaces: [..]}\n", "1:20: interfaces \"..\": not a name, expected the name of an interface, or all\narp: {interfaces: [..]}\n                   ^"},
	{"interface twice", "arp: {interfaces: [lo, lo]}\n", "1:24: interfaces \"lo\": the same interface again, expected each interface once\narp: {interfaces: [lo, lo]}\n                       ^"},
	{"unknown scheduler", "services: [{port: 80, scheduler: wwr}]", "1:34: scheduler \"wwr\": unknown, expected one of rr, wrr, lc, wlc, fo, ovf, lblc, lblcr, dh, sh, mh, sed, nq, twos\nservices: [{port: 80, scheduler: wwr}]\n                                 ^"},
	{"unknown protocol", "services: [{port: 80, protocol: icmp}]", "1:33: protocol \"icmp\": unknown, expected one of tcp, udp, sctp\nservices: [{port: 80, protocol: icmp}]\n                                ^"},
	{"unknown forwarding", "services: [{port: 80, forward: nat}]", "1:32: forward \"nat\": unknown, expected one of direct, tunnel, masquerade\nservices: [{port: 80, forward: nat}]\n                               ^"},
	{"unknown flag", "services: [{port: 80, scheduler: sh, flags: [sticky]}]", "1:46: flags \"sticky\": unknown, expected one of sh-fallback, sh-port, flag-1, flag-2, flag-3 with scheduler sh\nservices: [{port: 80, scheduler: sh, flags: [sticky]}]\n                                             ^"},
	{"flag of another scheduler", "services: [{flags: [sh-port], port: 80, scheduler: mh}]", "1:21: flags \"sh-port\": a flag of scheduler sh, expected one of mh-fallback, mh-port, flag-1, flag-2, flag-3 with scheduler mh\nservices: [{flags: [sh-port], port: 80, scheduler: mh}]\n                    ^"},
	{"flag twice by two names", "services: [{port: 80, scheduler: sh, flags: [sh-port, flag-2]}]", "1:55: flags \"flag-2\": a flag that is set already, expected each flag once\nservices: [{port: 80, scheduler: sh, flags: [sh-port, flag-2]}]\n                                                      ^"},
	{"mask with a gap", "services: [{port: 80, persistent: 5, netmask: 255.0.255.0}]", "1:47: netmask \"255.0.255.0\": not a mask of leading ones, " + aMask + "\nservices: [{port: 80, persistent: 5, netmask: 255.0.255.0}]\n                                              ^"},
	{"prefix too long", "services: [{port: 80, persistent: 5, netmask: 129}]", "1:47: netmask \"129\": not a mask, " + aMask + "\nservices: [{port: 80, persistent: 5, netmask: 129}]\n                                              ^"},

	// Relations within a service.
	{"neither port nor mark", "services:\n  - scheduler: rr\n", "2:5: services: neither port nor fwmark, expected one of them\n  - scheduler: rr\n    ^"},
	{"port and mark", "services: [{port: 80, fwmark: 7}]", "1:31: fwmark \"7\": a port as well, expected one of them\nservices: [{port: 80, fwmark: 7}]\n                              ^"},
	{"family of a port", "services: [{port: 80, family: ipv6}]", "1:31: family \"ipv6\": a port has the family of the VIP, expected it only with fwmark\nservices: [{port: 80, family: ipv6}]\n                              ^"},
	{"protocol of a mark", "services: [{fwmark: 7, protocol: udp}]", "1:34: protocol \"udp\": a firewall mark has no protocol, expected it only with port\nservices: [{fwmark: 7, protocol: udp}]\n                                 ^"},
	{"every port without persistence", "services: [{port: 0}]", "1:19: port \"0\": port 0 is every port, and needs persistence, expected a number from 1 to 65535, or persistent as well\nservices: [{port: 0}]\n                  ^"},
	{"mask without persistence", "services: [{port: 80, netmask: 255.255.255.0}]", "1:32: netmask \"255.255.255.0\": netmask without persistence, expected persistent as well\nservices: [{port: 80, netmask: 255.255.255.0}]\n                               ^"},
	{"single packets of TCP", "services: [{port: 80, one_packet: true}]", "1:35: one_packet \"true\": one_packet without UDP, expected protocol: udp, or fwmark\nservices: [{port: 80, one_packet: true}]\n                                  ^"},
	{"service twice", "services: [{port: 80}, {protocol: tcp, port: 80}]", "1:24: services: the same service again, expected each service once\nservices: [{port: 80}, {protocol: tcp, port: 80}]\n                       ^"},
	{"mark twice", "services: [{fwmark: 7}, {fwmark: 7, family: ipv4}]", "1:25: services: the same service again, expected each service once\nservices: [{fwmark: 7}, {fwmark: 7, family: ipv4}]\n                        ^"},

	// Real servers.
	{"no address", "real_servers: [{weight: 1}]", "1:16: real_servers: no address, expected the address of the real server\nreal_servers: [{weight: 1}]\n               ^"},
	{"port in a bare address", "real_servers: ['10.0.0.7:80']", "1:16: real_servers \"10.0.0.7:80\": not an address, " + anAddress + "\nreal_servers: ['10.0.0.7:80']\n               ^"},
	{"lower above upper", "real_servers: [{address: 10.0.0.7, upper: 1, lower: 2}]", "1:53: lower \"2\": above the upper threshold, expected a number from 0 to 1\nreal_servers: [{address: 10.0.0.7, upper: 1, lower: 2}]\n                                                    ^"},
	{"port without masquerade", "real_servers: [{address: 10.0.0.7, port: 8080}]", "1:42: port \"8080\": a real server's port with forward: direct, expected none, or forward: masquerade\nreal_servers: [{address: 10.0.0.7, port: 8080}]\n                                         ^"},
	{"real server twice", "real_servers:\n  - 10.0.0.7\n  - {address: 10.0.0.7, weight: 2}\n", "3:5: real_servers: the same real server again, expected each real server once\n  - {address: 10.0.0.7, weight: 2}\n    ^"},
	{"real server twice by the service's port", "services: [{port: 80, forward: masquerade, real_servers: [10.0.0.7, {address: 10.0.0.7, port: 80}]}]", "1:69: real_servers: the same real server again, expected each real server once\nservices: [{port: 80, forward: masquerade, real_servers: [10.0.0.7, {address: 10.0.0.7, port: 80}]}]\n                                                                    ^"},

	// Relations with the VIPs.
	{"VIP twice", "vip: [1.2.3.4, 1.2.3.4]", "1:16: vip \"1.2.3.4\": the same VIP again, expected each VIP once\nvip: [1.2.3.4, 1.2.3.4]\n               ^"},
	{"VIP is a real server", "vip: 10.0.0.7\nreal_servers: [10.0.0.7]", "2:16: real_servers \"10.0.0.7\": 10.0.0.7 is a VIP, expected the real server's own address\nreal_servers: [10.0.0.7]\n               ^"},
	{"VIP is a service's real server", "vip: 10.0.0.7\nservices: [{port: 80, real_servers: [{address: 10.0.0.7}]}]", "2:48: address \"10.0.0.7\": 10.0.0.7 is a VIP, expected the real server's own address\nservices: [{port: 80, real_servers: [{address: 10.0.0.7}]}]\n                                               ^"},
	{"prefix length with an IPv4 VIP", "vip: 1.2.3.4\nservices: [{port: 80, persistent: 5, netmask: 64}]", "2:47: netmask \"64\": the service is IPv4, expected a mask like 255.255.255.0\nservices: [{port: 80, persistent: 5, netmask: 64}]\n                                              ^"},
	{"mask with an IPv6 mark", "services: [{fwmark: 7, family: ipv6, persistent: 5, netmask: 255.255.0.0}]", "1:62: netmask \"255.255.0.0\": the service is IPv6, expected a prefix length from 1 to 128\nservices: [{fwmark: 7, family: ipv6, persistent: 5, netmask: 255.255.0.0}]\n                                                             ^"},
	{"mark of another family", "vip: 2001:db8::100\nservices: [{fwmark: 7}]", "2:21: fwmark \"7\": the mark is IPv4, but no VIP is, expected the family of a VIP\nservices: [{fwmark: 7}]\n                    ^"},
	{"VIP without a real server", "vip: [172.16.0.100, 2001:db8::100]\nreal_servers: [10.0.0.7]", "2:15: real_servers: no real server is IPv6, but a VIP is, expected a real server with IPv6, or forward: tunnel\nreal_servers: [10.0.0.7]\n              ^"},
	{"real server without a VIP", "vip: 172.16.0.100\nreal_servers:\n  - 10.0.0.7\n  - 2001:db8::7\n", "4:5: real_servers \"2001:db8::7\": 2001:db8::7 is IPv6, but no VIP is, expected the family of a VIP, or forward: tunnel\n  - 2001:db8::7\n    ^"},

	// Several ports.
	{"range of ports", "services:\n  - port: 8000-8010\n", "2:11: port \"8000-8010\": " + severalPorts + "\n  - port: 8000-8010\n          ^"},
	{"range of ports as in ipvsadm's manual", "services: [{port: 8000:8010}]", "1:19: port \"8000:8010\": " + severalPorts + "\nservices: [{port: 8000:8010}]\n                  ^"},
	{"range of ports in quotes", "services: [{port: \"8000-8010\"}]", "1:19: port \"8000-8010\": " + severalPorts + "\nservices: [{port: \"8000-8010\"}]\n                  ^"},
	{"ports in one word", "services:\n  - port: 80,443\n", "2:11: port \"80,443\": " + severalPorts + "\n  - port: 80,443\n          ^"},
	{"list of ports", "services: [{port: [80, 443]}]", "1:19: port: " + severalPorts + "\nservices: [{port: [80, 443]}]\n                  ^"},
	{"something else with a hyphen", "services: [{port: 80-http}]", "1:19: port \"80-http\": not a decimal number, " + aPort + "\nservices: [{port: 80-http}]\n                  ^"},

	// Names, and VIPs of services.
	{"name with a blank", "services: [{port: 80, name: my shop}]", "1:29: name \"my shop\": not a name, " + aName + "\nservices: [{port: 80, name: my shop}]\n                            ^"},
	{"name with a slash", "services: [{port: 80, name: tcp/80}]", "1:29: name \"tcp/80\": not a name, " + aName + "\nservices: [{port: 80, name: tcp/80}]\n                            ^"},
	{"name with an umlaut", "services: [{port: 80, name: süd}]", "1:29: name \"süd\": not a name, " + aName + "\nservices: [{port: 80, name: süd}]\n                            ^"},
	{"empty name", "services: [{port: 80, name: ''}]", "1:29: name \"\": not a name, " + aName + "\nservices: [{port: 80, name: ''}]\n                            ^"},
	{"name of another service", "services:\n  - {port: 80, name: web}\n  - {port: 81}\n  - {port: 82, name: web}\n", "4:22: name \"web\": the name of another service, expected each name once\n  - {port: 82, name: web}\n                     ^"},
	{"VIP that no service has", "vip: [1.2.3.4, 1.2.3.5]\nservices: [{port: 80, vip: 1.2.3.4}]", "1:16: vip \"1.2.3.5\": " + noService + "\nvip: [1.2.3.4, 1.2.3.5]\n               ^"},
	{"VIP that no service has, alone", "vip: 1.2.3.4\nservices: [{port: 80, vip: 1.2.3.5}]", "1:6: vip \"1.2.3.4\": " + noService + "\nvip: 1.2.3.4\n     ^"},
	{"no VIP in a service's list", "services: [{port: 80, vip: []}]", "1:28: vip: an empty list, " + anAddress + "\nservices: [{port: 80, vip: []}]\n                           ^"},
	{"VIP of a service that can be none", "services: [{port: 80, vip: 127.0.0.1}]", "1:28: vip \"127.0.0.1\": a loopback address, " + anAddress + "\nservices: [{port: 80, vip: 127.0.0.1}]\n                           ^"},
	{"VIP of a service twice", "services: [{port: 80, vip: [1.2.3.4, 1.2.3.4]}]", "1:38: vip \"1.2.3.4\": the same VIP again, expected each VIP once\nservices: [{port: 80, vip: [1.2.3.4, 1.2.3.4]}]\n                                     ^"},
	{"service of the file's VIP again by its own", "vip: 1.2.3.4\nservices:\n  - port: 80\n  - {port: 80, vip: [1.2.3.5, 1.2.3.4]}\n", "4:5: services: the same service again, expected each service once\n  - {port: 80, vip: [1.2.3.5, 1.2.3.4]}\n    ^"},
	{"mark twice on two VIPs", "services: [{fwmark: 7, vip: 1.2.3.4}, {fwmark: 7, vip: 1.2.3.5}]", "1:39: services: the same service again, expected each service once\nservices: [{fwmark: 7, vip: 1.2.3.4}, {fwmark: 7, vip: 1.2.3.5}]\n                                      ^"},
	{"VIP of a service is another one's real server", "services: [{port: 80, vip: 1.2.3.4}, {port: 81, vip: 10.0.0.7}]\nreal_servers: [10.0.0.7]", "2:16: real_servers \"10.0.0.7\": 10.0.0.7 is a VIP, expected the real server's own address\nreal_servers: [10.0.0.7]\n               ^"},
	{"mask with a service's IPv6 VIP", "vip: 1.2.3.4\nservices: [{port: 80}, {port: 81, vip: '2001:db8::1', persistent: 5, netmask: 255.255.0.0}]", "2:79: netmask \"255.255.0.0\": the service is IPv6, expected a prefix length from 1 to 128\nservices: [{port: 80}, {port: 81, vip: '2001:db8::1', persistent: 5, netmask: 255.255.0.0}]\n                                                                              ^"},
	{"mark of another family than its VIP", "vip: 1.2.3.4\nservices: [{port: 80}, {fwmark: 7, vip: '2001:db8::1'}]", "2:33: fwmark \"7\": the mark is IPv4, but no VIP is, expected the family of a VIP\nservices: [{port: 80}, {fwmark: 7, vip: '2001:db8::1'}]\n                                ^"},
	{"VIP of a service without a real server", "vip: 1.2.3.4\nservices: [{port: 80}, {port: 81, vip: '2001:db8::1'}]\nreal_servers: [10.0.0.7]\n", "3:15: real_servers: no real server is IPv6, but a VIP is, expected a real server with IPv6, or forward: tunnel\nreal_servers: [10.0.0.7]\n              ^"},
	{"real server without a VIP of its service", "vip: 2001:db8::1\nservices: [{port: 80}, {port: 81, vip: 1.2.3.4, real_servers: [10.0.0.7, '2001:db8::8']}]\nreal_servers: ['2001:db8::7']\n", "2:74: real_servers \"2001:db8::8\": 2001:db8::8 is IPv6, but no VIP is, expected the family of a VIP, or forward: tunnel\nservices: [{port: 80}, {port: 81, vip: 1.2.3.4, real_servers: [10.0.0.7, '2001:db8::8']}]\n                                                                         ^"},

	// Forwarding of real servers.
	{"unknown forwarding of a real server", "real_servers: [{address: 10.0.0.7, forward: nat}]", "1:45: forward \"nat\": unknown, expected one of direct, tunnel, masquerade\nreal_servers: [{address: 10.0.0.7, forward: nat}]\n                                            ^"},
	{"port of a real server with a tunnel of its own", "services: [{port: 80, forward: masquerade}]\nreal_servers: [{address: 10.0.0.7, port: 8080, forward: tunnel}]", "2:42: port \"8080\": a real server's port with forward: tunnel, expected none, or forward: masquerade\nreal_servers: [{address: 10.0.0.7, port: 8080, forward: tunnel}]\n                                         ^"},
	{"direct routing to another family beside a tunnel", "vip: 1.2.3.4\nservices: [{port: 80, forward: tunnel}]\nreal_servers: [10.0.0.7, {address: '2001:db8::7', forward: direct}]", "3:26: real_servers: 2001:db8::7 is IPv6, but no VIP is, expected the family of a VIP, or forward: tunnel\nreal_servers: [10.0.0.7, {address: '2001:db8::7', forward: direct}]\n                         ^"},

	// Timeouts and synchronisation, as ipvsadm takes them.
	{"label of the director without alias", "director_label: eth0", "1:17: director_label \"eth0\": no alias, " + aLabel + "\ndirector_label: eth0\n                ^"},
	{"timeout for too long", "timeouts: {tcp: 2678401}", "1:17: tcp \"2678401\": out of range, expected a number from 0 to 2678400\ntimeouts: {tcp: 2678401}\n                ^"},
	{"timeout with a unit", "timeouts: {udp: 5m}", "1:17: udp \"5m\": not a decimal number, expected a number from 0 to 2678400\ntimeouts: {udp: 5m}\n                ^"},
	{"unknown timeout", "timeouts: {tcp_fin: 5}", "1:12: \"tcp_fin\": unknown key, expected one of tcp, tcpfin, udp\ntimeouts: {tcp_fin: 5}\n           ^"},
	{"numbers for timeouts", "timeouts: [900, 120, 300]", "1:11: timeouts: a list, expected a mapping with tcp, tcpfin, udp\ntimeouts: [900, 120, 300]\n          ^"},
	{"unknown role", "sync: {role: slave}", "1:14: role \"slave\": unknown, expected one of master, backup, both\nsync: {role: slave}\n             ^"},
	{"interface of sync too long", "sync: {interface: enp0s31f6.4094.1}", "1:19: interface \"enp0s31f6.4094.1\": too long, expected the name of an interface\nsync: {interface: enp0s31f6.4094.1}\n                  ^"},
	{"id of sync too large", "sync: {id: 256}", "1:12: id \"256\": out of range, expected a number from 0 to 255\nsync: {id: 256}\n           ^"},
	{"messages of sync too long", "sync: {max_len: 65508}", "1:17: max_len \"65508\": out of range, expected a number from 1 to 65507\nsync: {max_len: 65508}\n                ^"},
	{"port of sync zero", "sync: {port: 0}", "1:14: port \"0\": out of range, expected a number from 1 to 65535\nsync: {port: 0}\n             ^"},
	{"ttl of sync too large", "sync: {ttl: 256}", "1:13: ttl \"256\": out of range, expected a number from 1 to 255\nsync: {ttl: 256}\n            ^"},
	{"group of sync that is none", "sync: {group: 10.0.0.1}", "1:15: group \"10.0.0.1\": not a multicast address, expected a multicast address\nsync: {group: 10.0.0.1}\n              ^"},
	{"group of sync with a zone", "sync: {group: 'ff02::1%eth0'}", "1:15: group \"ff02::1%eth0\": an address with a zone, expected a multicast address\nsync: {group: 'ff02::1%eth0'}\n              ^"},
	{"sync beside real servers of another family", "vip: 1.2.3.4\nreal_servers: [10.0.0.7, {address: '2001:db8::7', forward: tunnel}]\nsync: {role: master}\n", "3:7: sync: sync with 2001:db8::7, which is IPv6 behind a VIP of IPv4, expected no sync, or real servers of the VIP's family\nsync: {role: master}\n      ^"},
}

func TestLoadFaults(t *testing.T) {
	for _, test := range faults {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load("lvsdr.yaml", []byte(test.file))
			var fault *Fault
			if !errors.As(err, &fault) {
				t.Fatalf("error is %v, want a *Fault", err)
			}
			if d := cmp.Diff("lvsdr.yaml:"+test.want, err.Error()); d != "" {
				t.Errorf("message (-want +got):\n%s", d)
			}
		})
	}
}

// TestAddresses has the addresses that can be no VIP. A real server may be on
// the director itself.
func TestAddresses(t *testing.T) {
	for _, test := range []struct{ addr, vip, server string }{
		{"10.0.0.300", "not an address", "not an address"},
		{"10.0.0", "not an address", "not an address"},
		{"www.example.com", "not an address", "not an address"},
		{"172.16.0.100/32", "not an address", "not an address"},
		{"0.0.0.0", "the unspecified address", "the unspecified address"},
		{"0.0.0.7", `an address of "this network"`, `an address of "this network"`},
		{"127.0.0.1", "a loopback address", ""},
		{"224.0.0.18", "a multicast address", "a multicast address"},
		{"255.255.255.255", "the broadcast address", "the broadcast address"},
		{"::", "the unspecified address", "the unspecified address"},
		{"::1", "a loopback address", ""},
		{"ff02::1", "a multicast address", "a multicast address"},
		{"fe80::1", "a link-local address", "a link-local address"},
		{"169.254.1.1", "a link-local address", ""},
		{"fe80::1%eth0", "an address with a zone", "an address with a zone"},
		{"::ffff:10.0.0.7", "an IPv4 address written as IPv6", "an IPv4 address written as IPv6"},
		{"10.0.0.7", "", ""},
		{"2001:db8::7", "", ""},
	} {
		t.Run(test.addr, func(t *testing.T) {
			if _, err := virtualAddress.parse(test.addr); text(err) != test.vip {
				t.Errorf("as a VIP: got %q, want %q", text(err), test.vip)
			}
			if _, err := serverAddress.parse(test.addr); text(err) != test.server {
				t.Errorf("as a real server: got %q, want %q", text(err), test.server)
			}
		})
	}
}

// TestLoadTooBig has a file that is text, but not a configuration.
func TestLoadTooBig(t *testing.T) {
	_, err := Load("lvsdr.yaml", []byte(strings.Repeat("#\n", maxSize)))
	var fault *Fault
	if !errors.As(err, &fault) || fault.Line != maxSize/2+1 || fault.What != "a file of more than 1 MiB" {
		t.Errorf("error is %v", err)
	}
}

// TestLoadTable has a file whose table would be of more entries than its lines.
func TestLoadTable(t *testing.T) {
	var services, servers strings.Builder
	for i := range 1024 {
		fmt.Fprintf(&services, "- {port: %d}\n", i+1)
		fmt.Fprintf(&servers, "- 10.0.%d.%d\n", i/256, i%256)
	}
	_, err := Load("lvsdr.yaml", []byte("services:\n"+services.String()+"real_servers:\n"+servers.String()))
	const want = "lvsdr.yaml:2:1: services: a table of 1049600 entries, expected at most 1048576\n- {port: 1}\n^"
	if d := cmp.Diff(want, text(err)); d != "" {
		t.Errorf("message (-want +got):\n%s", d)
	}
}

// TestRead reads what is no file of a reasonable size, and what nobody writes.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	if err := os.WriteFile(file, Example(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ path, want string }{
		{file, ""},
		{dir, "configuration: read " + dir + ": is a directory"},
		{filepath.Join(dir, "none"), "configuration: open " + filepath.Join(dir, "none") + ": no such file or directory"},
		{pipe, pipe + ":1:1: no configuration, expected one as lvsdr init prints it\n\n^"},
		{"/dev/zero", "/dev/zero:1:1: control character U+0000, expected text in UTF-8\n" + strings.Repeat("\ufffd", 100) + "\n^"},
	} {
		t.Run(filepath.Base(test.path), func(t *testing.T) {
			_, err := Read(test.path)
			if d := cmp.Diff(test.want, text(err)); d != "" {
				t.Errorf("message (-want +got):\n%s", d)
			}
		})
	}
}
