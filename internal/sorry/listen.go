package sorry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/net/netutil"
	"golang.org/x/sys/unix"

	"lvsdr/internal/hint"
	"lvsdr/internal/ipvs"
)

// Server answers the clients of one service.
type Server struct {
	http        *http.Server
	listener    net.Listener
	destination ipvs.Destination
}

// Listen answers on VIP:port, in the network namespace of the calling thread,
// until [Server.Close]. The machine need not have the VIP: a backup does not. If
// somebody else listens there (or on the port of every address), Listen uses a free
// port of the director's own address dip.
func Listen(p *Page, vip netip.AddrPort, dip netip.Addr) (*Server, error) {
	return p.serveOn(listen(vip, dip))
}

// ListenBeside is Listen where VIP:port has to stay free: a web server of the
// director itself has to come back there.
func ListenBeside(p *Page, vip netip.AddrPort, dip netip.Addr) (*Server, error) {
	if !usable(dip, vip) {
		return nil, fmt.Errorf("sorry page: %w", hint.Add(errNoAddress, "give the director an address of the same family"))
	}
	return p.serveOn(listenBeside(dip))
}

var errNoAddress = errors.New("the director has no address for it other than VIPs")

func (p *Page) serveOn(l net.Listener, d ipvs.Destination, err error) (*Server, error) {
	if err != nil {
		return nil, fmt.Errorf("sorry page: %w", err)
	}
	s := &Server{http: p.newServer(), listener: netutil.LimitListener(l, maxClients), destination: d}
	go s.serve()
	return s, nil
}

// Destination is what the table has to have for the clients to come here.
func (s *Server) Destination() ipvs.Destination { return s.destination }

func listen(vip netip.AddrPort, dip netip.Addr) (net.Listener, ipvs.Destination, error) {
	d := ipvs.Destination{Family: ipvs.FamilyOf(vip.Addr()), Addr: loopback(vip.Addr()), Port: vip.Port(), Forward: ipvs.DirectRoute, Weight: 1}
	l, err := listenOn(vip, bindFree)
	switch {
	case errors.Is(err, unix.EACCES):
		return nil, d, hint.Add(err, "needs CAP_NET_BIND_SERVICE; run it as root")
	case !errors.Is(err, unix.EADDRINUSE):
		return l, d, err
	case !usable(dip, vip):
		return nil, d, hint.Add(err, fmt.Sprintf("give the director an address of the same family, or see who has the port: ss -ltnp 'sport = :%d'", vip.Port()))
	}
	return listenBeside(dip)
}

// usable reports whether an address can stand for the VIP.
func usable(dip netip.Addr, vip netip.AddrPort) bool {
	return dip.IsValid() && dip.Is4() == vip.Addr().Is4()
}

// listenBeside takes a free port of the director's own address. Direct routing
// leaves the packets as they are: on another port, they need masquerading. To a
// loopback address that does not work, to dip it does.
func listenBeside(dip netip.Addr) (net.Listener, ipvs.Destination, error) {
	d := ipvs.Destination{Family: ipvs.FamilyOf(dip), Addr: dip, Forward: ipvs.Masquerade, Weight: 1}
	l, err := listenOn(netip.AddrPortFrom(dip, 0), nil)
	if err == nil {
		d.Port = l.Addr().(*net.TCPAddr).AddrPort().Port()
	}
	return l, d, err
}

// loopback is the local address that stands for the machine: with direct
// routing to it, the kernel takes a packet for the VIP in as it is.
func loopback(vip netip.Addr) netip.Addr {
	if vip.Is4() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}

// listenOn listens for plain TCP: further paths of Multipath TCP would not come
// here, for all that IPVS knows.
func listenOn(addr netip.AddrPort, control func(network, address string, c syscall.RawConn) error) (net.Listener, error) {
	network := "tcp6"
	if addr.Addr().Is4() {
		network = "tcp4"
	}
	lc := net.ListenConfig{Control: control}
	lc.SetMultipathTCP(false)
	return lc.Listen(context.Background(), network, addr.String())
}

// bindFree lets a socket bind to an address that the machine does not have
// (IP_FREEBIND, ip(7)).
func bindFree(network, _ string, c syscall.RawConn) error {
	level, option := unix.SOL_IP, unix.IP_FREEBIND
	if network == "tcp6" {
		level, option = unix.SOL_IPV6, unix.IPV6_FREEBIND
	}
	var err error
	if e := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), level, option, 1) }); e != nil {
		return e
	}
	return os.NewSyscallError("setsockopt", err)
}
