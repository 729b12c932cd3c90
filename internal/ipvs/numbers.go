package ipvs

// Commands of the family (linux/ip_vs.h).
const (
	cmdNewService = 1  // IPVS_CMD_NEW_SERVICE
	cmdSetService = 2  // IPVS_CMD_SET_SERVICE
	cmdDelService = 3  // IPVS_CMD_DEL_SERVICE
	cmdGetService = 4  // IPVS_CMD_GET_SERVICE
	cmdNewDest    = 5  // IPVS_CMD_NEW_DEST
	cmdSetDest    = 6  // IPVS_CMD_SET_DEST
	cmdDelDest    = 7  // IPVS_CMD_DEL_DEST
	cmdGetDest    = 8  // IPVS_CMD_GET_DEST
	cmdNewDaemon  = 9  // IPVS_CMD_NEW_DAEMON
	cmdDelDaemon  = 10 // IPVS_CMD_DEL_DAEMON
	cmdGetDaemon  = 11 // IPVS_CMD_GET_DAEMON
	cmdSetConfig  = 12 // IPVS_CMD_SET_CONFIG
	cmdGetConfig  = 13 // IPVS_CMD_GET_CONFIG
	cmdGetInfo    = 15 // IPVS_CMD_GET_INFO
	cmdZero       = 16 // IPVS_CMD_ZERO
	cmdFlush      = 17 // IPVS_CMD_FLUSH
)

// Attributes of a message.
const (
	attrService    = 1      // IPVS_CMD_ATTR_SERVICE
	attrDest       = 2      // IPVS_CMD_ATTR_DEST
	attrDaemon     = 3      // IPVS_CMD_ATTR_DAEMON
	attrTCP        = 4      // IPVS_CMD_ATTR_TIMEOUT_TCP
	attrTCPFin     = 5      // IPVS_CMD_ATTR_TIMEOUT_TCP_FIN
	attrUDP        = 6      // IPVS_CMD_ATTR_TIMEOUT_UDP
	infoVersion    = 1      // IPVS_INFO_ATTR_VERSION
	infoConnSize   = 2      // IPVS_INFO_ATTR_CONN_TAB_SIZE
	familyID       = 1      // CTRL_ATTR_FAMILY_ID of linux/genetlink.h
	familyName     = 2      // CTRL_ATTR_FAMILY_NAME
	ctrlGetFamily  = 3      // CTRL_CMD_GETFAMILY
	ctrlFamily     = 16     // GENL_ID_CTRL
	genlVersion    = 1      // IPVS_GENL_VERSION
	genlFamilyName = "IPVS" // IPVS_GENL_NAME
)

// Attributes of a service.
const (
	svcFamily   = 1  // IPVS_SVC_ATTR_AF
	svcProtocol = 2  // IPVS_SVC_ATTR_PROTOCOL
	svcAddr     = 3  // IPVS_SVC_ATTR_ADDR
	svcPort     = 4  // IPVS_SVC_ATTR_PORT
	svcFWMark   = 5  // IPVS_SVC_ATTR_FWMARK
	svcSched    = 6  // IPVS_SVC_ATTR_SCHED_NAME
	svcFlags    = 7  // IPVS_SVC_ATTR_FLAGS
	svcTimeout  = 8  // IPVS_SVC_ATTR_TIMEOUT
	svcNetmask  = 9  // IPVS_SVC_ATTR_NETMASK
	svcStats    = 10 // IPVS_SVC_ATTR_STATS
	svcPE       = 11 // IPVS_SVC_ATTR_PE_NAME
	svcStats64  = 12 // IPVS_SVC_ATTR_STATS64
)

// Attributes of a destination.
const (
	destAddr     = 1  // IPVS_DEST_ATTR_ADDR
	destPort     = 2  // IPVS_DEST_ATTR_PORT
	destForward  = 3  // IPVS_DEST_ATTR_FWD_METHOD
	destWeight   = 4  // IPVS_DEST_ATTR_WEIGHT
	destUpper    = 5  // IPVS_DEST_ATTR_U_THRESH
	destLower    = 6  // IPVS_DEST_ATTR_L_THRESH
	destActive   = 7  // IPVS_DEST_ATTR_ACTIVE_CONNS
	destInactive = 8  // IPVS_DEST_ATTR_INACT_CONNS
	destPersist  = 9  // IPVS_DEST_ATTR_PERSIST_CONNS
	destStats    = 10 // IPVS_DEST_ATTR_STATS
	destFamily   = 11 // IPVS_DEST_ATTR_ADDR_FAMILY
	destStats64  = 12 // IPVS_DEST_ATTR_STATS64
	destTunType  = 13 // IPVS_DEST_ATTR_TUN_TYPE
	destTunPort  = 14 // IPVS_DEST_ATTR_TUN_PORT
	destTunFlags = 15 // IPVS_DEST_ATTR_TUN_FLAGS
)

// Attributes of a daemon.
const (
	daemonState  = 1 // IPVS_DAEMON_ATTR_STATE
	daemonIfn    = 2 // IPVS_DAEMON_ATTR_MCAST_IFN
	daemonSyncID = 3 // IPVS_DAEMON_ATTR_SYNC_ID
	daemonMaxLen = 4 // IPVS_DAEMON_ATTR_SYNC_MAXLEN
	daemonGroup  = 5 // IPVS_DAEMON_ATTR_MCAST_GROUP
	daemonGroup6 = 6 // IPVS_DAEMON_ATTR_MCAST_GROUP6
	daemonPort   = 7 // IPVS_DAEMON_ATTR_MCAST_PORT
	daemonTTL    = 8 // IPVS_DAEMON_ATTR_MCAST_TTL
)
