package lab

import (
	"encoding/binary"
	"time"

	"lvsdr/internal/lab/vnet"
)

// The head of a capture file (pcap-savefile(5)).
const (
	pcapMagic    = 0xa1b2c3d4 // times in microseconds
	pcapMajor    = 2
	pcapMinor    = 4
	pcapSnapLen  = 262144 // the longest frame, as tcpdump writes it
	pcapEthernet = 1      // LINKTYPE_ETHERNET
)

// pcapHead begins a capture file that Wireshark and tcpdump read. We write such files
// ourselves because gopacket sets up its table of protocols at every start of the
// program, whatever the command.
func pcapHead() []byte {
	order := binary.LittleEndian
	head := order.AppendUint32(nil, pcapMagic)
	head = order.AppendUint16(head, pcapMajor)
	head = order.AppendUint16(head, pcapMinor)
	head = append(head, make([]byte, 8)...) // UTC, and a field that is always zero
	head = order.AppendUint32(head, pcapSnapLen)
	return order.AppendUint32(head, pcapEthernet)
}

// pcapRecord is a frame in a capture file.
func pcapRecord(f vnet.Frame) []byte {
	order := binary.LittleEndian
	record := order.AppendUint32(nil, uint32(f.Time.Unix()))
	record = order.AppendUint32(record, uint32(f.Time.Nanosecond()/int(time.Microsecond)))
	record = order.AppendUint32(record, uint32(len(f.Data)))
	record = order.AppendUint32(record, uint32(f.Length))
	return append(record, f.Data...)
}
