# ipvsadm, and what uses it, on a kernel with IPVS.
say() {
	echo "\$ $*"
	"$@" 2>&1 || echo "status $?"
}
say ipvsadm -A -t 192.0.2.1:80 -s rr
say ipvsadm -a -t 192.0.2.1:80 -r 192.0.2.2 -g
say ipvsadm -Ln
ipvsadm-save -n >/tmp/rules
say ipvsadm -C
say ipvsadm-restore </tmp/rules
say ipvsadm -Sn
say ipvsadm -C

# It goes into the background, and has made its table when it has checked once.
say ldirectord /director.cf start
for i in $(seq 150); do
	[ "$(ipvsadm -Sn | wc -l)" = 3 ] && break
	sleep 0.2
done
say ipvsadm -Sn
say ldirectord /director.cf stop
for i in $(seq 150); do
	[ "$(ipvsadm -Sn | wc -l)" = 0 ] && break
	sleep 0.2
done
say ipvsadm -Sn
