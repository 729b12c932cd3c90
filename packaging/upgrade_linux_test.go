package main

import (
	"strings"
	"testing"
)

// TestPackageOverDebian13 installs the deb over the ipvsadm of a release that
// enables an ipvsadm.service by itself. That one does nothing at boot unless
// /etc/default/ipvsadm says so; ours, by the same name, does the same.
func TestPackageOverDebian13(t *testing.T) {
	t.Parallel()
	d := newDebian(t, "trixie")
	d.run(t, "apt-get -qq update && apt-get -qq install -y --no-install-recommends systemd-sysv kmod")
	d.run(t, `mkdir -p /lib/modules && cat >/etc/systemd/system/test.service <<'END'
[Unit]
Wants=multi-user.target
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/sbin/ipvsadm -Sn
ExecStart=/sbin/ipvsadm -L --daemon
ExecStart=systemctl stop ipvsadm
ExecStart=/sbin/ipvsadm -L --daemon
StandardOutput=append:/table
END`)
	const (
		service = "-A -t 192.0.2.1:80 -s rr\n"
		daemons = "master sync daemon (mcast=lo, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)\n" +
			"backup sync daemon (mcast=lo, syncid=7, maxlen=65507, group=224.0.0.81, port=8848, ttl=1)\n"
	)
	for _, tt := range []struct {
		auto, daemon, enabled, table string
		warned                       bool
	}{
		{"false", "none", "disabled\n", "", false},
		{"false", "backup", "disabled\n", "", true}, // theirs would start the daemon, and load nothing
		{"true", "both", "enabled\n", service + daemons, false},
	} {
		t.Run("AUTO="+tt.auto+" DAEMON="+tt.daemon, func(t *testing.T) {
			d.run(t, `apt-get -qq install -y --no-install-recommends ipvsadm
sed -i 's/^AUTO=.*/AUTO="`+tt.auto+`"/; s/^DAEMON=.*/DAEMON="`+tt.daemon+`"/; s/^IFACE=.*/IFACE="lo"/; s/^.*SYNCID=.*/SYNCID="7"/' /etc/default/ipvsadm
rm -f /table
printf %s '`+service+`' >/etc/ipvsadm.rules`)
			d.says(t, "systemctl is-enabled ipvsadm", "enabled\n")
			said := d.run(t, "apt-get -qq install -y /lvsdr.deb")
			if warned := strings.Contains(said, "\nlvsdr: ipvsadm.service, which starts the DAEMON of /etc/default/ipvsadm, would load "); warned != tt.warned {
				t.Errorf("warned of the daemons: %v; the installation says\n%s", warned, said)
			}
			d.says(t, names, "/usr/lib/lvsdr/ipvsadm\n")
			d.says(t, "systemctl is-enabled ipvsadm || true", tt.enabled)
			console := d.boot(t, "test.service")
			d.says(t, "cat /table", tt.table)
			d.says(t, "cat /etc/ipvsadm.rules", service)
			// What ours are told stays, whatever becomes of the settings of theirs.
			d.run(t, "systemctl enable ipvsadm && apt-get -qq purge -y ipvsadm && dpkg -i /lvsdr.deb")
			d.says(t, "systemctl is-enabled ipvsadm", "enabled\n")
			d.run(t, "apt-get -qq purge -y lvsdr")
			if t.Failed() {
				t.Logf("the console:\n%s", tail(console, 3000))
			}
		})
	}
}
