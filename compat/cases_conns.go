package compat

import "strings"

const connectionTitle = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"

var connectionHosts = defaultHosts + "10.1.0.2 client.example.com\n10.1.0.100 vip.example.com\n10.3.0.2 rs1\nfd01::2 client6\n"

var connectionServices = defaultServices + "https 443/tcp\nhttp-alt 8080/tcp\nsip 5060/udp\nm3ua 2905/sctp\n"

// connections are listings of what the kernel's file might hold. Living
// connections are in TestLiveConnections.
var connections = []Group{
	{Name: "no connection file", Connections: NoConnections, Steps: []string{"-L -c", "-Lnc", "-L -n --connection --persistent-conn"}},
	{Name: "empty connection file", Connections: EmptyConnections, Steps: []string{"-L -c", "-Lnc --persistent-conn"}},
	{Name: "no connections", Connections: connectionTitle, Steps: []string{"-L -c", "-Lnc --persistent-conn"}},
	{
		Name: "connections", Hosts: connectionHosts, Services: connectionServices,
		Connections: connectionTitle + `TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED     896
UDP 0A010002 0000 0A010064 13C4 0A030002 13C4 ASSURED         296 sip callid-123456@host
TCP fd01:0000:0000:0000:0000:0000:0000:0002 0000 fd01:0000:0000:0000:0000:0000:0000:0100 0050 fd03:0000:0000:0000:0000:0000:0000:0002 1F90 ASSURED         296
TCP fd01:0000:0000:0000:0000:0000:0000:0002 FFFF fd01:0000:0000:0000:0000:0000:0000:0100 0050 0A030002 1F90 TIME_WAIT       6000
SCTP 0A010002 0B59 0A010064 0B59 0A030002 0B59 ESTABLISHED     0
SCTP 0A010002 0B59 0A010064 0B59 0A030002 0B59 COOKIE_ECHOED   59
ICM 0A010002 0050 0A010064 0050 0A030002 0050 NONE            60
AH_ 0A010002 0050 0A010064 0050 0A030002 0050 NONE            61
IP  00000000 0000 00000007 0000 0A030002 0000 NONE            3599
TCP 7F000001 0050 0A090909 01BB 0A09090A 1F90 SYN_RECV        60000
UDP 0A010002 0035 0A010064 13C4 0A030002 13C4 UDP             4294967295
UDP 0A010002 0035 0A010064 13C4 0A030002 13C4 UDP             4294967296
UDP 0A010002 0035 0A010064 13C4 0A030002 13C4 UDP             73786976294838206
UDP 0A010002 0035 0A010064 13C4 0A030002 13C4 UDP             184467440737095515
TCP 00000000 0000 FFFFFFFF FFFF 0A030002 0000 CLOSE           2147483647
TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 FIN_WAIT        100   
`,
		Steps: []string{
			"-L -c", "-Lnc", "-L --connection --persistent-conn", "-Lnc --persistent-conn", "-Lc --nosort",
			"-Lnc --exact --tun-info", "-L -c --sort", "-Lnc --syncid 9", "-L -c --nosort --persistent-conn -n",
		},
	},
	{
		Name:        "unterminated connection",
		Connections: connectionTitle + "TCP 0A010002 01BB 0A010064 0050 0A030002 1F90 ESTABLISHED     896",
		Steps:       []string{"-Lnc"},
	},
	{
		Name: "long states",
		Connections: connectionTitle + "SCTP 0A010002 0B59 0A010064 0B59 0A030002 0B59 SHUTDOWN_SENT   5\n" +
			"SCTP 0A010002 0B59 0A010064 0B59 0A030002 0B59 SHUTDOWN_RECEIVED 5\n" +
			"SCTP 0A010002 0B59 0A010064 0B59 0A030002 0B59 SHUTDOWN_ACK_SENT 5\n",
		Steps: []string{"-Lnc"},
	},
	{
		Name: "longest whole connection line", Connections: connectionTitle + longCall(170), Steps: []string{"-Lnc --persistent-conn"},
	},
}

// longCall is a SIP connection with a Call-ID of the given size.
func longCall(size int) string {
	return "UDP 0A010002 0000 0A010064 13C4 0A030002 13C4 UDP             296 sip " + strings.Repeat("c", size) + "\n"
}
