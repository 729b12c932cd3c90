package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// An outcome is what is compared of two programs, besides the table they leave.
type outcome struct {
	output []byte
	status int
}

// A trial is what one run gave: what it printed, and the table it left if that
// is what the row is about.
type trial struct {
	outcome
	table string
	short string // what it lacks, whatever the other one has
}

func (t trial) differs(other trial) string {
	switch {
	case t.status != 0:
		return fmt.Sprintf("exit status %d, theirs %d: %s", t.status, other.status, t.output)
	case t.status != other.status:
		return fmt.Sprintf("exit status 0, theirs %d", other.status)
	case t.short != "":
		return t.short
	case !bytes.Equal(t.output, other.output):
		return fmt.Sprintf("output differs: %d bytes, theirs %d", len(t.output), len(other.output))
	case t.table != other.table:
		return fmt.Sprintf("table differs: %d bytes, theirs %d", len(t.table), len(other.table))
	}
	return ""
}

var expiry = regexp.MustCompile(`(?m)^(\w+ +)\d+:\d+`)

// maskExpiry hides how long each connection of a listing still has.
func maskExpiry(listing []byte) []byte { return expiry.ReplaceAll(listing, []byte("$1")) }

// sortTable sorts the services of /proc/net/ip_vs, without its three lines of
// heading. A service begins with a protocol, its destinations with blanks.
func sortTable(text []byte) string {
	var services []string
	for i, line := range bytes.SplitAfter(text, []byte("\n")) {
		if i < 3 || len(line) == 0 {
			continue
		}
		if line[0] == ' ' && len(services) > 0 {
			services[len(services)-1] += string(line)
		} else {
			services = append(services, string(line))
		}
	}
	slices.Sort(services)
	return strings.Join(services, "")
}
