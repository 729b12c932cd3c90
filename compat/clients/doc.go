// Package clients runs programs that call ipvsadm, once with the real one and once
// with ours. It expects the same from both: what the client prints and logs, its
// exit status, the calls it makes, and the table it leaves.
//
// A client finds the ipvsadm under test at /sbin/ipvsadm, in a network and a mount
// namespace of its own; the runs with the real one and with ours are simultaneous.
// Tables are always read with the real ipvsadm. The clients are Debian's
// ldirectord and its init script of ipvsadm. Of sosreport, ctdb and Octavia's agent,
// the tests repeat the calls and how they read the answers.
//
// The tests need root, a kernel with IPVS, the packages and both builds:
//
//	go test -exec "$PWD/bin/lvsdr lab kernel --stock --" ./compat/clients
package clients
