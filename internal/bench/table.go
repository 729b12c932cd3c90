package main

import (
	"bytes"
	"fmt"
)

// A table is what a row lists or restores.
type table struct {
	services, destinations int // destinations of each service
	ipv6                   bool
	tunnel                 bool // instead of direct routing
}

func (t table) String() string {
	s := fmt.Sprintf("%d×%d", t.services, t.destinations)
	if t.ipv6 {
		s += " IPv6"
	}
	if t.tunnel {
		s += " tunnel"
	}
	return s
}

// lines counts the services and destinations.
func (t table) lines() int { return t.services * (1 + t.destinations) }

// rules writes the table as ipvsadm -R reads it.
func (t table) rules() []byte {
	var b bytes.Buffer
	forward := "-g"
	if t.tunnel {
		forward = "-i --tun-type gue --tun-port 6080"
	}
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
	if t.ipv6 {
		return fmt.Sprintf("[fd00:%x::%x:%x]:80", network, n>>16, n&0xffff)
	}
	return fmt.Sprintf("%d.%d.%d.%d:80", network, n>>16, n>>8&0xff, n&0xff)
}
