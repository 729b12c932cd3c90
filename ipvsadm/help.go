package ipvsadm

import (
	"io"
	"strings"
)

// writeHelp writes the page of -h. The words are our own; name is what the
// program was called.
func writeHelp(w io.Writer, name string) {
	io.WriteString(w, strings.ReplaceAll(helpPage, "@", name))
}

const helpPage = `
Usage: @ COMMAND [OPTION]...

A command comes first. SERVICE is one of
  -t HOST[:PORT]                 tcp, long --tcp-service
  -u HOST[:PORT]                 udp, long --udp-service
  --sctp-service HOST[:PORT]     sctp
  -f MARK [-6]                   packets with a firewall mark, long --fwmark-service;
                                 -6 (--ipv6): the mark is on IPv6 packets
and SERVER is
  -r HOST[:PORT]                 a real server, long --real-server
IPv6 addresses with a port are written [ADDRESS]:PORT.

Virtual services:
  @ -A SERVICE [-s SCHEDULER] [-p [SECONDS]] [-M MASK] [-o] [--pe ENGINE] [-b FLAGS]
  @ -E SERVICE [same options]
  @ -D SERVICE
  @ -C
  @ -Z [SERVICE]

Real servers of a service:
  @ -a SERVICE SERVER [-g|-i|-m] [-w WEIGHT] [-x UPPER] [-y LOWER] [TUNNEL]
  @ -e SERVICE SERVER [same options]
  @ -d SERVICE SERVER

Looking:
  @ -L [SERVICE] [-n] [--stats|--rate|--thresholds|--persistent-conn|--tun-info]
          [-X] [--nosort]
  @ -L -c [-n] [--persistent-conn]
  @ -L --timeout
  @ -L --daemon

Rules as text:
  @ -S [-n] > FILE
  @ -R < FILE

Timeouts and synchronisation daemons:
  @ --set TCP TCPFIN UDP
  @ --start-daemon master|backup [DAEMON]
  @ --stop-daemon master|backup

  @ -h | -v

Commands:
  -A, --add-service        add a virtual service
  -E, --edit-service       replace everything of a service but its real servers
  -D, --delete-service     delete a service with its real servers
  -C, --clear              delete all services
  -Z, --zero               set the counters of a service, or of all, to zero
  -a, --add-server         add a real server to a service
  -e, --edit-server        replace everything of a real server
  -d, --delete-server      take a real server away
  -L, -l, --list           show the table, one service, connections or settings
  -S, --save               write the table as rules
  -R, --restore            carry out rules, line by line, from standard input
      --set                timeouts of connections in seconds; 0 leaves one alone
      --start-daemon       start the master or the backup synchronisation daemon
      --stop-daemon        stop it
  -h, --help               this page
  -v, --version            the version

Options of a service:
  -s, --scheduler NAME     rr, wrr, lc, wlc (default), lblc, lblcr, dh, sh, mh, sed,
                           nq, fo, ovf or any other that the kernel has
  -p, --persistent [SECS]  the same client goes to the same server (default 360)
  -M, --netmask MASK       clients of one network count as the same client:
                           a mask for IPv4, a prefix length for IPv6
  -o, --ops                schedule every UDP packet on its own
      --pe ENGINE          persistence engine, such as sip
  -b, --sched-flags FLAGS  with commas: flag-1 flag-2 flag-3, for sh sh-fallback
                           sh-port, for mh mh-fallback mh-port

Options of a real server:
  -g, --gatewaying         direct routing (default)
  -i, --ipip               through a tunnel
  -m, --masquerading       address translation
  -w, --weight N           share of the connections, 0 for none (default 1)
  -x, --u-threshold N      no new connections above this number, 0 for no limit
  -y, --l-threshold N      new ones again below this number
      --tun-type TYPE      TUNNEL: ipip (default), gue or gre
      --tun-port PORT      port of a gue tunnel
      --tun-nocsum         tunnel without checksums
      --tun-csum           tunnel with checksums
      --tun-remcsum        tunnel with remote checksum offload

Options of a listing:
  -n, --numeric            no names for addresses and ports
  -c, --connection         the connections
      --timeout            the timeouts of connections
      --daemon             the synchronisation daemons
      --stats              counters since the last -Z
      --rate               the same by the second
  -X, --exact              counters in full
      --thresholds         thresholds of the real servers
      --persistent-conn    persistent connections; with -c the engine's data
      --tun-info           tunnels
      --nosort             in the kernel's order
      --sort               sorted; it is so anyway

Options of a daemon:
      --syncid N           0 to 255; backups listen to masters of their own number
      --mcast-interface IF interface of the messages (default eth0)
      --mcast-group ADDR   their group, IPv4 or IPv6
      --mcast-port PORT    their port
      --mcast-ttl N        their time to live
      --sync-maxlen N      their largest size
`
