package compat

// errorTexts are the messages of the start-up and of the kernel's refusals;
// the messages of mistakes in the command line are with the other cases.
var errorTexts = []Group{
	{Name: "as nobody", User: 65534, Steps: []string{
		"-L", "-Ln", "-A -t 10.0.0.1:80", "-Q", "x", "", "-S", "ipvsadm-save", "ipvsadm-save -h", "-R\n-C\n", "-L -c", "@/x/ipvsadm -C",
	}},
	{Name: "without modprobe's path", User: 65534, Steps: []string{"PATH=/nowhere ipvsadm -L; true", "ipvsadm -L 2>/dev/null"}},
	{Name: "refused by the kernel", Setup: aServer, Steps: []string{
		"-A -t 10.0.0.1:80", "-A -t 10.0.0.2:80 -s nosuch", "-A -u 10.0.0.2:80 --pe nosuch",
		"-A -t 10.0.0.2:80 --pe sip -s rr", "-E -t 10.0.0.2:80", "-E -t 10.0.0.1:80 -s nosuch",
		"-E -t 10.0.0.1:80 --pe nosuch", "-D -t 10.0.0.2:80", "-Z -t 10.0.0.2:80", "-L -t 10.0.0.2:80",
		"-a -t 10.0.0.1:80 -r 10.0.1.1", "-a -t 10.0.0.2:80 -r 10.0.1.1", "-a -t 10.0.0.1:80 -r 224.0.0.1",
		"-a -t 10.0.0.1:80 -r 10.0.1.2 -y 1", "-e -t 10.0.0.1:80 -r 10.0.1.2", "-e -t 10.0.0.2:80 -r 10.0.1.2",
		"-e -t 10.0.0.1:80 -r 10.0.1.1 -y 1", "-d -t 10.0.0.1:80 -r 10.0.1.2", "-d -t 10.0.0.2:80 -r 10.0.1.2",
		"-A -f 1 -6 -p 5 -M 128", "-A -t [fd00::1]:80 -s lblc", "-A -t [fd00::1]:81 -s nosuch",
		"-A -t [fd00::1]:82 -p -M 129", "-E -f 2 -6", "-a -f 2 -6 -r fd00::2",
		"-a -f 1 -6 -r fd00::2 -i --tun-type gre --tun-nocsum", "-a -f 1 -6 -r 10.0.1.1 -i",
		"-a -t [fd00::1]:80 -r 10.0.1.1 -i",
		"--stop-daemon master", "--stop-daemon backup", "--start-daemon master --mcast-interface nosuch",
		"--start-daemon backup --mcast-interface nosuch", "--set 0 0 0",
	}},
	{Name: "daemons and mixed families", Setup: append([]string{"-A -t 10.0.0.1:80"}, aDummy...), Steps: []string{
		"--start-daemon master", "-a -t 10.0.0.1:80 -r fd00::1 -i", "--stop-daemon master",
		"-a -t 10.0.0.1:80 -r fd00::1 -i", "--start-daemon master", "--start-daemon backup", "--stop-daemon backup",
	}},
}
