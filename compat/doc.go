// Package compat proves that our ipvsadm equals the real one.
//
// Its core is one table of command lines, kept as data in the cases files: each
// line is run by Debian's ipvsadm 1.31 and by ours, and they must agree on standard
// output, standard error, exit status and on what the kernel's table holds
// afterwards. Ours is bin/ipvsadm; bin/lvsdr, which is built of the same code, takes
// part in one group of lines in four, and in all with -every-build, as "make compat"
// has it. A command that changes the table is run by each in a network namespace of
// its own; a command that lists is run by all in the same namespace, because the
// order of services in the kernel depends on a hash that differs between namespaces.
//
// What the real program did is also kept in golden files, so that the same
// table can be run where it is not installed (LVSDR_GOLDEN=1). A normal run
// fails when a golden file no longer says what the real program does.
//
// Differences that we want are listed in [Ledger], each with its reason and
// with the output expected from ours; an entry that no longer differs fails.
//
// The tests need root, a kernel with IPVS and both builds:
//
//	go test -exec "$PWD/bin/lvsdr lab kernel --stock --" ./compat
package compat
