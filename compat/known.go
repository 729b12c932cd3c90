package compat

// A Difference is a deviation from the real program that we want. It is shown
// by the cases that [Pin] it down.
type Difference struct {
	ID    string // as the cases and the README call it
	Title string // one line; the README has it word for word

	// Reason tells why the original's behaviour is not worth keeping.
	Reason string

	// Pins are the steps of the table of cases that show the difference. A
	// difference that no kernel can be made to show has none; NotShown then
	// tells which other test covers it.
	Pins     []Pin
	NotShown string
}

// A Pin fixes what our program does in a step where the real one does
// something else.
type Pin struct {
	Group, Step string

	// Ours is the outcome in the notation of the golden files.
	Ours string

	// Contains, if Ours is empty, are fragments that the outcome must have.
	Contains []string
}

// Ledger returns all differences that are accepted. A difference that is not
// listed fails the suite, and so does a listed one that has gone.
func Ledger() []Difference { return ledger }

var ledger = []Difference{}
