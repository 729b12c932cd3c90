package lab

import "net/netip"

// Report is what "lab run --json" prints: the walk through the tutorial.
type Report struct {
	OK    bool   `json:"ok"`    // every step was as expected
	Steps []Step `json:"steps"` // up to the first that was not
	// Packets are the three-way handshake that step 5 saw on the switch.
	Packets []Packet `json:"packets,omitempty"`
	// Moves are what the walk of two directors measured.
	Moves []Move `json:"moves,omitempty"`
}

// Step is one step of the walk.
type Step struct {
	Number       int           `json:"number"` // from 1
	Title        string        `json:"title"`
	OK           bool          `json:"ok"` // every expectation was met
	Commands     []Command     `json:"commands"`
	Expectations []Expectation `json:"expectations"`
}

// Command is what an administrator would have typed, and its output.
type Command struct {
	On      string `json:"on"` // the host
	Command string `json:"command"`
	Output  string `json:"output"`
}

// Expectation is one thing that a step shows.
type Expectation struct {
	What     string `json:"what"`
	Expected string `json:"expected"`
	Seen     string `json:"seen"`
	OK       bool   `json:"ok"`
}

// Packet is a TCP packet on the switch.
type Packet struct {
	Number      int            `json:"number"`   // from 1
	Flags       string         `json:"flags"`    // "SYN", "SYN,ACK", "ACK"
	From        string         `json:"from"`     // the host of FromMAC; empty if it is none of the lab's
	FromMAC     string         `json:"from_mac"` // of the Ethernet header
	To          string         `json:"to"`       // the host of ToMAC
	ToMAC       string         `json:"to_mac"`
	Source      netip.AddrPort `json:"source"` // of the IP and TCP headers
	Destination netip.AddrPort `json:"destination"`
}

// Move is what became of clients when the VIP went from one director to the other.
type Move struct {
	Variant   string  `json:"variant"`  // sync, none, mh or localnode
	Fault     string  `json:"fault"`    // killed, unplugged, cut-off or retired
	Director  string  `json:"director"` // that had the VIP
	Seconds   float64 `json:"seconds"`  // the longest time without an answer on a new connection
	New       int     `json:"new"`      // connections that began after the fault; when a director retires, after the VIP moved
	NewLost   int     `json:"new_lost"` // of them: they had no answer in time
	Begun     int     `json:"begun"`    // connections that were being made then
	BegunLost int     `json:"begun_lost"`
	Open      int     `json:"open"` // connections that were open before, with requests on them
	OpenLost  int     `json:"open_lost"`
}
