package ipvs

// Services returns the virtual services in the kernel's order: hash buckets
// upwards, newest first inside one. An empty table is an empty slice. What the
// detail leaves out may be zero. ErrTorn comes with the last reading.
func (c *Conn) Services(detail Detail) ([]ServiceEntry, error) {
	var list []ServiceEntry
	if n := c.short.services(); n > 0 {
		list = make([]ServiceEntry, 0, min(n, 1<<16))
		if n > fewEntries {
			c.enlarge()
		}
	}
	return c.settleServices(detail, list)
}

// readServices reads services once.
func (c *Conn) readServices(detail Detail, list []ServiceEntry) ([]ServiceEntry, error) {
	err := c.dump(
		func() { c.begin(cmdGetService, flagDump) },
		func() { list = list[:0] },
		func(msg []byte) error {
			n := len(list)
			list = append(list, ServiceEntry{})
			if n > 0 {
				list[n].Scheduler, list[n].PE = list[n-1].Scheduler, list[n-1].PE
			}
			return decodeService(msg, detail, &list[n])
		})
	return list, err
}

// Service returns the service of s's identity. ESRCH: there is none.
func (c *Conn) Service(s Service) (ServiceEntry, error) {
	c.begin(cmdGetService, 0)
	c.out = appendService(c.out, &s)
	var e ServiceEntry
	answered := false
	err := c.exchange(func(msg []byte) error {
		answered = true
		return decodeService(msg, Everything, &e)
	})
	if err == nil && !answered {
		err = errReply
	}
	return e, err
}

// Destinations appends the destinations of s, newest first, to buf. What the
// detail leaves out may be zero. ErrTorn comes with the last reading.
func (c *Conn) Destinations(s *ServiceEntry, detail Detail, buf []DestinationEntry) ([]DestinationEntry, error) {
	list, ok, err := c.short.destinations(s, detail, buf)
	if ok || err != nil {
		return list, err
	}
	list, err = c.settleDestinations(s, detail, buf)
	c.short.saw(list[len(buf):])
	return list, err
}

// readDestinations reads the destinations of s once, and appends them to buf.
func (c *Conn) readDestinations(s *ServiceEntry, detail Detail, buf []DestinationEntry) (list []DestinationEntry, err error) {
	if s.count.n > fewEntries {
		c.enlarge()
	}
	err = c.dump(
		func() {
			c.begin(cmdGetDest, flagDump)
			c.out = appendServiceIdentity(c.out, &s.Service)
		},
		func() { list = buf },
		func(msg []byte) error {
			list = append(list, DestinationEntry{})
			return decodeDestination(msg, s.Family, detail, &list[len(list)-1])
		})
	return list, err
}

func (c *Conn) changeService(cmd uint8, s *Service) error {
	if done, err := c.short.change(cmd, s, nil); done {
		return err
	}
	c.begin(cmd, flagAck)
	c.out = appendService(c.out, s)
	return c.do()
}

// AddService adds s. EEXIST: it is there; ENOENT: the kernel does not know the
// scheduler or the persistence engine.
func (c *Conn) AddService(s Service) error { return c.changeService(cmdNewService, &s) }

// EditService replaces everything of the service of s's identity but its
// destinations. ESRCH: there is none.
func (c *Conn) EditService(s Service) error { return c.changeService(cmdSetService, &s) }

// DeleteService deletes the service of s's identity with its destinations.
func (c *Conn) DeleteService(s Service) error { return c.changeService(cmdDelService, &s) }

func (c *Conn) changeDestination(cmd uint8, s *Service, d *Destination) error {
	if done, err := c.short.change(cmd, s, d); done {
		return err
	}
	c.begin(cmd, flagAck)
	c.out = appendService(c.out, s)
	c.out = appendDestination(c.out, d)
	return c.do()
}

// AddDestination adds d to the service of s's identity. ESRCH: there is no
// such service; EEXIST: it has that destination.
func (c *Conn) AddDestination(s Service, d Destination) error {
	return c.changeDestination(cmdNewDest, &s, &d)
}

// EditDestination replaces everything of the destination with d's address and
// port. ENOENT: there is none.
func (c *Conn) EditDestination(s Service, d Destination) error {
	return c.changeDestination(cmdSetDest, &s, &d)
}

// DeleteDestination takes the destination with d's address and port away.
func (c *Conn) DeleteDestination(s Service, d Destination) error {
	return c.changeDestination(cmdDelDest, &s, &d)
}

// Flush deletes all services.
func (c *Conn) Flush() error {
	c.begin(cmdFlush, flagAck)
	return c.do()
}

// Zero sets all counters to zero.
func (c *Conn) Zero() error {
	c.begin(cmdZero, flagAck)
	return c.do()
}

// ZeroService sets the counters of one service and its destinations to zero.
func (c *Conn) ZeroService(s Service) error { return c.changeService(cmdZero, &s) }

// Timeouts returns the timeouts of connections.
func (c *Conn) Timeouts() (Timeouts, error) {
	c.begin(cmdGetConfig, 0)
	var t Timeouts
	err := c.exchange(func(msg []byte) (err error) {
		t, err = decodeTimeouts(msg)
		return err
	})
	return t, err
}

// SetTimeouts changes the timeouts of connections; zero leaves one alone.
func (c *Conn) SetTimeouts(t Timeouts) error {
	c.begin(cmdSetConfig, flagAck)
	c.out = appendU32(c.out, attrTCP, t.TCP)
	c.out = appendU32(c.out, attrTCPFin, t.TCPFin)
	c.out = appendU32(c.out, attrUDP, t.UDP)
	return c.do()
}

// Daemons returns the running synchronisation daemons, master first.
func (c *Conn) Daemons() ([]Daemon, error) {
	var list []Daemon
	err := c.dump(
		func() { c.begin(cmdGetDaemon, flagDump) },
		func() { list = nil },
		func(msg []byte) error {
			d, err := decodeDaemon(msg)
			list = append(list, d)
			return err
		})
	return list, err
}

// StartDaemon starts a synchronisation daemon. EEXIST: it runs; ENODEV: there
// is no such interface.
func (c *Conn) StartDaemon(d Daemon) error {
	c.begin(cmdNewDaemon, flagAck)
	c.out = appendDaemon(c.out, &d)
	return c.do()
}

// StopDaemon stops the daemon of d's State. ESRCH: it does not run.
func (c *Conn) StopDaemon(d Daemon) error {
	c.begin(cmdDelDaemon, flagAck)
	c.out = appendDaemon(c.out, &d)
	return c.do()
}
