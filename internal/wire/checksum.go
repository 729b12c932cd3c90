package wire

import "encoding/binary"

// Checksum is the Internet checksum of the parts as one message (RFC 1071). All
// of them but the last have an even number of bytes. Of a message that has its
// checksum it is 0.
func Checksum(parts ...[]byte) uint16 {
	var sum uint32
	for _, b := range parts {
		for ; len(b) > 1; b = b[2:] {
			sum += uint32(binary.BigEndian.Uint16(b))
			sum = sum>>16 + sum&0xffff
		}
		if len(b) == 1 {
			sum += uint32(b[0]) << 8
			sum = sum>>16 + sum&0xffff
		}
	}
	return ^uint16(sum)
}
