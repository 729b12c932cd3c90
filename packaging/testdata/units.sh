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

echo "# a package that goes stops its units"
ls /etc/systemd/system/*.wants | grep lvsdr
say dpkg --force-depends --purge lvsdr >/dev/null
ls /etc/systemd/system/*.wants | grep lvsdr
say systemctl is-active lvsdr-vs
say vip
