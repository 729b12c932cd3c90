package main

import (
	"bytes"
	"fmt"
)

// A table is what a row lists or restores: services for TCP, with weighted
// destinations by direct routing.
type table struct {
	services     int
	destinations int // of each service
	kind         kind
	connections  int // if any, the table is one for local UDP
}

// kind is in what else tables differ.
type kind string

const (
	overIPv6       kind = "IPv6"
	throughTunnels kind = "tunnels"
)

func (t table) String() string {
	if t.connections > 0 {
		return fmt.Sprintf("%d connections", t.connections)
	}
	s := fmt.Sprintf("%d×%d", t.services, t.destinations)
	if t.kind != "" {
		s += " " + string(t.kind)
	}
	return s
}

// lines counts the services and destinations.
func (t table) lines() int { return t.services * (1 + t.destinations) }

// rules writes the table as ipvsadm -R reads it.
func (t table) rules() []byte {
	if t.connections > 0 {
		return []byte("-A -u 127.0.0.1:80 -s wrr\n-a -u 127.0.0.1:80 -r 127.0.0.1:81 -m -w 1\n")
	}
	forward := "-g"
	if t.kind == throughTunnels {
		forward = "-i --tun-type gue --tun-port 6080"
	}
	var b bytes.Buffer
	for s := range t.services {
		vip := t.address(10, s)
		fmt.Fprintf(&b, "-A -t %s -s wrr\n", vip)
		for d := range t.destinations {
			fmt.Fprintf(&b, "-a -t %s -r %s %s -w 1\n", vip, t.address(11, s*t.destinations+d), forward)
		}
	}
	return b.Bytes()
}

// address is the nth of a network, with port 80.
func (t table) address(network, n int) string {
	n++
	if t.kind == overIPv6 {
		return fmt.Sprintf("[fd00:%x::%x:%x]:80", network, n>>16, n&0xffff)
	}
	return fmt.Sprintf("%d.%d.%d.%d:80", network, n>>16, n>>8&0xff, n&0xff)
}
