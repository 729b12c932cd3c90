// Package ipvsadm is the command of that name: the administration tool of the
// kernel's layer-4 load balancer, IPVS, with the arguments, the output and the
// exit statuses of ipvsadm 1.31 (the build of Debian 12).
//
// It is a new program, written from observing the original: what it accepts,
// what it prints, and what it asks of the kernel. The suite in lvsdr/compat
// runs both side by side on a real kernel. Where they differ on purpose, the
// difference is listed there and in docs/differences.md, each with its reason.
// One rule is behind all of them: what -S writes, -R restores to the identical
// table, and bad input changes nothing.
//
// The way of a command line: [Run] connects to the kernel, [Parse] turns the
// words into a [Command] (words.go splits lines, scan.go knows popt's habits,
// options.go the table of options, check.go which of them go together),
// execute.go carries it out, and list.go, conns.go and rules.go render what
// there is to see.
package ipvsadm
