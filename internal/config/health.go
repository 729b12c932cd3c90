package config

import (
	"time"
)

// Check says how the real servers of a service are asked whether they do their
// work (section "check" of lvsdr.yaml(5)).
type Check struct {
	Type     CheckType
	Port     uint16        // zero: where the real server listens for the service
	Interval time.Duration // from one question to the next
	Timeout  time.Duration // for the whole answer
	Fall     uint32        // bad answers in a row that take a real server out
	Rise     uint32        // good ones that bring it back
	// OnFailure is what becomes of the entry of a real server that is out.
	OnFailure OnFailure
	// VIP has the neighbour asked on the wire for the VIP as well; nil: where that
	// can be, which is TCP by direct routing on a LAN.
	VIP *bool

	Send    string // tcp, udp: what is said first; bytes
	Receive string // tcp, udp: a regular expression (RE2) that the answer has to match

	Verify bool   // tls, https: the certificate
	Name   string // tls, https: of the certificate and SNI; dns: that is asked for
	CA     string // tls, https: file of the certificates to trust, in PEM; "": the system's

	Path    string // http, https; with a query, if any
	Host    string // http, https: header Host; "": the real server's address
	Method  string // http, https
	Status  []StatusRange
	Body    string // http, https: a regular expression that the body has to match; "": any
	Headers []Header

	Record string // dns: type, as A
	Answer string // dns: that one record has to be; "": any

	Command []string // exec: program and arguments
	User    string   // exec
}

// CheckType is the way of a [Check].
type CheckType string

// The ways to ask.
const (
	CheckNone  CheckType = "none"
	CheckTCP   CheckType = "tcp"
	CheckTLS   CheckType = "tls"
	CheckHTTP  CheckType = "http"
	CheckHTTPS CheckType = "https"
	CheckDNS   CheckType = "dns"
	CheckUDP   CheckType = "udp"
	CheckExec  CheckType = "exec"
)

// OnFailure is what becomes of the entry of a real server that is out.
type OnFailure string

// What may become of it: at weight 0 its connections end by themselves.
const (
	FailureAuto    OnFailure = "auto"
	FailureQuiesce OnFailure = "quiesce"
	FailureRemove  OnFailure = "remove"
)

// StatusRange is statuses of HTTP, both ends included.
type StatusRange struct{ From, To uint16 }

// Header is a header line of a request.
type Header struct{ Name, Value string }

// DefaultCheck is what an empty check says.
func DefaultCheck() Check {
	return Check{
		Type: CheckTCP, Interval: 2 * time.Second, Timeout: time.Second, Fall: 3, Rise: 2, OnFailure: FailureAuto,
		Verify: true, Path: "/", Method: "GET", Status: []StatusRange{{200, 299}}, Record: "A", User: "nobody",
	}
}

// Asks reports whether there is anything to ask; a nil check does not.
func (c *Check) Asks() bool { return c != nil && c.Type != CheckNone }

// Minimum is how many real servers of a service stay in, whatever checks say.
type Minimum struct {
	Count   uint32
	Percent bool // Count is a percentage, of which the part is rounded up
}

// Of is the number for so many real servers.
func (m Minimum) Of(servers int) int {
	n := int(m.Count)
	if m.Percent {
		n = (servers*n + 99) / 100
	}
	return min(n, servers)
}

// Sorry is who answers when no real server is left: other machines or, with a
// page, the director itself.
type Sorry struct {
	Servers []RealServer
	Page    string // file of HTML, or [DefaultPage]; "": none
	Cert    string // files in PEM, for a page by TLS
	Key     string
}

// DefaultPage is a page of ours.
const DefaultPage = "default"

// Exists reports whether there is one.
func (s Sorry) Exists() bool { return len(s.Servers) > 0 || s.Page != "" }

// Watch is how the director watches (section "watch" of lvsdr.yaml(5)).
type Watch struct {
	Resync    time.Duration // from one look at what is there to the next
	HandEdits HandEdits
	OnEvent   []string // program and arguments that are given each event; empty: none
	Listen    string   // ADDRESS:PORT or unix:PATH of the page and the metrics; "": none
	VIP       VIPOwner
	TrackFile string // tells the VRRP daemon by how much to lower the priority
}

// HandEdits is what becomes of weights that somebody changed by hand.
type HandEdits string

// What may become of them.
const (
	EditsRespected HandEdits = "respect"
	EditsCorrected HandEdits = "correct"
)

// VIPOwner is who puts VIPs up and takes them down.
type VIPOwner string

// Who may: this program, or a VRRP daemon.
const (
	VIPOwn  VIPOwner = "own"
	VIPVRRP VIPOwner = "vrrp"
)

// DefaultWatch is what an empty section says.
func DefaultWatch() Watch {
	return Watch{Resync: 10 * time.Second, HandEdits: EditsRespected, VIP: VIPOwn, TrackFile: "/run/lvsdr/track"}
}
