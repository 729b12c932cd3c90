# The units, under systemd on a kernel with IPVS.
say() {
	echo "\$ $*"
	"$@" 2>&1 || echo "status $?"
}
log() { # what the units said since the last time
	journalctl --sync
	journalctl -o cat -t lvsdr -t sh -t ipvsadm --cursor-file=/run/cursor | grep -v '^-- '
}
table() { ipvsadm -Sn | sort; }
vip() { ip -brief address show to 172.16.0.100; }
sysctls() { grep . /proc/sys/net/ipv4/conf/*/arp_ignore | grep -v ':0'; }

# veth0 is the director's network.
ip link add veth0 type veth peer veth1
ip link set veth1 up
ip link set veth0 up
ip address add 10.0.0.8/24 dev veth0

echo "# a table of its own: no file, save, restore"
rm -f /etc/ipvsadm.rules
say systemctl start ipvsadm
ipvsadm -A -t 192.0.2.1:80 -s rr
ipvsadm -a -t 192.0.2.1:80 -r 192.0.2.2 -g
say systemctl stop ipvsadm
say table
say ls -l --time-style=+ /etc/ipvsadm.rules*
say cat /etc/ipvsadm.rules
say systemctl start ipvsadm
say table
ipvsadm -C
say systemctl reload ipvsadm
say table

echo "# the director, whose services come to those"
say systemctl enable --now lvsdr-vs
log
say vip
sed -i 's/17, weight: 1/17, weight: 2/' /etc/lvsdr/lvsdr.yaml
say systemctl reload lvsdr-vs
log
say table
say systemctl stop lvsdr-vs
say table
say vip
log >/dev/null

echo "# a real server"
say systemctl enable --now lvsdr-rs
log
say vip
say sysctls
say systemctl reload lvsdr-rs
log
say systemctl stop lvsdr-rs
log
say vip
say sysctls

echo "# a table that cannot be saved stays, and so does the file"
mkdir /small
mount -t tmpfs -o size=4k none /small
mkdir -p /run/systemd/system/ipvsadm.service.d
printf '[Service]\nEnvironment=RULES=/small/rules\nReadWritePaths=/small\n' >/run/systemd/system/ipvsadm.service.d/full.conf
echo '-A -t 192.0.2.1:80 -s rr' >/small/rules
systemctl daemon-reload
say systemctl reload ipvsadm
for port in $(seq 100); do
	echo "-A -t 192.0.2.9:$port -s rr"
done | ipvsadm -R
say systemctl stop ipvsadm
log
say systemctl is-failed ipvsadm
ipvsadm -Sn | wc -l
say cat /small/*

echo "# without its configuration a unit that stops takes away what it put there"
say systemctl start lvsdr-vs
mv /etc/lvsdr/lvsdr.yaml /
log >/dev/null
say systemctl stop lvsdr-vs
log
say systemctl is-failed lvsdr-vs
say vip
mv /lvsdr.yaml /etc/lvsdr/
say systemctl start lvsdr-vs

# Two real servers and a client, which is the switch between them and the director.
ip netns add client
ip link set veth1 netns client
ip -n client link add br0 type bridge
ip -n client address add 10.0.0.6/24 dev br0
ip -n client link set veth1 master br0 up
ip -n client link set br0 up
ip -n client route add 172.16.0.100 via 10.0.0.8
for rs in 7 17; do
	ip netns add rs$rs
	ip -n client link add rs$rs type veth peer eth0 netns rs$rs
	ip -n client link set rs$rs master br0 up
	ip -n rs$rs link set lo up
	ip -n rs$rs link set eth0 up
	ip -n rs$rs address add 10.0.0.$rs/24 dev eth0
	ip -n rs$rs address add 172.16.0.100/32 dev lo
done
web() { # starts the web server of a real server
	ip netns exec rs$1 lvsdr lab web --log /dev/null &
	eval "web$1=$!"
}
answer() { # the first line of what the client gets
	line=$(ip netns exec client timeout 30 bash -c 'exec 3<>/dev/tcp/172.16.0.100/80
		printf "GET / HTTP/1.0\r\n\r\n" >&3; read -r line <&3; echo "${line%?}"' 2>/dev/null)
	echo "${line:-none}"
}
load() { # the client's requests until there are enough
	while [ ! -e /run/enough ]; do
		answer
		sleep 0.1 # others have to get on, too
	done >/run/answers
}
enough() { # ends them, and tells the answers, each once
	touch /run/enough
	wait $load
	rm /run/enough
	sort -u /run/answers
	[ "$(wc -l </run/answers)" -gt 5 ] || wc -l /run/answers
}
by_then() { # waits for what is bound to happen
	for i in $(seq 150); do
		"$@" && return
		sleep 0.2
	done
	echo "not in time: $*"
}
same() { [ -z "$(lvsdr vs diff 2>&1)" ]; }
killed() { [ "$(systemctl is-active ldirectord)" = failed ]; }
watched() { table | grep 172.16.0.100; }
has() { table | grep -q -- "-r $1 -g -w $2\$"; }
gone() { ! table | grep -q -- "-r $1 "; }
answers() { [ "$(answer)" = "$*" ]; }
restarted() { [ "$(systemctl show -p NRestarts lvsdr-watch)" = NRestarts=1 ] && systemctl --quiet is-active lvsdr-watch; }
told() { journalctl -o cat -u lvsdr-watch | grep -q "$1"; }
expires() { cat /proc/sys/net/ipv4/vs/expire_nodest_conn; }

web 7
web 17
by_then answers HTTP/1.0 200 OK

echo "# from ldirectord to a director that is watched, and no client notices"
say systemctl stop lvsdr-vs
mv /etc/lvsdr/lvsdr.yaml /
ip address add 172.16.0.100/32 dev veth0
mkdir -p /var/lock/subsys
cp /switched.cf /etc/ha.d/ldirectord.cf
say systemctl start ldirectord
by_then has 10.0.0.7:80 2
by_then has 10.0.0.17:80 1
lvsdr import --ldirectord /etc/ha.d/ldirectord.cf >/etc/lvsdr/lvsdr.yaml
by_then same # ldirectord takes real servers in, out and in again when it starts
load &
load=$!
sleep 2
say systemctl kill -s KILL ldirectord
by_then killed
say watched
say systemctl start lvsdr-watch
say watched
enough
say systemctl stop lvsdr-watch
say lvsdr vs stop
say vip
mv /lvsdr.yaml /etc/lvsdr/
say systemctl start lvsdr-vs
by_then answers HTTP/1.0 200 OK
log >/dev/null

echo "# from lvsdr-vs to a director that is watched, and no client notices"
cat >/etc/lvsdr/lvsdr.yaml <<'END'
vip: 172.16.0.100
real_servers: [10.0.0.7, 10.0.0.17]
check: {type: http, timeout: 2s}
watch: {listen: 127.0.0.1:9812}
services:
  - {port: 80, sorry: {page: default}}
  - {port: 81, check: {type: exec, vip: false, interval: 20s, timeout: 20s, command: [/bin/sh, -c, 'test "$(id -un) $(id -Gn)" = "nobody nogroup"']}}
  - {port: 82, check: {type: exec, vip: false, command: [/bin/sleep, "60"]}}
END
say systemctl reload lvsdr-vs
load &
load=$!
say systemctl disable lvsdr-vs
say systemctl enable --now lvsdr-watch
say systemctl is-active lvsdr-watch
say expires
say systemctl restart lvsdr-watch
say systemctl kill -s KILL lvsdr-watch
by_then restarted
sed -i 's/10.0.0.17/{address: 10.0.0.17, weight: 3}/' /etc/lvsdr/lvsdr.yaml
say systemctl reload lvsdr-watch
by_then has 10.0.0.17:80 3
cp /etc/lvsdr/lvsdr.yaml /etc/lvsdr/good.yaml
echo 'vip: nowhere' >/etc/lvsdr/lvsdr.yaml
systemctl reload lvsdr-watch 2>/dev/null || echo "not with a bad file"
mv /etc/lvsdr/good.yaml /etc/lvsdr/lvsdr.yaml
enough
say watched

echo "# a check runs as nobody, and is killed when its time is over"
nobody() { lvsdr vs status | sed '1,/:81 /d; /:82 /,$d' | grep -q 'ok *up '; }
by_then told 'still running after 2s'
sleeping() { grep -lx sleep /proc/[0-9]*/comm 2>/dev/null | wc -l; }
few() { [ "$(sleeping)" -le 4 ]; }
by_then few
by_then nobody

echo "# faults, each of which vs status explains; what was served goes on"
health() { # what vs status says of port 80: weight now and configured, and why
	lvsdr vs status | sed -n '/:80 wrr/,/:81 wrr/{/wrr/!p}' |
		sed 's/^ *\([^ ]*\) *direct *\([0-9]*\) *\([0-9]*\) *[0-9]* *[0-9]* *[0-9]* *[a-z]* */\1 \2 \3 /; s/ [0-9hm]*[0-9]s\>//'
}
echo "## the VIP is missing there"
ip -n rs17 address del 172.16.0.100/32 dev lo
by_then has 10.0.0.17:80 0
say health
say answer
ip -n rs17 address add 172.16.0.100/32 dev lo
by_then has 10.0.0.17:80 3
echo "## the machine is unplugged"
ip -n client link set rs17 down
by_then gone 10.0.0.17:80
say health
say answer
ip -n client link set rs17 up
by_then has 10.0.0.17:80 3
echo "## the web server hangs"
kill -STOP $web17
by_then has 10.0.0.17:80 0
say health
say answer
kill -CONT $web17
by_then has 10.0.0.17:80 3
echo "## a web server ends, then the other; they come back"
why='nothing listens on 172.16.0.100:80/tcp at 10.0.0.17'
page() { bash -c 'exec 3<>/dev/tcp/127.0.0.1/9812; printf "GET $0 HTTP/1.0\r\n\r\n" >&3; cat <&3' "$1"; }
page_tells() { page / | grep -q "$why"; }
metrics_tell() { page /metrics | grep -q '^lvsdr_real_server_up{real_server="10.0.0.17:80",.*} 0$'; }
top_tells() { COLUMNS=200 lvsdr top --once | grep -q "$why"; }
list_tells() { lvsdr list --json | tr -d ' \n' | grep -q '"address":"10.0.0.17","port":80,"forward":"direct","weight":0,'; }
journal_tells() { told "$why"; }
now() { # in hundredths of a second; no process is started
	read -r now _ </proc/uptime
	now=${now%.*}${now#*.}
}
out() { # reports whether the table has weight 0 for 10.0.0.17:80
	while read -r _ server _ weight _; do
		[ "$server $weight" = "0A000011:0050 0" ] && return
	done </proc/net/ip_vs
}
in_time() { # who is asked two seconds after the table has changed tells it; before that, he is asked again
	while
		now
		asked=$((now - since))
		! "$@"
	do [ $asked -lt 200 ] || { echo "asked ${asked}0 ms after the table: not $*"; return; }; done
}
now
kill $web17
while
	since=$now
	now
	! out
do sleep 0.05; done
sleep 0.4 # what the page shows may be a second old
views=
for view in page_tells metrics_tell top_tells list_tells journal_tells; do
	in_time $view &
	views="$views $!"
done
wait $views
say health
say answer
kill $web7
by_then answers HTTP/1.0 503 Service Unavailable
say health
web 7
by_then answers HTTP/1.0 200 OK
web 17
by_then has 10.0.0.17:80 3
by_then answers HTTP/1.0 200 OK

echo "# one that hangs is ended and begins anew; what is served goes on"
say systemctl show -p WatchdogUSec -p NRestarts lvsdr-watch
mkdir -p /run/systemd/system/lvsdr-watch.service.d
printf '[Service]\nWatchdogSec=5\n' >/run/systemd/system/lvsdr-watch.service.d/soon.conf
say systemctl daemon-reload
say systemctl restart lvsdr-watch
say systemctl kill -s STOP lvsdr-watch
say answer
by_then restarted
say answer
say systemctl show -p NRestarts lvsdr-watch

echo "# stopped, it leaves all as it is; vs stop is obeyed"
say systemctl stop lvsdr-watch
say vip
say answer
say systemctl start lvsdr-watch
say systemctl stop lvsdr-vs
say vip
say expires
say systemctl is-active lvsdr-watch
say systemctl is-failed lvsdr-vs
echo '$ lvsdr vs start --quiet'
lvsdr vs start --quiet 2>/dev/null # it warns of port 82, whose checks never end
by_then answers HTTP/1.0 200 OK

echo "# a package that goes stops its units"
ls /etc/systemd/system/*.wants | grep lvsdr
say dpkg --force-depends --purge lvsdr >/dev/null
ls /etc/systemd/system/*.wants | grep lvsdr
say systemctl is-active lvsdr-vs lvsdr-watch
say vip
say expires
