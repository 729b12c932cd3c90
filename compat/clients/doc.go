// Package clients runs programs that call ipvsadm, with the real one and with
// ours, and expects the same of both: what the client says and logs, how it
// ends, what it calls, and the table it leaves.
//
// A client finds the ipvsadm under test at /sbin/ipvsadm, in a network and a
// mount namespace of its own; the real one and ours are at work at the same
// time. Tables are always read with the real ipvsadm. Clients are Debian's:
// ldirectord, and the init script of ipvsadm. Of sosreport, ctdb and Octavia's
// agent it is the calls, and what they make of the answers.
//
// The tests need root, a kernel with IPVS, the packages and both builds:
//
//	go test -exec "$PWD/bin/lvsdr lab kernel --stock --" ./compat/clients
package clients
