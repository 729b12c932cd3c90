package compat

import "strings"

var restores = []Group{
	{Name: "lines of -R", Steps: []string{
		"-R\n", "-R", "--restore\n\n\n", "-R\n-A -t 1.0.0.1:80 -s rr\n", "-R\nipvsadm -A -t 1.0.0.2:80 -s rr\r\n", "-R\n\t-A\t-t 1.0.0.3:80  -s\trr  \n-Sn\n", "-R\n-A -t 1.0.0.4:80", "-R\n-A -t 1.0.0.5:80 ",
		"-R\nipvsadm\n", "-R\nipvsadm ipvsadm -A ipvsadm -t 1.0.0.7:80 ipvsadm\n", "-R\n-A -t 1.0.0.8:80\v-s\n", "-R\n-A -t \"1.0.0.9:80\"\n", "-R\n-A -t '1.0.0.9:80'\n", "-R\n-A -t 1.0.0.9:80 \\\n-s rr\n", "-R\n/sbin/ipvsadm -A -t 1.0.0.10:80\n",
		"-R\n#-A -t 1.0.0.11:80\n-A -t 1.0.0.11:80\n", "-R\n# -A -t 1.0.0.11:80\n", "-R\n# note\n", "-R\n-A -t 1.0.0.12:80 -s rr#x\n", "-R\n-A -t 1.0.0.12:80 # x\n", "-R\n;\n", "-R\n-A -t 1.0.0.13:80\n\n\n\n",
		"-R\n-A -t 1.0.0.14:80\n-A -t 1.0.0.14:80\n", "-R\n-A -t 1.0.0.14:80\n-A -t 1.0.0.15:80\n", "-R\n-A -t 1.0.0.14:80\n\n", "-R\n-D -t 9.9.9.9:80\nipvsadm\n", "-R\n-A -t 1.0.0.16:80 -Q\n-A -t 1.0.0.16:80\n", "-R\n-A -t 1.0.0.17:80 -s\n-L --timeout\n",
		"-R\n-Q\n-A -t 1.0.0.18:80\n", "-R\nx\n-A -t 1.0.0.18:80\n", "-R\n-A -t\n-A -t 1.0.0.18:80\n", "-R\n-A -t 1.0.0.18:80 -w 1\n-A -t 1.0.0.18:80\n", "-R\n-A -t bad\n-A -t 1.0.0.18:80\n", "-R\n-R\n-A -t 1.0.0.18:80\n", "-R\n-R -n\n", "-R\n-R x\n",
		"-R\n-L -t 9.9.9.9:80\n-A -t 1.0.0.19:80\n", "-R\n-v\n-A -t 1.0.0.19:80\n", "-R\n-L --timeout\n--set 1 2 3\n-L --timeout\n", "-R\n--set 4 5\n", "-R\n-L --daemon\n-L --timeout\n-Ln\n", "-R\n-S\n-C\n-S\n", "-R\n-Z\n-Z -t 9.9.9.9:80\n", "-R\n-A -t [fd00::1]:80 -s rr\n-a -t [fd00::1]:80 -r [fd00::2]:80 -g -w 1\n-E -f 1\n",
		"-R\n--bogus\n", "-R\n-A -t 1.0.0.20:80\x00junk -s rr\n", "-R\n-A -t 1.0.0.21:80 -s rr\x00 -Q\n", "-R\n-A -t 1.0.0.22:80 -s \x00rr\n", "-R\n\x00\n-A -t 1.0.0.23:80\n", "-R\n\xff\xfe\n", "-R\n-A -t 1.0.0.24:80 -s \xc3\xa9\n", "-R\n-A -f 5 -p -s rr\n-E -f 5 -p -Q\n-E -f 5 -s lc\n",
		"@/x/ipvsadm -R\nx\n", "@./ipvsadm -R\n-Q\n", "@./ipvsadm -R\n./ipvsadm -A -t 1.0.0.25:80\n", "-R -n\n-A -t 1.0.0.26:80\n", "-R x\n-A -t 1.0.0.26:80\n", "ipvsadm -R <&-", "ipvsadm -R </", "-Sn", "-R\n" + strings.Repeat("\n \t\r", 3000) + "-C\n", "-R\n-A" + strings.Repeat(" ", 9000) + "-t 1.0.0.27:80\n",
		"-R\n-A -t 1.0.0.28:80 -s " + strings.Repeat("r", 4000) + "\n", "-R\n-A -t 1.0.0.28:80 " + strings.Repeat("--sort ", 200) + "-s rr\n", "-R\n-A -t 1.0.0.29:80 -p\n-a -t 1.0.0.29:80 -r 2.2.2.2 -p\n", "-R\n-A -t 1.0.0.30:80 -p \n-A -t 1.0.0.31:80 -p 9\n",
	}},
	{Name: "streams of -R", Steps: []string{
		"ipvsadm -R 2>&1\n-L --timeout\n-A -t 1.0.0.1:80 -Q\n-L --timeout\n", "ipvsadm -R 2>&1\n-A -t 1.0.0.1:80 -s rr\n-Ln\n-A -t 1.0.0.1:80 -s rr\n-Ln\nx\n", "printf -- '-A -t 1.0.0.2:80 -s rr\\n-L --timeout\\n' | ipvsadm -R | cat; ipvsadm -D -t 1.0.0.2:80",
		"{ echo -A -t 1.0.0.3:80; for i in 1 2 3 4 5 6 7 8 9; do ipvsadm -D -t 1.0.0.3:80 2>/dev/null && echo -A -t 1.0.0.4:80 && break; sleep 0.2; done; } | ipvsadm -R", "-Sn",
	}},
	{Name: "flush after another command", Steps: []string{"-R\n-A -t 1.0.0.1:80\n-C\n-A -t 1.0.0.1:80\n", "-R\n-C\n"}},
	{Name: "save", Setup: mixedTable, Steps: []string{
		"ipvsadm-save", "ipvsadm-save -n", "ipvsadm-save -n -n", "ipvsadm-save x", "ipvsadm-save ''", "ipvsadm-save -- -n", "ipvsadm-save -h", "ipvsadm-save --numeric", "ipvsadm-save -n -x", "ipvsadm-save x -n", "ipvsadm-save -", "ipvsadm-save -nn", "ipvsadm-save -N", "ipvsadm-save -n >/dev/full",
	}},
	{Name: "restore", Setup: mixedTable, Steps: []string{
		"ipvsadm-restore\n-A -t 2.0.0.1:80 -s rr\n", "ipvsadm-restore\n-A -t 2.0.0.2:80 -s rr", "ipvsadm-restore x -y -n --z\n-A -t 2.0.0.3:80 -s rr\n", "ipvsadm-restore\n#c\n-A -t 2.0.0.4:80 -s rr\n#-Q\n", "ipvsadm-restore\n-A -t 2.0.0.5:80 -s rr\n\n\n\n", "ipvsadm-restore\n-A -t 2.0.0.6:80\r\n-a -t 2.0.0.6:80 -r 1.1.1.1\r\n",
		"ipvsadm-restore\n", "ipvsadm-restore\n#\n", "ipvsadm-restore\nipvsadm -A -t 2.0.0.7:80 -s rr\n-A -t 2.0.0.7:80 -s rr\n", "ipvsadm-restore\n-A -t 2.0.0.7:80 -s nosuch\n-A -t 2.0.0.8:80 -s rr\n", "ipvsadm-restore\n-A -f 4 -p\n-C\n-A -f 5\n", "ipvsadm-restore\n-A -f 4 -p\n-L --timeout\n-Sn\n", "ipvsadm-restore -h\n-A -f 6\n", "ipvsadm-restore",
		"ipvsadm-save -n | ipvsadm-restore",
	}},
}
