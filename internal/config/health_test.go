package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lvsdr/internal/ipvs"
)

const (
	aHost        = "NAME or NAME:PORT, as in www.example.com or [2001:db8::7]:8080"
	keysOfChecks = "type, port, interval, timeout, fall, rise, on_failure, vip, send, receive, verify, name, ca, path, host, method, status, body, headers, record, answer, command, user"
)

// healthFaults are those of [faults] that are about checks, about what comes of
// them and about watching.
var healthFaults = []badFile{
	// Keys and types of checks.
	{"unknown type of a check", "check: {type: ping}", "1:15: type \"ping\": unknown, expected one of tcp, tls, http, https, dns, udp, exec, none\ncheck: {type: ping}\n              ^"},
	{"key of another type of check", "check: {path: /healthz}", "1:15: path \"/healthz\": a check of type tcp has no path, expected type: http or https\ncheck: {path: /healthz}\n              ^"},
	{"key of another type before its type", "check: {path: /healthz, type: tcp}", "1:15: path \"/healthz\": a check of type tcp has no path, expected type: http or https\ncheck: {path: /healthz, type: tcp}\n              ^"},
	{"command of a check by TCP", "check: {command: [/bin/true]}", "1:18: command: a check of type tcp has no command, expected type: exec\ncheck: {command: [/bin/true]}\n                 ^"},
	{"key of a check that is switched off", "services: [{port: 80, check: {type: none, interval: 2s}}]", "1:53: interval \"2s\": a check of type none has no interval, expected type: tcp, tls, http, https, dns, udp or exec\nservices: [{port: 80, check: {type: none, interval: 2s}}]\n                                                    ^"},
	{"unknown key of a check", "check: {retries: 3}", "1:9: \"retries\": unknown key, expected one of " + keysOfChecks + "\ncheck: {retries: 3}\n        ^"},

	// Values that every type has.
	{"time without a unit", "check: {interval: 5}", "1:19: interval \"5\": a number without a unit, expected a time from 100ms to 1h, as in 2s or 500ms\ncheck: {interval: 5}\n                  ^"},
	{"time in words", "check: {interval: soon}", "1:19: interval \"soon\": not a time, expected a time from 100ms to 1h, as in 2s or 500ms\ncheck: {interval: soon}\n                  ^"},
	{"interval too short", "check: {interval: 50ms}", "1:19: interval \"50ms\": out of range, expected a time from 100ms to 1h, as in 2s or 500ms\ncheck: {interval: 50ms}\n                  ^"},
	{"interval too long", "check: {interval: 2h}", "1:19: interval \"2h\": out of range, expected a time from 100ms to 1h, as in 2s or 500ms\ncheck: {interval: 2h}\n                  ^"},
	{"timeout longer than the interval", "check: {timeout: 3s}", "1:18: timeout \"3s\": timeout 3s is longer than interval 2s, expected at most the interval\ncheck: {timeout: 3s}\n                 ^"},
	{"timeout of the file longer than a service's interval", "services: [{port: 80, check: {interval: 500ms}}]\ncheck: {timeout: 1s}\n", "1:30: check: timeout 1s is longer than interval 500ms, expected at most the interval\nservices: [{port: 80, check: {interval: 500ms}}]\n                             ^"},
	{"default timeout longer than the interval of the file", "services: [{port: 80}]\ncheck: {interval: 500ms}\n", "2:8: check: timeout 1s is longer than interval 500ms, expected at most the interval\ncheck: {interval: 500ms}\n       ^"},
	{"no fall at all", "check: {fall: 0}", "1:15: fall \"0\": out of range, expected a number from 1 to 100\ncheck: {fall: 0}\n              ^"},
	{"unknown deed on failure", "check: {on_failure: drop}", "1:21: on_failure \"drop\": unknown, expected one of auto, quiesce, remove\ncheck: {on_failure: drop}\n                    ^"},
	{"VIP on the wire with masquerade", "services: [{port: 80, forward: masquerade, check: {vip: true}}]", "1:57: vip \"true\": the VIP can be checked on the wire only with protocol tcp, a port and direct routing, expected vip: false\nservices: [{port: 80, forward: masquerade, check: {vip: true}}]\n                                                        ^"},
	{"VIP on the wire with UDP", "services: [{port: 53, protocol: udp, check: {type: udp, vip: true}}]", "1:62: vip \"true\": the VIP can be checked on the wire only with protocol tcp, a port and direct routing, expected vip: false\nservices: [{port: 53, protocol: udp, check: {type: udp, vip: true}}]\n                                                             ^"},

	// Values of single types.
	{"regular expression without an end", "check: {receive: \"a(b\"}", "1:18: receive \"a(b\": missing closing ): \"a(b\", expected a regular expression (RE2)\ncheck: {receive: \"a(b\"}\n                 ^"},
	{"regular expression with a range backwards", "check: {type: http, body: \"[z-a]\"}", "1:27: body \"[z-a]\": invalid character class range: \"z-a\", expected a regular expression (RE2)\ncheck: {type: http, body: \"[z-a]\"}\n                          ^"},
	{"regular expression with too many", "check: {type: http, body: \"a{1001}\"}", "1:27: body \"a{1001}\": invalid repeat count: \"{1001}\", expected a regular expression (RE2)\ncheck: {type: http, body: \"a{1001}\"}\n                          ^"},
	{"regular expression that looks ahead, with a line end", `check: {type: http, body: "(?=\n)"}`, "1:27: body \"(?=\\n)\": invalid or unsupported Perl syntax: \"(?=\", expected a regular expression (RE2)\ncheck: {type: http, body: \"(?=\\n)\"}\n                          ^"},
	{"certificates by a relative path", "check: {type: tls, ca: ca.pem}", "1:24: ca \"ca.pem\": not an absolute path, expected the absolute path of a file\ncheck: {type: tls, ca: ca.pem}\n                       ^"},
	{"name that is a URL", "check: {type: tls, name: \"https://a\"}", "1:26: name \"https://a\": not a name, expected a name as in www.example.com\ncheck: {type: tls, name: \"https://a\"}\n                         ^"},
	{"path without a slash", "check: {type: http, path: healthz}", "1:27: path \"healthz\": no slash at its beginning, expected a path as in /healthz or /status?full=1, with % where it needs it\ncheck: {type: http, path: healthz}\n                          ^"},
	{"path with a blank", "check: {type: http, path: \"/a b\"}", "1:27: path \"/a b\": a character that no URL path has, expected a path as in /healthz or /status?full=1, with % where it needs it\ncheck: {type: http, path: \"/a b\"}\n                          ^"},
	{"path with half an escape", "check: {type: http, path: \"/a%2\"}", "1:27: path \"/a%2\": % without two hexadecimal digits, expected a path as in /healthz or /status?full=1, with % where it needs it\ncheck: {type: http, path: \"/a%2\"}\n                          ^"},
	{"host with the name of a port", "check: {type: http, host: \"a:http\"}", "1:27: host \"a:http\": port is not a decimal number, expected " + aHost + "\ncheck: {type: http, host: \"a:http\"}\n                          ^"},
	{"method in small letters", "check: {type: http, method: get}", "1:29: method \"get\": unknown, expected one of GET, HEAD, OPTIONS, POST\ncheck: {type: http, method: get}\n                            ^"},
	{"body of HEAD", "check: {type: http, method: HEAD, body: ok}", "1:41: body \"ok\": body with method HEAD, whose answers have none, expected method: GET\ncheck: {type: http, method: HEAD, body: ok}\n                                        ^"},
	{"status by class", "check: {type: http, status: 2xx}", "1:29: status \"2xx\": not a decimal number, expected statuses from 100 to 599, as in 204 or 200-299\ncheck: {type: http, status: 2xx}\n                            ^"},
	{"statuses backwards", "check: {type: http, status: [299-200]}", "1:30: status \"299-200\": the higher one first, expected statuses from 100 to 599, as in 204 or 200-299\ncheck: {type: http, status: [299-200]}\n                             ^"},
	{"status out of range", "check: {type: http, status: 700}", "1:29: status \"700\": out of range, expected statuses from 100 to 599, as in 204 or 200-299\ncheck: {type: http, status: 700}\n                            ^"},
	{"no status", "check: {type: http, status: []}", "1:29: status: an empty list, expected statuses from 100 to 599, as in 204 or 200-299\ncheck: {type: http, status: []}\n                            ^"},
	{"list of headers", "check: {type: http, headers: [Accept]}", "1:30: headers: a list, expected a mapping of names to values\ncheck: {type: http, headers: [Accept]}\n                             ^"},
	{"header with a blank in its name", "check: {type: http, headers: {\"a b\": c}}", "1:31: headers \"a b\": not a name, expected the name of a header, as in Accept\ncheck: {type: http, headers: {\"a b\": c}}\n                              ^"},
	{"header that has a key of its own", "check: {type: http, headers: {Host: c}}", "1:31: headers \"Host\": a header that every request has, expected host: NAME beside headers\ncheck: {type: http, headers: {Host: c}}\n                              ^"},
	{"header that is not to choose", "check: {type: http, headers: {connection: c}}", "1:31: headers \"connection\": a header that every request has, expected none\ncheck: {type: http, headers: {connection: c}}\n                              ^"},
	{"header twice", "check: {type: http, headers: {Accept: c, accept: d}}", "1:42: headers \"accept\": the same header again, expected each header once\ncheck: {type: http, headers: {Accept: c, accept: d}}\n                                         ^"},
	{"header with a line end", `check: {type: http, headers: {Accept: "c\r\nX: y"}}`, "1:39: Accept \"c\\r\\nX: y\": a control character, expected text without control characters\ncheck: {type: http, headers: {Accept: \"c\\r\\nX: y\"}}\n                                      ^"},
	{"list for a header", "check: {type: http, headers: {Accept: [a]}}", "1:39: Accept: a list, expected text without control characters\ncheck: {type: http, headers: {Accept: [a]}}\n                                      ^"},
	{"question without a name", "check: {type: dns}", "1:8: check: a check of type dns without a name, expected name: NAME, as in www.example.com\ncheck: {type: dns}\n       ^"},
	{"unknown record", "check: {type: dns, name: a, record: ANY}", "1:37: record \"ANY\": unknown, expected one of A, AAAA, CNAME, MX, NS, PTR, SOA, SRV, TXT\ncheck: {type: dns, name: a, record: ANY}\n                                    ^"},
	{"answer of another family", "check: {type: dns, name: a, answer: \"::1\"}", "1:37: answer \"::1\": not an answer for record A, expected an address of its family\ncheck: {type: dns, name: a, answer: \"::1\"}\n                                    ^"},
	{"answer of the file that does not fit the record", "services: [{port: 53, check: {record: AAAA}}]\ncheck: {type: dns, name: a, answer: 1.2.3.4}\n", "1:30: check: not an answer for record AAAA, expected an address of its family\nservices: [{port: 53, check: {record: AAAA}}]\n                             ^"},
	{"program that is not said", "check: {type: exec}", "1:8: check: a check of type exec without a command, expected command: [PROGRAM, ARGUMENT …]\ncheck: {type: exec}\n       ^"},
	{"command in one word", "check: {type: exec, command: /bin/true}", "1:30: command \"/bin/true\": a single value, expected a list of a program, by its absolute path, and its arguments\ncheck: {type: exec, command: /bin/true}\n                             ^"},
	{"empty command", "check: {type: exec, command: []}", "1:30: command: an empty list, expected a list of a program, by its absolute path, and its arguments\ncheck: {type: exec, command: []}\n                             ^"},
	{"command by its name", "check: {type: exec, command: [true]}", "1:31: command \"true\": not an absolute path, expected a program as in /usr/local/bin/check\ncheck: {type: exec, command: [true]}\n                              ^"},
	{"argument with NUL", `check: {type: exec, command: [/bin/true, "a\0"]}`, "1:42: command \"a\\x00\": a NUL, expected text without NUL\ncheck: {type: exec, command: [/bin/true, \"a\\0\"]}\n                                         ^"},
	{"user with a blank", "check: {type: exec, command: [/bin/true], user: \"a b\"}", "1:49: user \"a b\": not a name, expected the name or number of a user\ncheck: {type: exec, command: [/bin/true], user: \"a b\"}\n                                                ^"},
	{"user with a number below zero", "check: {type: exec, command: [/bin/true], user: -1}", "1:49: user \"-1\": out of range, expected the name or number of a user\ncheck: {type: exec, command: [/bin/true], user: -1}\n                                                ^"},
	{"number that is nobody's", "check: {type: exec, command: [/bin/true], user: 4294967295}", "1:49: user \"4294967295\": out of range, expected the name or number of a user\ncheck: {type: exec, command: [/bin/true], user: 4294967295}\n                                                ^"},

	// Checks and their services.
	{"check of a mark without a port", "services: [{fwmark: 7}]\ncheck: {}\n", "1:12: services: a check of a firewall mark, which has no port, expected port in check\nservices: [{fwmark: 7}]\n           ^"},
	{"check of a mark by a program without a port", "services:\n  - {fwmark: 7, check: {type: exec, command: [/bin/true]}}\n", "2:24: check: a check of a firewall mark, which has no port, expected port in check\n  - {fwmark: 7, check: {type: exec, command: [/bin/true]}}\n                       ^"},
	{"check of every port", "services: [{port: 0, persistent: 5, check: {}}]", "1:44: check: a check of port 0, which is every port, expected port in check\nservices: [{port: 0, persistent: 5, check: {}}]\n                                           ^"},
	{"the file's check by TCP with a UDP service", "services: [{port: 80}, {port: 53, protocol: udp}]\ncheck: {}\n", "1:24: services: a check of type tcp where a service of protocol udp listens, expected type: udp, dns or exec, or port in check\nservices: [{port: 80}, {port: 53, protocol: udp}]\n                       ^"},
	{"the file's check by UDP with the default service", "vip: 172.16.0.100\nreal_servers: [10.0.0.7]\ncheck: {type: udp}", "3:8: check: a check of type udp where a service of protocol tcp listens, expected type: tcp, tls, http, https, dns or exec, or port in check\ncheck: {type: udp}\n       ^"},
	{"check by HTTP of a UDP service", "services: [{port: 53, protocol: udp, check: {type: http}}]", "1:52: type \"http\": a check of type http where a service of protocol udp listens, expected type: udp, dns or exec, or port in check\nservices: [{port: 53, protocol: udp, check: {type: http}}]\n                                                   ^"},
	{"check by UDP of a TCP service", "services: [{port: 53, check: {type: udp}}]", "1:37: type \"udp\": a check of type udp where a service of protocol tcp listens, expected type: tcp, tls, http, https, dns or exec, or port in check\nservices: [{port: 53, check: {type: udp}}]\n                                    ^"},
	{"check by TLS of an SCTP service", "services: [{port: 53, protocol: sctp, check: {type: tls}}]", "1:53: type \"tls\": a check of type tls where a service of protocol sctp listens, expected type: tcp or exec, or port in check\nservices: [{port: 53, protocol: sctp, check: {type: tls}}]\n                                                    ^"},
	{"words for an SCTP service", "services: [{port: 53, protocol: sctp, check: {receive: a}}]", "1:56: receive \"a\": send or receive with protocol sctp, expected neither, or port in check\nservices: [{port: 53, protocol: sctp, check: {receive: a}}]\n                                                       ^"},

	// When real servers fail and come back.
	{"minimum without a check", "services: [{port: 80, minimum: 1}]", "1:32: minimum \"1\": minimum without a check, expected a check as well\nservices: [{port: 80, minimum: 1}]\n                               ^"},
	{"sorry server with the check switched off", "services: [{port: 80, sorry: [10.0.0.9], check: {type: none}}]\ncheck: {}\n", "1:30: sorry: sorry without a check, expected a check as well\nservices: [{port: 80, sorry: [10.0.0.9], check: {type: none}}]\n                             ^"},
	{"slow start without a check", "services: [{port: 80, slow_start: 1s}]", "1:35: slow_start \"1s\": slow_start without a check, expected a check as well\nservices: [{port: 80, slow_start: 1s}]\n                                  ^"},
	{"minimum above the whole", "services: [{port: 80, minimum: 101%}]", "1:32: minimum \"101%\": out of range, expected a number of real servers, or a part as in 50%\nservices: [{port: 80, minimum: 101%}]\n                               ^"},
	{"minimum in words", "services: [{port: 80, minimum: half}]", "1:32: minimum \"half\": not a decimal number, expected a number of real servers, or a part as in 50%\nservices: [{port: 80, minimum: half}]\n                               ^"},
	{"slow start with rr", "services: [{port: 80, slow_start: 1s, scheduler: rr, check: {}}]", "1:35: slow_start \"1s\": slow_start with scheduler: rr, which ramps nothing, expected scheduler: wrr, wlc, sed, nq, lblc, lblcr or twos\nservices: [{port: 80, slow_start: 1s, scheduler: rr, check: {}}]\n                                  ^"},
	{"slow start for too long", "services: [{port: 80, slow_start: 2h, check: {}}]", "1:35: slow_start \"2h\": out of range, expected a time from 0s to 1h, as in 2s or 500ms\nservices: [{port: 80, slow_start: 2h, check: {}}]\n                                  ^"},
	{"sorry server outside a list", "services: [{port: 80, sorry: 10.0.0.9}]", "1:30: sorry \"10.0.0.9\": a single value, expected a list of real servers, or a mapping with page, cert, key\nservices: [{port: 80, sorry: 10.0.0.9}]\n                             ^"},
	{"sorry server outside a list, with a key", "services: [{port: 80, sorry: {address: 10.0.0.9}}]", "1:31: \"address\": unknown key, expected one of page, cert, key\nservices: [{port: 80, sorry: {address: 10.0.0.9}}]\n                              ^"},
	{"certificate of no page", "services: [{port: 80, sorry: {cert: /a, key: /b}}]", "1:30: sorry: no page, expected page: FILE, or page: default\nservices: [{port: 80, sorry: {cert: /a, key: /b}}]\n                             ^"},
	{"page by a relative path", "services: [{port: 80, sorry: {page: sorry.html}}]", "1:37: page \"sorry.html\": not an absolute path, expected the absolute path of a file, or default\nservices: [{port: 80, sorry: {page: sorry.html}}]\n                                    ^"},
	{"certificate by a relative path", "services: [{port: 80, sorry: {page: default, cert: a}}]", "1:52: cert \"a\": not an absolute path, expected the absolute path of a file\nservices: [{port: 80, sorry: {page: default, cert: a}}]\n                                                   ^"},
	{"certificate without its key", "services: [{port: 80, sorry: {page: default, cert: /a}, check: {}}]", "1:52: cert \"/a\": cert without its key, expected key: FILE as well\nservices: [{port: 80, sorry: {page: default, cert: /a}, check: {}}]\n                                                   ^"},
	{"key without its certificate", "services: [{port: 80, sorry: {page: default, key: /a}, check: {}}]", "1:51: key \"/a\": key without its cert, expected cert: FILE as well\nservices: [{port: 80, sorry: {page: default, key: /a}, check: {}}]\n                                                  ^"},
	{"page by UDP", "services: [{port: 80, protocol: udp, sorry: {page: default}, check: {type: udp}}]", "1:52: page \"default\": a page for a service without a TCP port, expected a list of sorry servers, or protocol: tcp and a port\nservices: [{port: 80, protocol: udp, sorry: {page: default}, check: {type: udp}}]\n                                                   ^"},
	{"page for a mark", "services: [{fwmark: 7, sorry: {page: default}, check: {port: 80}}]", "1:38: page \"default\": a page for a service without a TCP port, expected a list of sorry servers, or protocol: tcp and a port\nservices: [{fwmark: 7, sorry: {page: default}, check: {port: 80}}]\n                                     ^"},
	{"page for clients of another protocol", "services: [{port: 25, sorry: {page: default}, check: {}}]", "1:37: page \"default\": a page for clients that may not speak HTTP, expected a check of type http, port 80 or 8080, or cert and key\nservices: [{port: 25, sorry: {page: default}, check: {}}]\n                                    ^"},
	{"page by HTTPS without a certificate", "services: [{port: 443, sorry: {page: default}, check: {type: https}}]", "1:38: page \"default\": a page without TLS, where the check is of type https, expected cert and key as well\nservices: [{port: 443, sorry: {page: default}, check: {type: https}}]\n                                     ^"},
	{"sorry server is a VIP", "vip: 1.2.3.4\nservices: [{port: 80, sorry: [1.2.3.4], check: {}}]\n", "2:31: sorry \"1.2.3.4\": 1.2.3.4 is a VIP, expected the real server's own address\nservices: [{port: 80, sorry: [1.2.3.4], check: {}}]\n                              ^"},
	{"sorry server twice", "services: [{port: 80, sorry: [1.2.3.5, 1.2.3.5], check: {}}]", "1:40: sorry \"1.2.3.5\": the same real server again, expected each real server once\nservices: [{port: 80, sorry: [1.2.3.5, 1.2.3.5], check: {}}]\n                                       ^"},
	{"sorry server is a real server", "services: [{port: 80, sorry: [1.2.3.5, 10.0.0.7], check: {}}]\nreal_servers: [10.0.0.7]\n", "1:40: sorry \"10.0.0.7\": a real server of the service, expected another machine\nservices: [{port: 80, sorry: [1.2.3.5, 10.0.0.7], check: {}}]\n                                       ^"},
	{"sorry server of another family", "vip: 1.2.3.4\nservices: [{port: 80, sorry: [10.0.0.9, '2001:db8::1'], check: {}}]\n", "2:41: sorry \"2001:db8::1\": 2001:db8::1 is IPv6, but no VIP is, expected the family of a VIP, or forward: tunnel\nservices: [{port: 80, sorry: [10.0.0.9, '2001:db8::1'], check: {}}]\n                                        ^"},
	{"VIP without a sorry server", "vip: [1.2.3.4, '2001:db8::1']\nservices: [{port: 80, sorry: [10.0.0.9], check: {}}]\n", "2:30: sorry: no sorry server is IPv6, but a VIP is, expected a sorry server with IPv6, or forward: tunnel\nservices: [{port: 80, sorry: [10.0.0.9], check: {}}]\n                             ^"},
	{"port of a sorry server without masquerade", "vip: [1.2.3.4]\nservices: [{port: 80, sorry: [{address: 10.0.0.9, port: 8080}], check: {}}]\n", "2:57: port \"8080\": a real server's port with forward: direct, expected none, or forward: masquerade\nservices: [{port: 80, sorry: [{address: 10.0.0.9, port: 8080}], check: {}}]\n                                                        ^"},
	{"sync beside a sorry server of another family", "vip: [1.2.3.4]\nservices: [{port: 80, sorry: [{address: '2001:db8::9', forward: tunnel}], check: {}}]\nsync: {}\n", "3:7: sync: sync with 2001:db8::9, which is IPv6 behind a VIP of IPv4, expected no sync, or real servers of the VIP's family\nsync: {}\n      ^"},

	// Watching.
	{"resync too often", "watch: {resync: 500ms}", "1:17: resync \"500ms\": out of range, expected a time from 1s to 1h, as in 2s or 500ms\nwatch: {resync: 500ms}\n                ^"},
	{"unknown way with edits", "watch: {hand_edits: ignore}", "1:21: hand_edits \"ignore\": unknown, expected one of respect, correct\nwatch: {hand_edits: ignore}\n                    ^"},
	{"program for events by its name", "watch: {on_event: [logger]}", "1:20: on_event \"logger\": not an absolute path, expected a program as in /usr/local/bin/check\nwatch: {on_event: [logger]}\n                   ^"},
	{"port alone to listen", "watch: {listen: 9812}", "1:17: listen \"9812\": not an address with a port, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: 9812}\n                ^"},
	{"name to listen on", "watch: {listen: \"localhost:9812\"}", "1:17: listen \"localhost:9812\": not an address with a port, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: \"localhost:9812\"}\n                ^"},
	{"socket by a relative path", "watch: {listen: \"unix:sock\"}", "1:17: listen \"unix:sock\": not an absolute path, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: \"unix:sock\"}\n                ^"},
	{"port 0 to listen on", "watch: {listen: \"127.0.0.1:0\"}", "1:17: listen \"127.0.0.1:0\": port is out of range, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: \"127.0.0.1:0\"}\n                ^"},
	{"port too high to listen on", "watch: {listen: \"127.0.0.1:70000\"}", "1:17: listen \"127.0.0.1:70000\": port is out of range, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: \"127.0.0.1:70000\"}\n                ^"},
	{"port too high to listen on, IPv6", "watch: {listen: \"[::1]:70000\"}", "1:17: listen \"[::1]:70000\": port is out of range, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: \"[::1]:70000\"}\n                ^"},
	{"socket where only root enters", "watch: {listen: \"unix:/run/lvsdr/x\"}", "1:17: listen \"unix:/run/lvsdr/x\": nobody but root enters /run/lvsdr, expected a socket in a folder of its own, as in unix:/run/lvsdr-page/socket\nwatch: {listen: \"unix:/run/lvsdr/x\"}\n                ^"},
	{"socket where only root enters, deeper", "watch: {listen: \"unix:/run//lvsdr/4/../x\"}", "1:17: listen \"unix:/run//lvsdr/4/../x\": nobody but root enters /run/lvsdr, expected a socket in a folder of its own, as in unix:/run/lvsdr-page/socket\nwatch: {listen: \"unix:/run//lvsdr/4/../x\"}\n                ^"},
	{"socket in place of lvsdr's folder", "watch: {listen: \"unix:/run/lvsdr\"}", "1:17: listen \"unix:/run/lvsdr\": nobody but root enters /run/lvsdr, expected a socket in a folder of its own, as in unix:/run/lvsdr-page/socket\nwatch: {listen: \"unix:/run/lvsdr\"}\n                ^"},
	{"socket without a name", "watch: {listen: \"unix:/\"}", "1:17: listen \"unix:/\": a folder, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: \"unix:/\"}\n                ^"},
	{"socket that is a folder", "watch: {listen: \"unix:/run/lvsdr-page/\"}", "1:17: listen \"unix:/run/lvsdr-page/\": a folder, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: \"unix:/run/lvsdr-page/\"}\n                ^"},
	{"two daemons that move a VIP", "announce_table: 179\nwatch: {vip: vrrp}", "1:17: announce_table \"179\": announce_table with VIPs that VRRP moves, expected announce_table, or vip: vrrp in watch\nannounce_table: 179\n                ^"},
	{"a track file that is not absolute", "watch: {track_file: track}", "1:21: track_file \"track\": not an absolute path, expected an absolute path of letters, digits and /._-, as in /run/lvsdr/track\nwatch: {track_file: track}\n                    ^"},
	{"a track file with a blank", "watch: {track_file: /run/a b}", "1:21: track_file \"/run/a b\": not a plain path, expected an absolute path of letters, digits and /._-, as in /run/lvsdr/track\nwatch: {track_file: /run/a b}\n                    ^"},
	{"unknown owner of the VIP", "watch: {vip: keepalived}", "1:14: vip \"keepalived\": unknown, expected one of own, vrrp\nwatch: {vip: keepalived}\n             ^"},

	// Values in other forms.
	{"group to listen on", "watch: {listen: \"224.0.0.1:9812\"}", "1:17: listen \"224.0.0.1:9812\": a multicast address, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: \"224.0.0.1:9812\"}\n                ^"},
	{"IPv4 address written as IPv6 to listen on", "watch: {listen: \"[::ffff:10.0.0.7]:9812\"}", "1:17: listen \"[::ffff:10.0.0.7]:9812\": an IPv4 address written as IPv6, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: \"[::ffff:10.0.0.7]:9812\"}\n                ^"},
	{"socket with a long name", "watch: {listen: \"unix:/" + strings.Repeat("x", 110) + "\"}", "1:17: listen \"unix:/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\": too long, expected ADDRESS:PORT, as in 127.0.0.1:9812, or unix:PATH\nwatch: {listen: \"unix:/" + strings.Repeat("x", 83) + "xxxxxxxxxx\n                ^"},
	{"word for a check", "check: tcp", "1:8: check \"tcp\": a single value, expected a mapping with " + keysOfChecks + "\ncheck: tcp\n       ^"},
	{"word for the check of a service", "services: [{port: 80, check: http}]", "1:30: check \"http\": a single value, expected a mapping with " + keysOfChecks + "\nservices: [{port: 80, check: http}]\n                             ^"},
	{"host with a bare IPv6 address", "check: {type: http, host: '2001:db8::7'}", "1:27: host \"2001:db8::7\": an IPv6 address without brackets, expected " + aHost + "\ncheck: {type: http, host: '2001:db8::7'}\n                          ^"},
	{"address to ask for", "check: {type: dns, name: 10.0.0.7, record: PTR}", "1:26: name \"10.0.0.7\": an address in place of a name, expected a name, as in www.example.com or, with record PTR, 7.0.0.10.in-addr.arpa\ncheck: {type: dns, name: 10.0.0.7, record: PTR}\n                         ^"},
	{"host without a name", "check: {type: http, host: \":80\"}", "1:27: host \":80\": not a name, expected " + aHost + "\ncheck: {type: http, host: \":80\"}\n                          ^"},
	{"key of another type than the file's check", "services:\n  - {port: 443, check: {verify: false}}\ncheck: {type: http}\n", "2:33: verify \"false\": a check of type http has no verify, expected type: tls or https\n  - {port: 443, check: {verify: false}}\n                                ^"},
	{"header with a number and a blank", "check: {type: http, headers: {5 5: a}}", "1:31: headers \"5 5\": not a name, expected the name of a header, as in Accept\ncheck: {type: http, headers: {5 5: a}}\n                              ^"},
	{"header with a long name", "check: {type: http, headers: {" + strings.Repeat("x", 256) + ": a}}", "1:31: headers \"" + strings.Repeat("x", 60) + "…\": too long, expected the name of a header, as in Accept\ncheck: {type: http, headers: {" + strings.Repeat("x", 100) + "\n                              ^"},
	{"sorry server without an address", "services: [{port: 80, sorry: [{weight: 1}], check: {}}]", "1:31: sorry: no address, expected the address of the real server\nservices: [{port: 80, sorry: [{weight: 1}], check: {}}]\n                              ^"},
	{"thresholds of a sorry server", "services: [{port: 80, sorry: [{address: 1.2.3.5, lower: 1}], check: {}}]", "1:57: lower \"1\": above the upper threshold, expected a number from 0 to 0\nservices: [{port: 80, sorry: [{address: 1.2.3.5, lower: 1}], check: {}}]\n                                                        ^"},
	{"no program for events", "watch: {on_event: []}", "1:19: on_event: an empty list, expected a list of a program, by its absolute path, and its arguments\nwatch: {on_event: []}\n                  ^"},
	{"status in hexadecimal", "check: {type: http, status: 0x1F4}", "1:29: status \"0x1F4\": not a decimal number, expected statuses from 100 to 599, as in 204 or 200-299\ncheck: {type: http, status: 0x1F4}\n                            ^"},
	{"name with a long part", "check: {type: dns, name: " + strings.Repeat("x", 64) + ".com}", "1:26: name \"" + strings.Repeat("x", 60) + "…\": not a name, expected a name as in www.example.com\ncheck: {type: dns, name: " + strings.Repeat("x", 64) + ".com}\n                         ^"},
}

// checkOf is the default check, changed.
func checkOf(change func(*Check)) *Check {
	c := DefaultCheck()
	change(&c)
	return &c
}

// checked is a service of a port with a check.
func checked(p ipvs.Protocol, port uint16, c *Check) Service {
	s := portService(p, port)
	s.Check = c
	return s
}

// healthFiles are those of [files] with checks and what comes of them.
var healthFiles = []goodFile{
	{"a check with nothing but defaults", "check: {}", with(func(c *Config) {
		c.Check = checkOf(func(*Check) {})
		c.Services[0].Check = c.Check
	})},
	{"a service's check alone", "services: [{port: 80, check: {}}, {port: 81}]", with(func(c *Config) {
		c.Services = []Service{checked(ipvs.TCP, 80, checkOf(func(*Check) {})), portService(ipvs.TCP, 81)}
	})},
	{
		"services over the file's check, which comes last",
		`
services:
  - {port: 80}
  - {port: 81, check: {interval: 1s}}
  - {port: 82, check: {type: tcp}}
  - {port: 83, check: {type: https, name: www.example.com, status: 204}}
  - {port: 84, check: {type: none}}
  - {port: 85, check: {body: "", headers: {}, host: ''}}
check: {type: http, path: /healthz, host: example.com, body: ok, headers: {Accept: text/html, accept-language: "é"}}
`,
		with(func(c *Config) {
			file := checkOf(func(c *Check) {
				c.Type, c.Path, c.Host, c.Body = CheckHTTP, "/healthz", "example.com", "ok"
				c.Headers = []Header{{"Accept", "text/html"}, {"accept-language", "é"}}
			})
			over := func(change func(*Check)) *Check {
				c := *file
				change(&c)
				return &c
			}
			c.Check = file
			c.Services = []Service{
				checked(ipvs.TCP, 80, file),
				checked(ipvs.TCP, 81, over(func(c *Check) { c.Interval = time.Second })),
				checked(ipvs.TCP, 82, over(func(c *Check) { c.Type = CheckTCP })),
				checked(ipvs.TCP, 83, over(func(c *Check) {
					c.Type, c.Name, c.Status = CheckHTTPS, "www.example.com", []StatusRange{{204, 204}}
				})),
				checked(ipvs.TCP, 84, over(func(c *Check) { c.Type = CheckNone })),
				checked(ipvs.TCP, 85, over(func(c *Check) { c.Body, c.Headers, c.Host = "", nil, "" })),
			}
		}),
	},
	{
		"what is sent as a block of text",
		"check:\n  send: |\n    HELO a\n    QUIT\n  receive: ^221",
		with(func(c *Config) {
			c.Check = checkOf(func(c *Check) { c.Send, c.Receive = "HELO a\nQUIT\n", "^221" })
			c.Services[0].Check = c.Check
		}),
	},
	{
		"every key of every type",
		`
services:
  - port: 25
    check: {type: tcp, port: 26, interval: 500ms, timeout: 500ms, fall: 1, rise: 100, on_failure: remove, vip: true,
      send: "QUIT\r\n\0\x7f", receive: '^220 "(a|b)" \\'}
  - {port: 636, check: {type: tls, verify: false, name: "2001:db8::7", ca: /etc/ssl/our ca.pem, on_failure: quiesce}}
  - port: 443
    check: {type: https, path: "/a?b=%20", host: "[2001:db8::1]:8443", method: POST, status: [200-299, 304], body: 200, headers: {X-*: ""}, name: a_b.example.}
  - {port: 53, protocol: udp, check: {type: dns, name: ., record: AAAA, answer: "2001:db8::1"}}
  - {port: 123, protocol: udp, check: {type: udp, send: "\e\x00", receive: .}}
  - {fwmark: 7, check: {type: exec, port: 80, command: [/usr/bin/a b, -v, ""], user: 65534}}
  - {port: 9, protocol: sctp, check: {interval: 1h, timeout: 10ms}}
`,
		with(func(c *Config) {
			mark := Service{FWMark: 7, Family: ipvs.INET, Scheduler: "wrr", Forward: ipvs.DirectRoute}
			mark.Check = checkOf(func(c *Check) {
				c.Type, c.Port, c.Command, c.User = CheckExec, 80, []string{"/usr/bin/a b", "-v", ""}, "65534"
			})
			c.Services = []Service{
				checked(ipvs.TCP, 25, checkOf(func(c *Check) {
					c.Port, c.Interval, c.Timeout, c.Fall, c.Rise = 26, time.Second/2, time.Second/2, 1, 100
					c.OnFailure, c.VIP, c.Send, c.Receive = FailureRemove, new(true), "QUIT\r\n\x00\x7f", `^220 "(a|b)" \\`
				})),
				checked(ipvs.TCP, 636, checkOf(func(c *Check) {
					c.Type, c.Verify, c.Name, c.CA, c.OnFailure = CheckTLS, false, "2001:db8::7", "/etc/ssl/our ca.pem", FailureQuiesce
				})),
				checked(ipvs.TCP, 443, checkOf(func(c *Check) {
					c.Type, c.Path, c.Host, c.Method = CheckHTTPS, "/a?b=%20", "[2001:db8::1]:8443", "POST"
					c.Status, c.Body, c.Name = []StatusRange{{200, 299}, {304, 304}}, "200", "a_b.example."
					c.Headers = []Header{{"X-*", ""}}
				})),
				checked(ipvs.UDP, 53, checkOf(func(c *Check) {
					c.Type, c.Name, c.Record, c.Answer = CheckDNS, ".", "AAAA", "2001:db8::1"
				})),
				checked(ipvs.UDP, 123, checkOf(func(c *Check) { c.Type, c.Send, c.Receive = CheckUDP, "\x1b\x00", "." })),
				mark,
				checked(ipvs.SCTP, 9, checkOf(func(c *Check) { c.Interval, c.Timeout = time.Hour, 10*time.Millisecond })),
			}
		}),
	},
	{
		"the file's VIP on the wire, where it can be",
		"services: [{port: 80}, {port: 81, forward: masquerade}, {port: 53, protocol: udp, check: {type: udp}}]\ncheck: {vip: true}",
		with(func(c *Config) {
			c.Check = checkOf(func(c *Check) { c.VIP = new(true) })
			masquerade := checked(ipvs.TCP, 81, checkOf(func(*Check) {}))
			masquerade.Forward = ipvs.Masquerade
			c.Services = []Service{
				checked(ipvs.TCP, 80, c.Check), masquerade,
				checked(ipvs.UDP, 53, checkOf(func(c *Check) { c.Type = CheckUDP })),
			}
		}),
	},
	{
		"a name to ask for is none of a certificate",
		"services: [{port: 443, check: {type: tls}}, {port: 53, check: {record: NS}}]\ncheck: {type: dns, name: example.com}",
		with(func(c *Config) {
			c.Check = checkOf(func(c *Check) { c.Type, c.Name = CheckDNS, "example.com" })
			c.Services = []Service{
				checked(ipvs.TCP, 443, checkOf(func(c *Check) { c.Type = CheckTLS })),
				checked(ipvs.TCP, 53, checkOf(func(c *Check) { c.Type, c.Name, c.Record = CheckDNS, "example.com", "NS" })),
			}
		}),
	},
	{
		"what the file's check lacks, all services say",
		"services: [{port: 53, check: {name: a.example}}, {port: 54, check: {name: b.example}}]\ncheck: {type: dns, interval: 500ms, timeout: 100ms}",
		with(func(c *Config) {
			c.Check = checkOf(func(c *Check) { c.Type, c.Interval, c.Timeout = CheckDNS, time.Second/2, time.Second/10 })
			a, b := *c.Check, *c.Check
			a.Name, b.Name = "a.example", "b.example"
			c.Services = []Service{checked(ipvs.TCP, 53, &a), checked(ipvs.TCP, 54, &b)}
		}),
	},
	{
		"when real servers fail and come back",
		`
vip: [172.16.0.100, "2001:db8::100"]
services:
  - {port: 80, minimum: 50%, slow_start: 1m30s, sorry: [10.0.0.200, {address: 2001:db8::200, weight: 3, upper: 9}]}
  - {port: 81, minimum: 2, sorry: {page: /srv/sorry page.html, cert: /etc/c.pem, key: /etc/k.pem}}
  - {port: 8080, minimum: 0%, slow_start: 0, sorry: {page: default}}
  - {port: 8000, sorry: {page: default}, check: {type: http}}
  - {port: 25, forward: masquerade, sorry: [{address: 10.0.0.7, port: 26}, {address: 2001:db8::9, forward: tunnel}]}
  - {port: 82, minimum: 0, sorry: [], slow_start: 0s, check: {type: none}}
real_servers: [10.0.0.7, 2001:db8::7]
check: {}
`,
		with(func(c *Config) {
			c.VIPs = []netip.Addr{addr("172.16.0.100"), addr("2001:db8::100")}
			c.RealServers = servers("10.0.0.7", "2001:db8::7")
			c.Check = checkOf(func(*Check) {})
			for _, port := range []uint16{81, 8080, 8000, 25, 82} {
				c.Services = append(c.Services, portService(ipvs.TCP, port))
			}
			for i := range c.Services {
				c.Services[i].Check = c.Check
			}
			s := c.Services
			s[0].Minimum, s[0].SlowStart = Minimum{50, true}, 90*time.Second
			s[0].Sorry.Servers = servers("10.0.0.200", "2001:db8::200")
			s[0].Sorry.Servers[1].Weight, s[0].Sorry.Servers[1].Upper = 3, 9
			s[1].Minimum, s[1].Sorry = Minimum{2, false}, Sorry{Page: "/srv/sorry page.html", Cert: "/etc/c.pem", Key: "/etc/k.pem"}
			s[2].Sorry, s[3].Sorry = Sorry{Page: DefaultPage}, Sorry{Page: DefaultPage}
			s[3].Check = checkOf(func(c *Check) { c.Type = CheckHTTP })
			s[4].Forward, s[4].Sorry.Servers = ipvs.Masquerade, servers("10.0.0.7", "2001:db8::9")
			s[4].Sorry.Servers[0].Port, s[4].Sorry.Servers[1].Forward = 26, new(ipvs.Tunnel)
			s[5].Check = checkOf(func(c *Check) { c.Type = CheckNone })
		}),
	},
	{"defaults of watch", "watch: {}", Default()},
	{
		"every key of watch",
		"watch: {resync: 1h, hand_edits: correct, on_event: [/usr/bin/logger, -t, lvsdr watch], listen: 'unix:/run/lvsdr watch', vip: vrrp, track_file: /run/lvsdr/track-2}",
		with(func(c *Config) {
			c.Watch = Watch{time.Hour, EditsCorrected, []string{"/usr/bin/logger", "-t", "lvsdr watch"}, "unix:/run/lvsdr watch", VIPVRRP, "/run/lvsdr/track-2"}
		}),
	},
	{"a table for a routing daemon", "announce_table: 179", with(func(c *Config) { c.AnnounceTable = 179 })},
	{"an address to listen on", "watch: {listen: '[2001:DB8::1]:9812'}", with(func(c *Config) { c.Watch.Listen = "[2001:db8::1]:9812" })},
}

// TestYAMLHealth shows what is printed of checks: all of the file's, and of a
// service's what its type knows, where it is another one.
func TestYAMLHealth(t *testing.T) {
	c, err := Load("lvsdr.yaml", []byte(`
services:
  - {port: 80, sorry: [10.0.0.200], minimum: 50%, slow_start: 90s}
  - {port: 25, check: {type: tcp, receive: "^220 "}}
  - {port: 443, check: {type: https, body: ""}, sorry: {page: default, cert: /c, key: /k}}
  - {port: 81, check: {type: none}}
check: {type: http, path: /healthz, body: ok, headers: {Accept: text/html, X-A: "b: c"}}
watch: {on_event: [/bin/mail, -s, "lvsdr says"], listen: 127.0.0.1:9812}
`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `label: lo:1
services:
  - port: 80
    minimum: 50%
    sorry:
      - {address: 10.0.0.200, weight: 1, upper: 0, lower: 0}
    slow_start: 1m30s
  - port: 25
    check:
      type: tcp
      interval: 2s
      timeout: 1s
      fall: 3
      rise: 2
      on_failure: auto
      receive: "^220 "
  - port: 443
    check:
      type: https
      interval: 2s
      timeout: 1s
      fall: 3
      rise: 2
      on_failure: auto
      verify: true
      path: /healthz
      method: GET
      status: [200-299]
      body: ""
      headers: {Accept: text/html, X-A: "b: c"}
    sorry:
      page: default
      cert: /c
      key: /k
  - port: 81
    check:
      type: none
arp:
  interfaces: [all, lo]
announce: true
check:
  type: http
  interval: 2s
  timeout: 1s
  fall: 3
  rise: 2
  on_failure: auto
  path: /healthz
  method: GET
  status: [200-299]
  body: ok
  headers: {Accept: text/html, X-A: "b: c"}
watch:
  resync: 10s
  hand_edits: respect
  on_event: [/bin/mail, "-s", "lvsdr says"]
  listen: "127.0.0.1:9812"
  vip: own
`
	plainKeys := "    protocol: tcp\n    scheduler: wrr\n    forward: direct\n    persistent: 0\n    flags: []\n    one_packet: false\n"
	if d := cmp.Diff(want, strings.ReplaceAll(string(c.YAML()), plainKeys, "")); d != "" {
		t.Errorf("YAML (-want +got):\n%s", d)
	}
}

func TestWarnings(t *testing.T) {
	c, err := Load("lvsdr.yaml", []byte(`
services:
  - {port: 80, slow_start: 30s}
  - {port: 81}
  - {port: 82, slow_start: 30s, real_servers: [{address: 10.0.0.7, weight: 2}, {address: 10.0.0.8, weight: 0}]}
  - {port: 83, scheduler: mh}
  - {port: 84, scheduler: mh, flags: [mh-port, mh-fallback]}
  - {port: 85, scheduler: sh}
  - {port: 86, scheduler: sh, check: {on_failure: quiesce}}
  - {port: 87, scheduler: dh, check: {on_failure: quiesce}}
real_servers: [10.0.0.7, 10.0.0.17, {address: 10.0.0.27, weight: 100}]
check: {}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"services[0].slow_start: weight 1 cannot be ramped up; use a larger one, such as 100: 10.0.0.7, 10.0.0.17",
		"services[3].scheduler: mh refuses the clients of a real server that is out at weight 0; flags: [mh-fallback] gives them another one",
		"services[6].scheduler: sh refuses the clients of a real server that is out at weight 0; flags: [sh-fallback] gives them another one",
		"services[7].scheduler: dh refuses the clients of a real server that is out at weight 0",
	}
	if d := cmp.Diff(want, c.Warnings()); d != "" {
		t.Errorf("Warnings (-want +got):\n%s", d)
	}
	if got := tutorial().Warnings(); got != nil {
		t.Errorf("the tutorial: %q", got)
	}
}

// TestSorryServers shows which VIPs sorry servers are wanted on, and that they
// take those.
func TestSorryServers(t *testing.T) {
	c, err := Load("lvsdr.yaml", []byte(`
vip: [172.16.0.100, "2001:db8::100"]
services:
  - {port: 80, sorry: [10.0.0.200, "2001:db8::200"]}
  - {port: 81, forward: masquerade, sorry: [{address: 10.0.0.201, port: 8081}, "2001:db8::201", {address: 10.0.0.202, forward: tunnel}]}
real_servers: [10.0.0.7, "2001:db8::7"]
check: {}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range c.Wanted() {
		line := netip.AddrPortFrom(w.Service.Addr, w.Service.Port).String() + ":"
		for _, d := range w.Sorry {
			line += " " + netip.AddrPortFrom(d.Addr, d.Port).String()
		}
		got = append(got, line)
	}
	want := []string{
		"172.16.0.100:80: 10.0.0.200:80",
		"172.16.0.100:81: 10.0.0.201:8081 10.0.0.202:81",
		"[2001:db8::100]:80: [2001:db8::200]:80",
		"[2001:db8::100]:81: [2001:db8::201]:81 10.0.0.202:81",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("Wanted (-want +got):\n%s", d)
	}
	for _, test := range []struct {
		own  string
		want Share
	}{
		{"10.0.0.200", Share{c.VIPs, true}},
		{"10.0.0.202", Share{c.VIPs, true}},
		{"10.0.0.201", Share{[]netip.Addr{}, true}},
	} {
		if d := cmp.Diff(test.want, c.ShareOf([]netip.Addr{addr(test.own)}), equalAddr); d != "" {
			t.Errorf("ShareOf %s (-want +got):\n%s", test.own, d)
		}
	}
}
