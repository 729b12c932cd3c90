package lab

import "net/netip"

// Report is what "lab run --json" prints: the walk through the tutorial.
type Report struct {
	OK    bool   `json:"ok"`    // every step was as expected
	Steps []Step `json:"steps"` // up to the first that was not
	// Packets are the three-way handshake that step 5 saw on the switch.
	Packets []Packet `json:"packets,omitempty"`
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
