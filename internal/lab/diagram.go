package lab

import _ "embed"

// diagram is the network as the walk shows it first.
//
//go:embed diagram.txt
var diagram string
