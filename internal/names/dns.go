package names

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
)

// resolver is package net's own, which follows resolv.conf(5): servers, search
// list, ndots, time-outs and attempts.
func (r *Resolver) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: r.Dial}
}

// dnsHost4 asks the name servers for the IPv4 address of a name.
func (r *Resolver) dnsHost4(name string) answer[netip.Addr] {
	addrs, err := r.resolver().LookupNetIP(context.Background(), "ip4", name)
	if err != nil || len(addrs) == 0 {
		return answer[netip.Addr]{status: dnsStatus(err)}
	}
	return found(addrs[0].Unmap())
}

// dnsName asks the name servers for the name of an address.
func (r *Resolver) dnsName(addr netip.Addr) answer[string] {
	names, err := r.resolver().LookupAddr(context.Background(), addr.String())
	if err != nil || len(names) == 0 {
		return answer[string]{status: dnsStatus(err)}
	}
	return found(strings.TrimSuffix(names[0], "."))
}

// dnsStatus is the error in the words of nsswitch.conf.
func dnsStatus(err error) status {
	var e *net.DNSError
	if errors.As(err, &e) && !e.IsNotFound {
		return tryAgain
	}
	return notFound
}
