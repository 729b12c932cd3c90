package imports

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// An occasion is a source with a place, "KEYS", for one key of it at a time.
type occasion struct {
	name   string
	source string
	keys   string // one a line
}

// said runs through the keys: each changes the configuration, or is in a remark
// with its line.
func (o occasion) said(t *testing.T, read func(text string) Draft) {
	t.Helper()
	comments := regexp.MustCompile(`(?m)^ *#.*\n`)
	base := string(read(strings.Replace(o.source, "KEYS", "", 1)).File().YAML("it"))
	line := 1 + strings.Count(o.source[:strings.Index(o.source, "KEYS")], "\n")
	for key := range strings.Lines(strings.TrimSpace(o.keys)) {
		key = strings.TrimSpace(key)
		got := string(read(strings.Replace(o.source, "KEYS", key, 1)).File().YAML("it"))
		if comments.ReplaceAllString(base, "") != comments.ReplaceAllString(got, "") {
			continue
		}
		if !regexp.MustCompile(fmt.Sprintf(`(?m)^ *# .*\bline %d\b`, line)).MatchString(got) {
			t.Errorf("%s: %q is dropped in silence", o.name, key)
		}
	}
}

// The keys of keepalived.conf(5), LVS CONFIGURATION.
func TestKeepalivedKeys(t *testing.T) {
	const server = "virtual_server 172.16.0.100 80 {\nlvs_sched rr\nprotocol TCP\ndelay_loop 6\nreal_server 10.0.0.7 80 {\nweight 2\n%s\n}\n}\n"
	generic := `connect_ip 10.0.0.9
		connect_port 81
		bindto 10.0.0.8
		bind_if eth0
		bind_port 5000
		fwmark 3
		alpha on
		connect_timeout 3
		retry 4
		delay_before_retry 2
		warmup 3
		delay_loop 9
		log_all_failures
		nosuch 1
	`
	of := func(checker, own string) occasion {
		return occasion{checker, fmt.Sprintf(server, checker+" {\nKEYS\n}"), generic + own}
	}
	for _, o := range []occasion{
		{"top", fmt.Sprintf(server, "") + "KEYS\n", `SSL { ca /etc/ca.pem }
			virtual_server_group G { 172.16.0.101 80 }
			virtual_server group NONE { lvs_sched rr }
			vrrp_script s { script "/bin/true" }
			nosuch 1`},
		{"global_defs", fmt.Sprintf(server, "") + "global_defs {\nKEYS\n}\n", `lvs_timeouts tcp 1200
			lvs_timeouts tcp 1200 nosuch 3
			lvs_timeouts udp
			lvs_sync_daemon eth0 VI_1
			lvs_flush
			lvs_flush_on_stop
			checker_priority -5
			smtp_alert_checker true
			nosuch 1`},
		{"script_user", fmt.Sprintf(server, "MISC_CHECK { misc_path /bin/ask }") + "global_defs {\nKEYS\n}\n", "script_user nobody\nscript_user root wheel"},
		{"virtual_server_group", "virtual_server_group G {\n172.16.0.100 80\nKEYS\n}\nvirtual_server group G {\nlvs_sched rr\nreal_server 10.0.0.7 80 { weight 1 }\n}\n",
			"172.16.0.101 80\n172.16.0.101-103 80\n172.16.0.128/30 80\nfwmark 7\nfwmark 7 inet\nfwmark x\nnosuch"},
		{"virtual_server", "virtual_server 172.16.0.100 80 {\nprotocol TCP\nKEYS\nreal_server 10.0.0.7 80 {\nHTTP_GET\n}\nsorry_server 10.0.0.9 80\n}\n", `lvs_sched mh
			lb_algo mh
			flag-1
			flag-2
			flag-3
			sh-port
			sh-fallback
			mh-port
			mh-fallback
			ops
			lvs_method DR
			lvs_method TUN type gue port 6080
			lvs_method NOSUCH
			lb_kind TUN
			persistence_engine sip
			persistence_timeout
			persistence_timeout 60
			persistence_timeout x
			persistence_timeout 1h
			persistence_granularity 255.255.255
			protocol UDP
			protocol SCTP
			protocol NOSUCH
			ip_family inet6
			ip_family nosuch
			ha_suspend
			smtp_alert true
			virtualhost www.example.com
			snmp_name shop
			alpha
			omega
			quorum 2
			hysteresis 1
			quorum_up "/usr/bin/say up"
			quorum_down "/usr/bin/say down"
			sorry_server 10.0.0.10 80
			sorry_server nowhere 80
			sorry_server_inhibit
			sorry_server_lvs_method DR
			sorry_server_lvs_method NOSUCH
			connect_timeout 3
			connect_timeout x
			retry 4
			retry x
			delay_before_retry 2
			warmup 3
			delay_loop 7
			delay_loop 0
			inhibit_on_failure
			real_server 10.0.0.17 80 { weight 1 }
			real_server 10.0.0.17 http { weight 1 }
			nosuch 1`},
		{"real_server", fmt.Sprintf(server, "HTTP_GET\nKEYS"), `weight 3
			weight x
			lvs_method DR
			lvs_method NOSUCH
			notify_up "/usr/bin/say up"
			notify_down "/usr/bin/say down"
			uthreshold 9
			lthreshold 3
			smtp_alert true
			virtualhost www.example.com
			snmp_name one
			alpha true
			connect_timeout 3
			retry 4
			delay_before_retry 2
			warmup 3
			delay_loop 9
			inhibit_on_failure
			PING_CHECK
			BFD_CHECK { name B }
			FILE_CHECK { track_file F }
			nosuch 1`},
		of("TCP_CHECK", ""),
		of("HTTP_GET", `http_protocol 1.1
			fast_recovery
			nb_get_retry 3
			url { path /x }`),
		of("SSL_GET", "http_protocol 1.1\nurl { path /x }"),
		{"virtualhost", fmt.Sprintf(server, "virtualhost www.example.com\nSSL_GET {\nKEYS\n}"), "enable_sni"},
		of("SMTP_CHECK", "helo_name me"),
		of("DNS_CHECK", "type A\nname www.example.com"),
		of("PING_CHECK", ""),
		{"UDP_CHECK", strings.Replace(fmt.Sprintf(server, "UDP_CHECK {\nKEYS\n}"), "TCP\n", "UDP\n", 1), generic + "payload 4142\npayload ff\nrequire_reply\nrequire_reply 41\nmin_reply_length 3\nmax_reply_length 9"},
		{"MISC_CHECK", fmt.Sprintf(server, "MISC_CHECK {\nmisc_path /bin/ask\nKEYS\n}"), `misc_path "/bin/ask 'a b'"
			misc_timeout 3
			misc_dynamic
			user nobody
			user root wheel
			alpha
			retry 2
			nosuch 1`},
		{"url", fmt.Sprintf(server, "HTTP_GET {\nurl {\npath /\nKEYS\n}\n}"), `path /x
			digest 9b3a0c85a887a256d6939da88aabd8cd
			status_code 204
			status_code x
			virtualhost www.example.com
			regex "all well"
			regex "(?<=a)b"
			regex_stack 1 2
			regex_min_offset 3
			regex_max_offset 4
			nosuch 1`},
		{"pattern", fmt.Sprintf(server, "HTTP_GET {\nurl {\npath /\nregex well\nKEYS\n}\n}"), `regex_no_match
			regex_options caseless
			regex_options no_jit`},
	} {
		o.said(t, func(text string) Draft { return Keepalived(Text{"it.conf", text}, files) })
	}
}

// The keys of ldirectord(8).
func TestLdirectordKeys(t *testing.T) {
	const (
		own    = "virtual = 172.16.0.100:%s\n\treal = 10.0.0.7 gate\n\tKEYS\n"
		fork   = "fork = yes\ncheckinterval = 5\n"
		either = `checktimeout = 3
			checktimeout = x
			negotiatetimeout = 4
			checkinterval = 7
			checkcount = 2
			failurecount = 3
			failurecount = x
			fallback = 10.0.0.9 gate
			fallback = nowhere
			fallbackcommand = "/usr/bin/say"
			emailalert = "ops@example.com"
			emailalertfrom = ops@example.com
			emailalertfreq = 60
			emailalertstatus = all
			smtp = 10.0.0.1
			quiescent = no
			cleanstop = no
			readdquiescent = no
			nosuch = 1
		`
	)
	for _, o := range []occasion{
		{"global", "KEYS\n" + strings.Replace(fmt.Sprintf(own, "80"), "KEYS", "", 1), either + `autoreload = yes
			callback = "/usr/bin/say"
			logfile = local0
			execute = other
			supervised = yes
			maintenancedir = /etc/down
			scheduler = rr
			nosuch`},
		{"virtual", fork + fmt.Sprintf(own, "80"), either + `real = 10.0.0.17 masq 3
			real = 10.0.0.17->10.0.0.19 gate
			real = 10.0.0.19->10.0.0.17 gate
			real = 10.0.0.17 nosuch
			real = 10.0.0.17:81 gate 1 "x", "y" l:3 u:4
			real6 = [2001:db8::7]:80 gate
			fallback6 = [2001:db8::9]:80
			checktype = connect
			checktype = on
			checktype = off
			checktype = ping
			checktype = external
			checktype = 3
			checktype = nosuch
			service = https
			service = ftp
			service = none
			service = nosuch
			checkport = 81
			checkport = x
			request = "/x"
			request = "http://www.example.com/x"
			receive = "well"
			receive = "(?<=a)b"
			httpmethod = HEAD
			virtualhost = "www.example.com"
			login = "joe"
			passwd = "sesame"
			database = "db"
			secret = "sesame"
			scheduler = rr
			schedflags = sh-port
			schedflags = nosuch
			persistent = 60
			persistent = x
			protocol = udp
			protocol = nosuch
			monitorfile = "/var/log/x"
			servicename = shop
			comment = mine`},
		{"checkinterval", strings.Replace(fork, "yes", "no", 1) + fmt.Sprintf(own, "80"), "checkinterval = 7"},
		{"external", strings.Replace(fmt.Sprintf(own, "80"), "KEYS", "checktype = external\n\tKEYS", 1), "checkcommand = /bin/ask"},
		{"persistent", strings.Replace(fmt.Sprintf(own, "80"), "KEYS", "persistent = 60\n\tKEYS", 1), "netmask = 255.255.255.0\nnetmask = x"},
		{"dns", fmt.Sprintf(own, "53"), "request = \"www.example.com\"\nreceive = \"a|b\"\nops = yes"},
		{"simpletcp", strings.Replace(fmt.Sprintf(own, "7"), "KEYS", "service = simpletcp\n\tKEYS", 1), "request = \"hello\"\nreceive = \"hello\""},
		{"virtual6", strings.Replace(strings.Replace(strings.Replace(fmt.Sprintf(own, "80"), "virtual", "virtual6", 1), "172.16.0.100", "[2001:db8::100]", 1), "real = 10.0.0.7", "real6 = [2001:db8::7]:80", 1),
			"fallback6 = [2001:db8::9]:80 gate\nfallback = 10.0.0.9\nreal = 10.0.0.7 gate\nreal6 = [2001:db8::8]:80 masq"},
	} {
		o.said(t, func(text string) Draft { return Ldirectord(text, known{}) })
	}
}

// The options of ipvsadm(8).
func TestRulesKeys(t *testing.T) {
	for _, o := range []occasion{
		{"service", "-A -t 172.16.0.100:80 KEYS\n-a -t 172.16.0.100:80 -r 10.0.0.7\n", `-s rr
			-p
			-p 60
			-p 60 -M 255.255.255.0
			-s sh -b sh-port
			-b nosuch
			-o
			--pe sip
			--nosuch`},
		{"real server", "-A -t 172.16.0.100:80\n-a -t 172.16.0.100:80 -r 10.0.0.7 KEYS\n", `-m
			-i
			-w 3
			-w x
			-x 9
			-y 3
			-i --tun-type gue --tun-port 6080
			-i --tun-type gre --tun-csum
			-i --tun-type gre --tun-nocsum
			-i --tun-type gue --tun-port 6080 --tun-remcsum`},
		{"command", "-A -t 172.16.0.100:80\n-a -t 172.16.0.100:80 -r 10.0.0.7\nKEYS\n", `-E -t 172.16.0.100:80 -s rr
			-D -t 172.16.0.100:80
			-C
			-a -t 172.16.0.100:80 -r 10.0.0.17
			-e -t 172.16.0.100:80 -r 10.0.0.7 -w 5
			-d -t 172.16.0.100:80 -r 10.0.0.7
			--set 1 2 3
			--set 1 2
			--start-daemon master
			--start-daemon backup --mcast-interface eth1
			--start-daemon nosuch`},
		{"daemon", "-A -t 172.16.0.100:80\n-a -t 172.16.0.100:80 -r 10.0.0.7\n--start-daemon master KEYS\n", `--mcast-interface eth1
			--syncid 7
			--syncid x
			--sync-maxlen 1400
			--mcast-group 224.0.0.99
			--mcast-group x
			--mcast-port 9000
			--mcast-ttl 3`},
	} {
		o.said(t, func(text string) Draft { return Rules(text, known{}) })
	}
}
