package compat

var daemons = []Group{
	{Name: "daemons", Setup: aDummy, Steps: []string{
		"-L --daemon", "--start-daemon master", "-L --daemon", "-L --daemon -n --nosort", "--start-daemon master",
		"--start-daemon backup --syncid 7", "-L --daemon",
		"--start-daemon backup", "--stop-daemon master --syncid 99", "-L --daemon", "--stop-daemon master",
		"--stop-daemon backup", "--stop-daemon backup", "-L --daemon",
		"--start-daemon=master --mcast-interface=eth0 --syncid=255", "--stop-daemon=master",
		"--start-daemon master --mcast-interface eth0 --syncid 5 --sync-maxlen 1000 --mcast-group 224.0.0.99 --mcast-port 9999 --mcast-ttl 9",
		"-L --daemon", "--stop-daemon master",
		"--start-daemon backup --mcast-group ff02::9 --mcast-port 65535 --mcast-ttl 255 --sync-maxlen 65507",
		"-L --daemon", "--stop-daemon backup",
		"--start-daemon master --sync-maxlen 1", "-L --daemon", "--stop-daemon master",
		"--start-daemon master --syncid 1 --syncid 2", "--stop-daemon master --mcast-ttl 3",
		"--start-daemon backup --start-daemon master",
	}},
	{Name: "multicast groups", Setup: aDummy, Steps: []string{
		"--start-daemon master --mcast-group 223.255.255.255",
		"--start-daemon master --mcast-group 224.0.0.0; ipvsadm --stop-daemon master",
		"--start-daemon master --mcast-group 239.255.255.255; ipvsadm --stop-daemon master",
		"--start-daemon master --mcast-group 240.0.0.0", "--start-daemon master --mcast-group ''",
		"--start-daemon master --mcast-group 224.0.0.081", "--start-daemon master --mcast-group ' 224.0.0.81'",
		"--start-daemon master --mcast-group '224.0.0.81 '",
		"--start-daemon master --mcast-group 224.81", "--start-daemon master --mcast-group 0xe0000051",
		"--start-daemon master --mcast-group localhost", "--start-daemon master --mcast-group fd00::1",
		"--start-daemon master --mcast-group ::", "--start-daemon master --mcast-group [ff02::1]",
		"--start-daemon master --mcast-group ff00::",
		"--start-daemon master --mcast-group ff02::1:ff00:1; ipvsadm -L --daemon; ipvsadm --stop-daemon master",
		"--start-daemon master --mcast-group FF05::1; ipvsadm --stop-daemon master",
		"--start-daemon master --mcast-group ff02::1%eth0", "--start-daemon master --mcast-group :",
		"--start-daemon master --mcast-group ff02::224.0.0.1; ipvsadm -L --daemon; ipvsadm --stop-daemon master",
		"--start-daemon master --mcast-group 224.0.0.81:80",
	}},
	{Name: "no interface", Steps: []string{
		"--start-daemon master", "--start-daemon backup --mcast-interface eth0", "--stop-daemon master",
		"--stop-daemon backup", "--stop-daemon", "--stop-daemon x", "-L --daemon",
	}},
}
