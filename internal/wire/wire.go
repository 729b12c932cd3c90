// Package wire speaks with the neighbours of a machine: it announces addresses,
// asks by ARP and neighbour discovery who has one, asks real servers by frames
// whether they serve a VIP, and tries connections.
package wire

// Wire is the network around the machine, seen from the network namespace of
// the calling thread at each call. It holds nothing that would have to be
// closed.
type Wire struct{}

// ethernetLen is the length of an Ethernet address.
const ethernetLen = 6
