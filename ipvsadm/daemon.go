package ipvsadm

import (
	"fmt"

	"lvsdr/internal/ipvs"
)

// appendDaemonLine appends the line of a synchronisation daemon; nothing for
// one that is neither master nor backup.
func appendDaemonLine(b []byte, d *ipvs.Daemon) []byte {
	switch {
	case d.State&ipvs.Master != 0:
		b = append(b, "master"...)
	case d.State&ipvs.Backup != 0:
		b = append(b, "backup"...)
	default:
		return b
	}
	b = fmt.Appendf(b, " sync daemon (mcast=%s, syncid=%d", d.Interface, int32(d.SyncID))
	if d.MaxLen != 0 {
		b = fmt.Appendf(b, ", maxlen=%d", d.MaxLen)
	}
	if d.Group.IsValid() {
		b = append(b, ", group="...)
		b = appendIP(b, d.Group)
	}
	if d.Port != 0 {
		b = fmt.Appendf(b, ", port=%d", d.Port)
	}
	if d.TTL != 0 {
		b = fmt.Appendf(b, ", ttl=%d", d.TTL)
	}
	return append(b, ")\n"...)
}
