package keepalived

import "lvsdr/internal/config"

// pairPreface says what to do with a file of VRRP alone.
func (t *text) pairPreface(o Options) {
	t.note(
		"VRRP for two directors, written by lvsdr export keepalived --vrrp-only: keepalived",
		"moves the VIP, lvsdr vs watch keeps the services, on both directors all the time.",
		"",
		"This file goes to /etc/keepalived/keepalived.conf on both directors. On the second",
		"one change the interface if it has another name there.")
	if len(o.Peers) > 0 {
		t.note("unicast_peer is the other director, and differs on the two.")
	}
	t.note(
		"Test it with: keepalived -t",
		"",
		"The directors send each other VRRP advertisements. A packet filter has to let them",
		"in: IP protocol 112.")
}

// trackers writes what lowers the priority of a director.
func (t *text) trackers(c config.Config) {
	t.gap()
	t.note("vs watch writes by how much this director's priority falls: 10 for each service",
		"without a real server, at most 90; 100 if it balances nothing. It stays above 0, which",
		"would be a fault: when both directors see nobody, one keeps the VIP, and the sorry page.")
	t.block("track_file lvsdr", func() {
		t.line("file %s", c.Watch.TrackFile)
		t.line("weight -1")
		t.line("init_file 100")
	})
	t.gap()
	t.note("Without vs watch nobody asks the real servers. It is restarted within seconds.")
	t.block("vrrp_track_process lvsdr", func() {
		t.line("process lvsdr vs watch")
		t.line("param_match partial")
		t.line("terminate_delay 15")
		t.line("weight -5")
	})
}

// company writes whom an instance hears, and what it tracks.
func (t *text) company(i instance, o Options, say func(...string)) {
	say("Without this every machine on the LAN may take the VIP; the packets show it to all.",
		"authentication {",
		"    auth_type PASS",
		"    auth_pass SECRET",
		"}")
	for _, peer := range o.Peers {
		if peer.Is4() == i.vips[0].Is4() {
			t.block("unicast_peer", func() { t.line("%s", peer) })
		}
	}
	t.block("track_file", func() { t.line("lvsdr") })
	t.block("track_process", func() { t.line("lvsdr") })
}
