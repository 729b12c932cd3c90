package rehearse

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"lvsdr/internal/config"
)

// reply is a name server's reply to a query: the record that a check wants, or one
// of the documentation's (RFC 5737, RFC 3849). Nil: it was no query.
func (t talk) reply(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	for _, c := range t.checks {
		if !strings.EqualFold(strings.TrimSuffix(q.Name.String(), "."), strings.TrimSuffix(c.Name, ".")) {
			continue
		}
		if body := recordOf(q.Type, c); body != nil {
			header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: body})
		}
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// recordOf is the record that a check wants; nil: it cannot be made.
func recordOf(kind dnsmessage.Type, c *config.Check) dnsmessage.ResourceBody {
	name := func(text string) dnsmessage.Name {
		n, _ := dnsmessage.NewName(strings.TrimSuffix(text, ".") + ".")
		return n
	}
	const host = "host.example."
	answer := func(otherwise string) string { return cmp.Or(c.Answer, otherwise) }
	var target string
	switch kind {
	case dnsmessage.TypeA:
		addr, err := netip.ParseAddr(answer("192.0.2.1"))
		if err != nil || !addr.Is4() {
			return nil
		}
		return &dnsmessage.AResource{A: addr.As4()}
	case dnsmessage.TypeAAAA:
		addr, err := netip.ParseAddr(answer("2001:db8::1"))
		if err != nil {
			return nil
		}
		return &dnsmessage.AAAAResource{AAAA: addr.As16()}
	case dnsmessage.TypeCNAME:
		return &dnsmessage.CNAMEResource{CNAME: name(answer(host))}
	case dnsmessage.TypeNS:
		return &dnsmessage.NSResource{NS: name(answer(host))}
	case dnsmessage.TypePTR:
		return &dnsmessage.PTRResource{PTR: name(answer(host))}
	case dnsmessage.TypeTXT:
		return &dnsmessage.TXTResource{TXT: []string{strings.Trim(answer("lvsdr"), `"`)}}
	case dnsmessage.TypeMX:
		var r dnsmessage.MXResource
		fmt.Sscan(answer("10 "+host), &r.Pref, &target)
		r.MX = name(target)
		return &r
	case dnsmessage.TypeSRV:
		var r dnsmessage.SRVResource
		fmt.Sscan(answer("0 0 80 "+host), &r.Priority, &r.Weight, &r.Port, &target)
		r.Target = name(target)
		return &r
	case dnsmessage.TypeSOA:
		var r dnsmessage.SOAResource
		var box string
		fmt.Sscan(answer("ns.example. mail.example. 1 3600 600 86400 60"), &target, &box, &r.Serial, &r.Refresh, &r.Retry, &r.Expire, &r.MinTTL)
		r.NS, r.MBox = name(target), name(box)
		return &r
	}
	return nil
}
