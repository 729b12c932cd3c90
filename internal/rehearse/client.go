package rehearse

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"lvsdr/internal/health"
	"lvsdr/internal/lab"
)

// request is one request of the client.
type request struct {
	service *service
	at      time.Time
	by      string // the address of who answered; "": it was lost
	why     string // it was lost
}

// request asks a service once from an address, which nobody else uses meanwhile.
func (s *stage) request(ctx context.Context, service *service, from netip.Addr) request {
	r := request{service: service, at: time.Now()}
	answer := health.Ask(ctx, health.Target{
		Server: service.at, Protocol: service.protocol(), Check: s.talks[service.socket].question(service.socket.network), From: from,
	})
	if r.why = answer.Why; answer.Good {
		r.by = s.served(from)
	}
	return r
}

// note notes that a machine serves a client.
func (s *stage) note(client netip.Addr, m *machine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		s.last = map[netip.Addr]string{}
	}
	s.last[client] = m.addr.String()
}

// served is the machine that served a client last.
func (s *stage) served(client netip.Addr) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[client]
}

// load is the requests that are made while faults are.
type load struct {
	cancel context.CancelFunc
	all    sync.WaitGroup
	mu     sync.Mutex
	made   []request
}

// mostRequests is how many are made in a second, of all services together.
const mostRequests = 20

// newLoad asks each service again and again, whether or not the last answer has
// come.
func (s *stage) newLoad(ctx context.Context) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{cancel: cancel}
	rate := min(10, max(1, mostRequests/len(s.services)))
	free := map[bool]chan netip.Addr{}
	for _, n := range s.families() {
		addresses := make(chan netip.Addr, clients)
		for i := range clients {
			addresses <- clientAddress(n.Addr(), i)
		}
		free[n.Addr().Is4()] = addresses
	}
	for _, service := range s.services {
		addresses := free[service.at.Addr().Is4()]
		l.all.Go(func() {
			ticker := time.NewTicker(time.Second / time.Duration(rate))
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
				}
				select {
				case from := <-addresses:
					l.all.Go(func() {
						l.take(ctx, s.request(ctx, service, from))
						addresses <- from
					})
				default: // all of them wait
				}
			}
		})
	}
	return l
}

// take takes what came of a request, unless it was broken off.
func (l *load) take(ctx context.Context, r request) {
	if ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made = append(l.made, r)
}

// end ends it, and waits.
func (l *load) end() {
	l.cancel()
	l.all.Wait()
}

// lost are the requests of a service that were made between two times and lost.
func (l *load) lost(service *service, from, to time.Time) (all []request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.made {
		if r.by == "" && (service == nil || r.service == service) && !r.at.Before(from) && r.at.Before(to) {
			all = append(all, r)
		}
	}
	return all
}

// forget forgets the requests that were made before.
func (l *load) forget(before time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made = slices.DeleteFunc(l.made, func(r request) bool { return r.at.Before(before) })
}

// calm waits until no request was lost for a while.
func (l *load) calm(ctx context.Context) error {
	const patient = time.Minute
	for begin := time.Now(); ; {
		if err := lab.Pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		now := time.Now()
		lost := l.lost(nil, now.Add(-patience-time.Second), now)
		if len(lost) == 0 {
			return nil
		}
		if time.Since(begin) > patient {
			return fmt.Errorf("%s still loses requests %v after it was mended: %s", lost[0].service, patient, lost[0].why)
		}
	}
}
