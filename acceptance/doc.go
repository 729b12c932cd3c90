// Package acceptance uses the programs as their users do. It runs bin/lvsdr and
// bin/ipvsadm, and checks what they print, how they exit and what the kernel has
// afterwards. It runs the scripts of testscripts, the commands of the documents,
// the doctor on networks with a fault, requests under load, and keepalived.
//
// Most tests need root and a kernel with IPVS:
//
//	make build
//	go test -tags urfave_cli_no_docs -exec "$PWD/bin/lvsdr lab kernel --stock --" ./acceptance -skip '^TestGuest|^TestStartup'
//
// The tests skipped there need the kernel of the machine itself.
package acceptance
