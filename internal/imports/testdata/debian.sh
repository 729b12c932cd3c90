#!/bin/bash
# a real server, by iproute2
for i in all lo; do
    sysctl -w net.ipv4.conf.$i.arp_ignore=1
    sysctl -q -w net/ipv4/conf/$i/arp_announce=2
done
echo 1 > /proc/sys/net/ipv4/conf/eth0/arp_ignore
ip addr add 172.16.0.100/32 dev lo label lo:vip
ip a a 2001:db8::100/128 dev lo
ip link set lo up
