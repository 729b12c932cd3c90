package compat

import (
	_ "embed"
	"strings"
)

// A Difference is a deviation from the real program that we want. Steps of the
// table of cases show it.
type Difference struct {
	ID    string // as docs/differences.md calls it
	Title string // one line; docs/differences.md has it word for word

	// Reason tells why the original's behaviour is not worth keeping.
	Reason string

	// Shown are the steps that differ, by group; no other may.
	Shown map[string][]string

	// NotShown tells, for a difference that no kernel can be made to show,
	// which other test covers it.
	NotShown string
}

// Ledger returns all differences that are accepted. A step that differs and is
// not listed fails the suite, and so does a listed one that no longer differs.
// What our program does there is pinned in testdata/ours.txt.
func Ledger() []Difference { return ledger }

//go:embed testdata/ours.txt
var oursText string

// Pinned returns what our program must do in a step of the ledger, in the
// notation of the golden files.
func Pinned(group, step string) (outcome string, ok bool) {
	_, outcome, ok = strings.Cut(oursText, "\n["+group+"]\n$ "+escape(step)+"\n")
	outcome, _, _ = strings.Cut(outcome, "\n\n[")
	return strings.TrimRight(outcome, "\n") + "\n", ok
}

const underTest = "no kernel shows it; tests with a fake kernel in ipvsadm/ and internal/ipvs/ do"

var ledger = []Difference{
	{
		ID: "D1", Title: "connection, packet and rate counters of real servers are not cut to 32 bits",
		Reason:   "the kernel sends 64 bits; a busy server's counters wrap within days",
		NotShown: underTest,
	},
	{
		ID: "D2", Title: "connection entries may be longer than 255 bytes",
		Reason: "a Call-ID in one UDP packet from a client garbles or crashes the original's listing",
		Shown: map[string][]string{
			"long connection lines":    {"-Lnc", "-Lnc --persistent-conn"},
			"crashing connection line": {"-Lnc --persistent-conn"},
		},
	},
	{
		ID: "D3", Title: "a blank line in /proc/net/ip_vs_conn is skipped",
		Reason: "the original ends the listing there without a word",
		Shown:  map[string][]string{"blank connection line": {"-Lnc"}},
	},
	{
		ID: "D5", Title: "a value of -b that is only commas is an invalid scheduler flag",
		Reason: "the original crashes",
		Shown:  map[string][]string{"commas only": {"-A -t 10.0.0.1:80 -b ,", "-L -b ,,"}},
	},
	{
		ID: "D6", Title: "tunnel flags that ipvsadm cannot set are shown as n/a and not saved",
		Reason: "the original crashes",
		Shown:  map[string][]string{"unknown tunnel flags": {"-Sn", "-Ln --tun-info"}},
	},
	{
		ID: "D19", Title: "-S leaves out what -R would refuse, and names whole lines of it on standard error",
		Reason: "one such line, which only another program can bring about, keeps the rest from being restored",
		Shown: map[string][]string{
			"raw destinations": {"-Sn"},
			"raw services":     {"-Sn", "ipvsadm-save -n"},
			"gre with remcsum": {"-Sn"},
		},
	},
	{
		ID: "D7", Title: "-S writes firewall marks from 2147483648 up as they are, not as negative numbers",
		Reason: "-R refuses negative marks",
		Shown: map[string][]string{
			"large marks": {"-Sn"},
			"worked B":    {"ipvsadm -Sn"},
		},
	},
	{
		ID: "D8", Title: "-S writes flag-3 of the schedulers sh and mh",
		Reason: "the original leaves -b without a value, which -R refuses",
		Shown: map[string][]string{
			"third flag alone": {"-Sn"},
			"worked B":         {"ipvsadm -Sn"},
		},
	},
	{
		ID: "D9", Title: "-S does not cut names to 59 bytes",
		Reason: "the cut loses the port, and the name cannot be found again",
		Shown:  map[string][]string{"long names": {"-S"}},
	},
	{
		ID: "D10", Title: "-R executes a last line that ends in blanks and no newline",
		Reason: "the original drops it silently",
		Shown: map[string][]string{
			"unterminated last line": {"-R\n-A -t 10.0.0.1:80  ", "-R\n-A -t 10.0.0.2:80 \t"},
			"worked E": {
				`printf -- "-A -t 1.0.0.7:80  " | ipvsadm -R`,
				`printf "#c\n-A -t 2.0.0.1:80 -s rr\n" | ipvsadm-restore && ipvsadm-save -n`, // flushes one more
			},
		},
	},
	{
		ID: "D11", Title: "-R reads words of any length",
		Reason: "the original splits them every 4096 bytes",
		Shown:  map[string][]string{"long words": {longWordStep}},
	},
	{
		ID: "D12", Title: "a failed query for timeouts or daemons says why",
		Reason:   "the original exits with status 1 and no message",
		NotShown: underTest,
	},
	{
		ID: "D13", Title: "a malformed daemon reply is an error",
		Reason:   "the original crashes",
		NotShown: underTest,
	},
	{
		ID: "D15", Title: "the error text of -C does not depend on the command before it",
		Reason:   "in one -R run the original explains a failed flush as if it were the previous command",
		NotShown: underTest,
	},
	{
		ID: "D16", Title: "ipvsadm-restore checks all of its input before it clears the table",
		Reason: "after a typing mistake the original leaves a director without services",
		Shown: map[string][]string{
			"bad input of restore: no command":     {"ipvsadm-restore\noops\n"},
			"bad input of restore: echo's option":  {"ipvsadm-restore\n-n\n"},
			"bad input of restore: unknown option": {"ipvsadm-restore\n-A -f 7\n\n#c\n-A -f 8 -Q\n"},
			"bad input of restore: bad value":      {"ipvsadm-restore\n-A -f 7\n-A -f x\n-A -f 8\n"},
			"bad input of restore: nested":         {"ipvsadm-restore\n-A -f 7\n-R\n"},
			"bad input of restore: a NUL":          {"ipvsadm-restore\n-A -f 7\n-A -f \x008\n"},
			"worked E":                             {"echo oops | ipvsadm-restore; echo $?; ipvsadm-save"},
		},
	},
	{
		ID: "D18", Title: "-h and -v work without IPVS and for everybody",
		Reason: "asking for help should not need a kernel module",
		Shown:  map[string][]string{"help and version for everybody": {"-h", "-v", "--version", "--help"}},
	},
	{
		ID: "Q17", Title: "the characters !#:+ in an argument stand for themselves",
		Reason: "the original replaces them by the next word of the command line",
		Shown:  map[string][]string{"words pulled into arguments": {"-A -f 1 -s '!#:+' rr", "-A -f 2 -s 'w!#:+' rr"}},
	},
	{
		ID: "Q19", Title: "-S writes the thresholds -x and -y of real servers that have them",
		Reason: "a saved and restored table loses them",
		Shown: map[string][]string{
			"saved thresholds": {"-S", "-Sn", "ipvsadm-save", "ipvsadm-save -n"},
			"worked C":         {"ipvsadm -S"},
		},
	},
	{
		ID: "torn", Title: "a listing is whole while other tables change",
		Reason:   "the kernel counts services of all network namespaces to find its place, so a listing of the original may lack some or have them twice",
		NotShown: "no step shows it for certain; TestTorn does beside a table that changes",
	},
	{
		ID: "help", Title: "the help text is our own",
		Reason: "it names every command and option, and the values that are really accepted",
		Shown:  map[string][]string{"help": {"-h", "--help", "-h x", "-h -Q", "-hQ", "@/x/ipvsadm -h"}},
	},
}
