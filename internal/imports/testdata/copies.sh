#!/bin/sh
# a director, as it is often written
. /etc/rc.d/init.d/functions
VIP=172.16.0.100
GW=$(ip route | awk '/default/ {print $3}')
SERVERS="10.0.0.7 10.0.0.17"
IPVSADM=/sbin/ipvsadm

add() {
    $IPVSADM -a -t $1 -r $2 -g -w ${3:-1}
}

start() {
    /sbin/ifconfig lo:0 $VIP broadcast $VIP netmask 255.255.255.255 up
    /sbin/route add -host $VIP dev lo:0
    sysctl -w net.ipv4.ip_forward=1 >/dev/null
    $IPVSADM --set 1200 60 30
    $IPVSADM -C
    for port in 80 443; do
        $IPVSADM -A -t $VIP:$port -s wlc -p 600
        for rs in $SERVERS; do
            add $VIP:$port $rs 3
        done
    done
    if [ "$1" = test ]; then
        $IPVSADM -A -t $VIP:81 -s rr
    elif ping -c1 $GW; then
        $IPVSADM -a -t $VIP:80 -r $GW -m
    fi
    $IPVSADM -A -u $VIP:5060 -s rr --pe sip
    touch /var/lock/subsys/ipvsadm >/dev/null 2>&1
}

if [[ $1 == stop ]]; then
    $IPVSADM -C
fi
case "$1" in
    start|restart) start ;;
    stop) $IPVSADM -C; ifconfig lo:0 down ;;
    *) echo "Usage: $0 {start|stop}"; exit 1 ;;
esac
