package main

import (
	"slices"
	"time"
)

// A result is what a row came to. Guest and host exchange it as JSON.
type result struct {
	Row          string
	Lines        int // of its table
	Ours, Theirs side
	Wrong        string `json:",omitempty"` // how the outputs differ, or what failed
}

// A side is one program's part of a result.
type side struct {
	Times  []time.Duration
	Memory int // the most it had resident, in kB
	Calls  int // system calls, of all its processes
}

func (r result) ratio() float64 {
	return float64(median(r.Ours.Times)) / float64(median(r.Theirs.Times))
}

// median is the middle, or the mean of the two in the middle.
func median(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
