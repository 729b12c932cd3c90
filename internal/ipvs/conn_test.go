package ipvs

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var cmpAddr = cmp.Options{cmpopts.EquateComparable(netip.Addr{}), cmp.AllowUnexported(ServiceEntry{}, count{})}

const fakeFamily = 0x1b

// fakeSocket answers each request with the datagrams or the error that reply
// gives; errors of receive come before datagrams.
type fakeSocket struct {
	requests []request
	reply    func(request) []any // []byte, error
	queue    []any
	sendErrs []error
	closed   bool
}

// request is what the fake socket was sent.
type request struct {
	typ, flags uint16
	seq        uint32
	cmd        uint8
	attrs      []byte
}

func (f *fakeSocket) Send(b []byte) error {
	if len(f.sendErrs) > 0 {
		err := f.sendErrs[0]
		f.sendErrs = f.sendErrs[1:]
		return err
	}
	r := request{
		typ:   binary.NativeEndian.Uint16(b[4:]),
		flags: binary.NativeEndian.Uint16(b[6:]),
		seq:   binary.NativeEndian.Uint32(b[8:]),
		cmd:   b[16],
		attrs: slices.Clone(b[20:]),
	}
	f.requests = append(f.requests, r)
	f.queue = f.reply(r)
	return nil
}

func (f *fakeSocket) Receive(b []byte) (int, error) {
	if len(f.queue) == 0 {
		return 0, errors.New("the test has no more datagrams")
	}
	next := f.queue[0]
	f.queue = f.queue[1:]
	if err, ok := next.(error); ok {
		return 0, err
	}
	return copy(b, next.([]byte)), nil
}

func (f *fakeSocket) Close() error { f.closed = true; return nil }

// msg is one netlink message.
func msg(typ, flags uint16, seq uint32, body []byte) []byte {
	b := binary.NativeEndian.AppendUint32(nil, uint32(headLen+len(body)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = binary.NativeEndian.AppendUint16(b, flags)
	b = binary.NativeEndian.AppendUint32(b, seq)
	b = binary.NativeEndian.AppendUint32(b, 0)
	b = append(b, body...)
	return append(b, make([]byte, align4(len(body))-len(body))...)
}

// ack is the end of an answer; errno zero is success.
func ack(r request, errno syscall.Errno) []byte {
	return msg(msgError, 0, r.seq, binary.NativeEndian.AppendUint32(nil, uint32(-int32(errno))))
}

func done(r request, errno syscall.Errno) []byte {
	return msg(msgDone, 2, r.seq, binary.NativeEndian.AppendUint32(nil, uint32(-int32(errno))))
}

// answer is a message of the family with the given attributes.
func answer(r request, attrs []byte) []byte {
	var flags uint16
	if r.flags&flagDump != 0 {
		flags = flagMulti
	}
	return msg(fakeFamily, flags, r.seq, append([]byte{r.cmd, genlVersion, 0, 0}, attrs...))
}

func infoAttrs(version, size uint32) []byte {
	return appendU32(appendU32(nil, infoVersion, version), infoConnSize, size)
}

// greet answers what every connection starts with.
func greet(r request) ([]any, bool) {
	switch {
	case r.typ == ctrlFamily:
		b := msg(ctrlFamily, 0, r.seq, append([]byte{1, 2, 0, 0}, appendU16(nil, familyID, fakeFamily)...))
		return []any{b, ack(r, 0)}, true
	case r.cmd == cmdGetInfo:
		return []any{slices.Concat(answer(r, infoAttrs(0x010201, 4096)), ack(r, 0))}, true
	}
	return nil, false
}

// fakeConn is a connection whose requests after the greeting get reply.
func fakeConn(t *testing.T, reply func(request) []any) (*Conn, *fakeSocket) {
	t.Helper()
	f := &fakeSocket{reply: func(r request) []any {
		if a, ok := greet(r); ok {
			return a
		}
		return reply(r)
	}}
	c, err := newConn(f)
	if err != nil {
		t.Fatal(err)
	}
	f.requests = nil
	return c, f
}

func TestHello(t *testing.T) {
	c, f := fakeConn(t, nil)
	if got, want := c.Info(), (Info{0x010201, 4096}); got != want {
		t.Errorf("info %v, want %v", got, want)
	}
	if err := c.Close(); err != nil || !f.closed {
		t.Errorf("close: %v, closed %v", err, f.closed)
	}
}

func TestHelloRefused(t *testing.T) {
	tests := []struct {
		name   string
		family func(request) []any // nil: the greeting
		info   func(request) []any
		errno  syscall.Errno
		none   bool // the family does not resolve
	}{
		{name: "no such family", none: true, errno: syscall.ENOENT,
			family: func(r request) []any { return []any{ack(r, syscall.ENOENT)} }},
		{name: "family reply without a number", none: true, errno: syscall.EINVAL,
			family: func(r request) []any {
				return []any{msg(ctrlFamily, 0, r.seq, []byte{1, 2, 0, 0}), ack(r, 0)}
			}},
		{name: "family acknowledged, never told", none: true, errno: syscall.EINVAL,
			family: func(r request) []any { return []any{ack(r, 0)} }},
		{name: "not permitted", errno: syscall.EPERM,
			info: func(r request) []any { return []any{ack(r, syscall.EPERM)} }},
		{name: "info without version", errno: syscall.EINVAL,
			info: func(r request) []any { return []any{answer(r, appendU32(nil, infoConnSize, 1)), ack(r, 0)} }},
		{name: "info without size", errno: syscall.EINVAL,
			info: func(r request) []any { return []any{answer(r, appendU32(nil, infoVersion, 1)), ack(r, 0)} }},
		{name: "info cut short", errno: syscall.EINVAL,
			info: func(r request) []any {
				return []any{answer(r, appendU8(infoAttrs(1, 1), infoVersion, 1)), ack(r, 0)}
			}},
		{name: "info acknowledged, never told", errno: syscall.EINVAL,
			info: func(r request) []any { return []any{ack(r, 0)} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fakeSocket{reply: func(r request) []any {
				if r.typ == ctrlFamily && tt.family != nil {
					return tt.family(r)
				}
				if r.typ != ctrlFamily && tt.info != nil {
					return tt.info(r)
				}
				a, _ := greet(r)
				return a
			}}
			_, err := newConn(f)
			if !errors.Is(err, tt.errno) {
				t.Errorf("error %v, want %v", err, tt.errno)
			}
			if _, none := errors.AsType[errNoFamily](err); none != tt.none {
				t.Errorf("no family: %v, want %v", none, tt.none)
			}
			if !f.closed {
				t.Error("the socket stays open")
			}
		})
	}
}

// TestExchangeFaults makes one change and one listing over connections with
// every fault that a kernel or a socket may show.
func TestExchangeFaults(t *testing.T) {
	lost := errors.New("socket is gone")
	short := func(r request) []byte { return ack(r, 0)[:headLen+2] }
	tests := []struct {
		name  string
		reply func(request) []any
		want  error
	}{
		{"acknowledged", func(r request) []any { return []any{ack(r, 0)} }, nil},
		{"EPERM", func(r request) []any { return []any{ack(r, syscall.EPERM)} }, syscall.EPERM},
		{"ENOMEM", func(r request) []any { return []any{ack(r, syscall.ENOMEM)} }, syscall.ENOMEM},
		{"EINTR of the socket", func(r request) []any { return []any{syscall.EINTR, syscall.EINTR, ack(r, 0)} }, nil},
		{"EINTR of the kernel", func(r request) []any { return []any{ack(r, syscall.EINTR)} }, syscall.EINTR},
		{"ENOBUFS", func(r request) []any { return []any{syscall.ENOBUFS} }, syscall.ENOBUFS},
		{"overrun", func(r request) []any { return []any{msg(msgOverrun, 0, r.seq, nil)} }, syscall.ENOBUFS},
		{"socket lost", func(r request) []any { return []any{lost} }, lost},
		{"answer to somebody else first", func(r request) []any {
			other := r
			other.seq--
			return []any{ack(other, syscall.EEXIST), slices.Concat(ack(other, syscall.EEXIST), ack(r, 0))}
		}, nil},
		{"nothing at all", func(r request) []any { return []any{[]byte{}} }, syscall.EINVAL},
		{"half a head", func(r request) []any { return []any{ack(r, 0)[:headLen-1]} }, syscall.EINVAL},
		{"half an error", func(r request) []any { return []any{short(r)} }, syscall.EINVAL},
		{"error without a number", func(r request) []any { return []any{msg(msgError, 0, r.seq, []byte{1, 2})} }, syscall.EINVAL},
		{"positive error", func(r request) []any {
			return []any{msg(msgError, 0, r.seq, binary.NativeEndian.AppendUint32(nil, 7))}
		}, syscall.EINVAL},
		{"length below the head", func(r request) []any {
			b := ack(r, 0)
			binary.NativeEndian.PutUint32(b, 3)
			return []any{b}
		}, syscall.EINVAL},
		{"unknown type", func(r request) []any { return []any{slices.Concat(msg(0x99, 0, r.seq, make([]byte, 8)), ack(r, 0))} }, syscall.EINVAL},
		{"no-operation", func(r request) []any { return []any{slices.Concat(msg(msgNoop, 0, r.seq, nil), ack(r, 0))} }, nil},
		{"larger than any kernel sends", func(r request) []any { return []any{tooLong{}} }, syscall.EINVAL},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, f := fakeConn(t, tt.reply)
			c.sock = longSocket{f}
			if err := c.Flush(); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			// Whatever happened, the next request starts clean.
			f.reply = func(r request) []any { return []any{ack(r, 0)} }
			if err := c.Flush(); err != nil {
				t.Errorf("next request: %v", err)
			}
		})
	}
}

// tooLong is a datagram larger than the buffer it is read into.
type tooLong struct{ error }

type longSocket struct{ *fakeSocket }

func (s longSocket) Receive(b []byte) (int, error) {
	n, err := s.fakeSocket.Receive(b)
	if _, long := err.(tooLong); long {
		return len(b) + 1, nil
	}
	return n, err
}

func TestSendFaults(t *testing.T) {
	c, f := fakeConn(t, func(r request) []any { return []any{ack(r, 0)} })
	f.sendErrs = []error{syscall.EINTR, syscall.EINTR}
	if err := c.Flush(); err != nil {
		t.Errorf("interrupted: %v", err)
	}
	f.sendErrs = []error{syscall.ENOBUFS}
	if err := c.Flush(); err != syscall.ENOBUFS {
		t.Errorf("error %v, want ENOBUFS", err)
	}
}

// TestDumpInterrupted: a list that the kernel marks as changed meanwhile is
// asked for again, and given up after some attempts.
func TestDumpInterrupted(t *testing.T) {
	one := Service{Family: INET, Protocol: TCP, Addr: netip.MustParseAddr("10.0.0.1"), Port: 80, Scheduler: "rr", Netmask: 0xffffffff}
	interruptions := 0
	c, f := fakeConn(t, func(r request) []any {
		flags := uint16(2)
		if interruptions > 0 {
			interruptions--
			flags |= flagInterrupted
		}
		entry := msg(fakeFamily, flags, r.seq, append([]byte{1, 1, 0, 0}, appendService(nil, &one)...))
		return []any{slices.Concat(entry, entry), done(r, 0)}
	})
	for _, tt := range []struct {
		interruptions, requests int
		want                    error
	}{{0, 1, nil}, {2, 3, nil}, {99, dumpAttempts, syscall.EINVAL}} {
		f.requests, interruptions = nil, tt.interruptions
		list, err := c.Services(Everything)
		if !errors.Is(err, tt.want) || len(f.requests) != tt.requests {
			t.Errorf("%d interruptions: error %v after %d requests, want %v after %d",
				tt.interruptions, err, len(f.requests), tt.want, tt.requests)
		}
		if err == nil && len(list) != 2 {
			t.Errorf("%d interruptions: %d services, want 2", tt.interruptions, len(list))
		}
	}
}

// TestDumpLost: where the socket lost a part, the list is asked for again.
func TestDumpLost(t *testing.T) {
	lost := 1
	c, _ := fakeConn(t, func(r request) []any {
		if lost > 0 {
			lost--
			return []any{syscall.ENOBUFS}
		}
		return []any{done(r, 0)}
	})
	list, err := c.Services(Everything)
	if err != nil || len(list) != 0 {
		t.Errorf("services %v, %v; want none", list, err)
	}
}

func TestDumpRefused(t *testing.T) {
	c, _ := fakeConn(t, func(r request) []any { return []any{done(r, syscall.ENOMEM)} })
	if _, err := c.Services(Everything); err != syscall.ENOMEM {
		t.Errorf("services: %v, want ENOMEM", err)
	}
	if _, err := c.Destinations(&ServiceEntry{}, Everything, nil); err != syscall.ENOMEM {
		t.Errorf("destinations: %v, want ENOMEM", err)
	}
	if _, err := c.Daemons(); err != syscall.ENOMEM {
		t.Errorf("daemons: %v, want ENOMEM", err)
	}
}

// TestRepliesWithoutContent: an answer that has none of what was asked for is
// malformed, except for timeouts, which are zero then.
func TestRepliesWithoutContent(t *testing.T) {
	c, _ := fakeConn(t, func(r request) []any {
		if r.flags&flagDump == flagDump {
			return []any{answer(r, nil), done(r, 0)}
		}
		return []any{answer(r, nil), ack(r, 0)}
	})
	_, service := c.Service(Service{})
	_, services := c.Services(Everything)
	_, destinations := c.Destinations(&ServiceEntry{}, Everything, nil)
	_, daemons := c.Daemons()
	for name, err := range map[string]error{"service": service, "services": services, "destinations": destinations, "daemons": daemons} {
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s: %v, want EINVAL", name, err)
		}
	}
	if got, err := c.Timeouts(); err != nil || got != (Timeouts{}) {
		t.Errorf("timeouts %v, %v; want zeros", got, err)
	}
	c, _ = fakeConn(t, func(r request) []any { return []any{ack(r, 0)} })
	if _, err := c.Service(Service{}); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("service that was acknowledged only: %v, want EINVAL", err)
	}
}

// TestRequests compares what is sent with the commands and attributes of
// linux/ip_vs.h: what is encoded decodes to the same values.
func TestRequests(t *testing.T) {
	svc := Service{Family: INET6, Protocol: SCTP, Addr: netip.MustParseAddr("fd00::1"), Port: 80, Scheduler: "sh",
		PE: "sip", Flags: Persistent | SchedulerFlag2, Timeout: 30, Netmask: 64}
	mark := Service{Family: INET, FWMark: 0xfffffffe, Scheduler: "rr", Netmask: 0xffffff00}
	dst := Destination{Family: INET, Addr: netip.MustParseAddr("10.0.0.7"), Port: 8080, Forward: Tunnel, Weight: 5, Upper: 9,
		Lower: 8, TunnelType: GUE, TunnelPort: 6080, TunnelFlags: TunnelChecksum}
	dmn := Daemon{State: Backup, Interface: "eth0", SyncID: 7, MaxLen: 1000, Group: netip.MustParseAddr("ff02::5"), Port: 8848, TTL: 3}
	c, f := fakeConn(t, func(r request) []any { return []any{ack(r, 0)} })
	calls := []struct {
		cmd  uint8
		call func() error
	}{
		{cmdNewService, func() error { return c.AddService(svc) }},
		{cmdSetService, func() error { return c.EditService(mark) }},
		{cmdDelService, func() error { return c.DeleteService(svc) }},
		{cmdZero, func() error { return c.ZeroService(svc) }},
		{cmdNewDest, func() error { return c.AddDestination(svc, dst) }},
		{cmdSetDest, func() error { return c.EditDestination(svc, dst) }},
		{cmdDelDest, func() error { return c.DeleteDestination(svc, dst) }},
		{cmdNewDaemon, func() error { return c.StartDaemon(dmn) }},
		{cmdDelDaemon, func() error { return c.StopDaemon(Daemon{State: Master, Group: netip.MustParseAddr("224.0.0.81")}) }},
		{cmdSetConfig, func() error { return c.SetTimeouts(Timeouts{1, 2, 3}) }},
		{cmdFlush, c.Flush},
		{cmdZero, c.Zero},
	}
	for i, tt := range calls {
		if err := tt.call(); err != nil {
			t.Errorf("call %d: %v", i, err)
		}
		if r := f.requests[i]; r.cmd != tt.cmd || r.typ != fakeFamily || r.flags != flagRequest|flagAck {
			t.Errorf("call %d: command %d of family %#x with flags %#x, want command %d", i, r.cmd, r.typ, r.flags, tt.cmd)
		}
	}
	for i, want := range map[int]Service{0: svc, 1: mark} {
		var got ServiceEntry
		if err := decodeService(f.requests[i].attrs, Everything, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got.Service, cmpAddr); d != "" {
			t.Errorf("service (-sent +read):\n%s", d)
		}
	}
	d, err := decodeDaemon(f.requests[7].attrs)
	if diff := cmp.Diff(dmn, d, cmpAddr); err != nil || diff != "" {
		t.Errorf("daemon: %v (-sent +read):\n%s", err, diff)
	}
	if to, err := decodeTimeouts(f.requests[9].attrs); err != nil || to != (Timeouts{1, 2, 3}) {
		t.Errorf("timeouts %v, %v", to, err)
	}
}
