package ipvsadm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime/debug"

	"lvsdr/internal/ipvs"
)

// balancer is what the commands need of the kernel; [ipvs.Conn] has it.
type balancer interface {
	Info() ipvs.Info
	Services(ipvs.Detail) ([]ipvs.ServiceEntry, error)
	Service(ipvs.Service) (ipvs.ServiceEntry, error)
	Destinations(*ipvs.ServiceEntry, ipvs.Detail, []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error)
	AddService(ipvs.Service) error
	EditService(ipvs.Service) error
	DeleteService(ipvs.Service) error
	AddDestination(ipvs.Service, ipvs.Destination) error
	EditDestination(ipvs.Service, ipvs.Destination) error
	DeleteDestination(ipvs.Service, ipvs.Destination) error
	Flush() error
	Zero() error
	ZeroService(ipvs.Service) error
	Timeouts() (ipvs.Timeouts, error)
	SetTimeouts(ipvs.Timeouts) error
	Daemons() ([]ipvs.Daemon, error)
	StartDaemon(ipvs.Daemon) error
	StopDaemon(ipvs.Daemon) error
}

// executor carries out commands.
type executor struct {
	kernel      balancer
	connections func() (io.ReadCloser, error)
	names       resolver
	out         *bufio.Writer
}

// run carries out one command, other than a restore.
func (x *executor) run(c *Command) *failure {
	switch c.action {
	case list:
		return x.list(c)
	case save:
		return x.save(c)
	}
	if err := x.change(c); err != nil {
		return refused(c.action, err)
	}
	return nil
}

// change carries out a command that prints nothing.
func (x *executor) change(c *Command) error {
	switch c.action {
	case addService:
		return x.kernel.AddService(c.service)
	case editService:
		return x.kernel.EditService(c.service)
	case deleteService:
		return x.kernel.DeleteService(c.service)
	case addServer:
		return x.kernel.AddDestination(c.service, c.dest)
	case editServer:
		return x.kernel.EditDestination(c.service, c.dest)
	case deleteServer:
		return x.kernel.DeleteDestination(c.service, c.dest)
	case flush:
		return x.kernel.Flush()
	case zero:
		if everything(&c.service) {
			return x.kernel.Zero()
		}
		return x.kernel.ZeroService(c.service)
	case setTimeouts:
		return x.kernel.SetTimeouts(c.timeouts)
	case startDaemon:
		return x.kernel.StartDaemon(c.daemon)
	case stopDaemon:
		return x.kernel.StopDaemon(c.daemon)
	}
	return nil
}

// everything reports a service that means the whole table: none was named, or
// the address and the port are zero.
func everything(s *ipvs.Service) bool {
	return s.FWMark == 0 && s.Port == 0 && (s.Addr == netip.Addr{} || s.Addr.IsUnspecified())
}

// list carries out -L.
func (x *executor) list(c *Command) *failure {
	switch {
	case c.options.has(optConnection):
		return x.listConnections(c)
	case c.options.has(optTimeout):
		return x.listTimeouts()
	case c.options.has(optDaemon):
		return x.listDaemons()
	}
	f := format{layoutOf(c.options), c.options.has(optExact), x.namer(c)}
	if !c.options.has(optNumeric) {
		f.name = shortened(f.name)
	}
	sorted := !c.options.has(optNoSort)
	if c.options.has(optService) {
		c.service.Netmask = 0 // as the original asks
		s, err := x.kernel.Service(c.service)
		if err != nil {
			return unlisted(list, err)
		}
		x.out.WriteString(titles[f.layout])
		return x.walk(list, []ipvs.ServiceEntry{s}, sorted, f)
	}
	x.out.Write(appendBanner(x.out.AvailableBuffer(), x.kernel.Info()))
	services, err := x.kernel.Services(f.detail())
	if err != nil && !shown(list, err) {
		return unlisted(list, err)
	}
	x.out.WriteString(titles[f.layout])
	return x.walk(list, services, sorted, f)
}

// save carries out -S.
func (x *executor) save(c *Command) *failure {
	lines := &savedRules{name: x.namer(c)}
	services, err := x.kernel.Services(lines.detail())
	if err != nil {
		return unlisted(save, err)
	}
	if f := x.walk(save, services, true, lines); f != nil {
		return f
	}
	if len(lines.unsaid) > 0 {
		return &failure{text: string(lines.unsaid), goesOn: true}
	}
	return nil
}

// renderer turns a table into lines. Both methods append one.
type renderer interface {
	detail() ipvs.Detail // what it shows of a destination
	service(b []byte, s *ipvs.ServiceEntry) []byte
	destination(b []byte, d *ipvs.DestinationEntry, s *ipvs.ServiceEntry) []byte
}

// lineRoom is more than most lines need.
const lineRoom = 256

// walk writes each service with its destinations, in order, for the action. A
// service whose destinations cannot be read ends it unwritten.
func (x *executor) walk(a action, services []ipvs.ServiceEntry, sorted bool, lines renderer) *failure {
	debug.SetGCPercent(400) // a listing keeps what it allocates: there is little to collect
	var servicesBy sorter[ipvs.ServiceEntry]
	var destinationsBy sorter[ipvs.DestinationEntry]
	if sorted {
		servicesBy.compare, destinationsBy.compare = compareServices, compareDestinations
	}
	var destinations []ipvs.DestinationEntry
	for _, s := range servicesBy.sort(services) {
		var err error
		destinations, err = x.kernel.Destinations(s, lines.detail(), destinations[:0])
		if err != nil && !shown(a, err) {
			return unlisted(a, err)
		}
		b := lines.service(x.out.AvailableBuffer(), s)
		for _, d := range destinationsBy.sort(destinations) {
			if cap(b)-len(b) < lineRoom {
				x.out.Write(b)
				b = x.out.AvailableBuffer()
			}
			b = lines.destination(b, d, s)
		}
		x.out.Write(b)
	}
	return nil
}

// shown reports whether an action prints its result in spite of the error: a
// table that never comes to rest is listed as it was last read. Saving it would
// lose something.
func shown(a action, err error) bool { return a == list && errors.Is(err, ipvs.ErrTorn) }

func (x *executor) namer(c *Command) namer {
	if c.options.has(optNumeric) {
		return numeric
	}
	return named(x.names)
}

func (x *executor) listConnections(c *Command) *failure {
	in, err := x.connections()
	if err != nil {
		return &failure{text: fmt.Sprintf(msgNoConnections, ipvs.ConnectionsPath), status: statusListing}
	}
	defer in.Close()
	if !writeConnections(x.out, in, shortened(x.namer(c)), c.options.has(optPersistentConn)) {
		return &failure{text: fmt.Sprintf(msgBadConnections, ipvs.ConnectionsPath), status: statusListing}
	}
	return nil
}

func (x *executor) listTimeouts() *failure {
	t, err := x.kernel.Timeouts()
	if err != nil {
		return unlisted(list, err)
	}
	fmt.Fprintf(x.out, "Timeout (tcp tcpfin udp): %d %d %d\n", int32(t.TCP), int32(t.TCPFin), int32(t.UDP))
	return nil
}

func (x *executor) listDaemons() *failure {
	daemons, err := x.kernel.Daemons()
	if err != nil {
		return unlisted(list, err)
	}
	for i := range daemons {
		x.out.Write(appendDaemonLine(x.out.AvailableBuffer(), &daemons[i]))
	}
	return nil
}
