package filter

// Faults finds what keeps p from its service at the given hooks: for each chain
// that is asked there at most one fault, in the order in which the kernel asks.
// EPERM: CAP_NET_ADMIN is missing.
func (Filter) Faults(p Packet, hooks ...Hook) ([]Fault, error) { return nil, nil }

// Redirects tells whether the packet filter rewrites the destination of every
// such packet as it comes in (DNAT, REDIRECT): it then belongs to another
// service, and [Filter.Faults] says nothing about that.
func (Filter) Redirects(p Packet) (bool, error) { return false, nil }
