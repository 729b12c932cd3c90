// Package acceptance uses the programs as their users do: it runs bin/lvsdr and
// bin/ipvsadm, and looks at what they print, at how they end, and at what the
// kernel then has. It runs the scripts of testscripts, the commands of the
// documents, what the doctor says of a network with a fault, requests under
// load, and keepalived.
//
// Most tests need root and a kernel with IPVS:
//
//	make build
//	go test -tags urfave_cli_no_docs -exec "$PWD/bin/lvsdr lab kernel --stock --" ./acceptance -skip '^TestGuest|^TestStartup'
//
// Those that are skipped there are for the kernel of the machine itself.
package acceptance
