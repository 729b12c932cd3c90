package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"lvsdr/internal/ipvs"
	"lvsdr/internal/lab/vnet"
)

// program is a program that looks after real servers, with its settings.
type program struct {
	name, settings string
	words          []string // FILE is the file of its configuration, DIR that one's folder
	conf           func(addresses []string) string
}

var programs = []program{
	{"ldirectord", "checkinterval 1, checktimeout 1, negotiatetimeout 1, failurecount 1, quiescent no, supervised yes",
		[]string{"/usr/sbin/ldirectord", "FILE", "start"}, ldirectord},
	{"keepalived", "HTTP_GET, delay_loop 1, connect_timeout 1, retry 1 (the least), delay_before_retry 0.01, warmup 0",
		[]string{"/usr/sbin/keepalived", "--check", "--dont-fork", "--log-console", "--use-file", "FILE", "--pid", "DIR/pid", "--checkers_pid", "DIR/checkers"},
		keepalived},
	lvsdr("lvsdr 1 s", "interval: 1s, timeout: 1s, fall: 1, rise: 1"),
	lvsdr("lvsdr 0.5 s", "interval: 500ms, timeout: 500ms, fall: 3, rise: 2"),
	lvsdr("lvsdr 2 s", "interval: 2s, timeout: 1s, fall: 3, rise: 2 (the default)"),
}

func ldirectord(addresses []string) string {
	real := ""
	for _, a := range addresses {
		real += "\treal = " + a + ":80 gate 1\n"
	}
	return `checkinterval = 1
checktimeout = 1
negotiatetimeout = 1
failurecount = 1
quiescent = no
supervised = yes
logfile = "DIR/log"
virtual = ` + vip + `:80
` + real + `	service = http
	scheduler = rr
	protocol = tcp
	checktype = negotiate
	request = "/"
	receive = "rs"
`
}

func keepalived(addresses []string) string {
	real := ""
	for _, a := range addresses {
		real += "\treal_server " + a + " 80 {\n\t\tHTTP_GET {\n\t\t\turl {\n\t\t\t\tpath /\n\t\t\t\tstatus_code 200\n\t\t\t}\n\t\t}\n\t}\n"
	}
	return "virtual_server " + vip + ` 80 {
	lvs_sched rr
	lvs_method DR
	protocol TCP
	delay_loop 1
	connect_timeout 1
	retry 1
	delay_before_retry 0.01
	warmup 0
` + real + "}\n"
}

func lvsdr(name, settings string) program {
	return program{name, "http, " + settings, []string{"DIR/lvsdr", "--config", "FILE", "vs", "watch"}, func(addresses []string) string {
		return fmt.Sprintf("vip: %s\nservices: [{port: 80, scheduler: rr}]\nreal_servers: [%s]\ncheck: {type: http, %s}\n", vip, strings.Join(addresses, ", "), strings.TrimSuffix(settings, " (the default)"))
	}}
}

// ramping is lvsdr that gives a real server its weight back little by little.
var ramping = program{"lvsdr", "", lvsdr("", "").words, func(addresses []string) string {
	text := "vip: " + vip + "\nservices: [{port: 80, scheduler: wrr, slow_start: 5s}]\ncheck: {type: http, interval: 1s}\nreal_servers:\n"
	for _, a := range addresses {
		text += "  - {address: " + a + ", weight: 10}\n"
	}
	return text
}}

// director is a program at work.
type director struct {
	program
	lan   *lan
	dir   string
	cmd   *exec.Cmd
	table *ipvs.Conn
}

// on starts a program on the director of a network.
func (p program) on(n *lan, o options) (*director, error) {
	d := &director{program: p, lan: n}
	var err error
	if d.dir, err = os.MkdirTemp("/tmp", "benchwatch"); err != nil {
		return nil, err
	}
	err = vnet.In(names+"lvs", func() (err error) {
		d.table, err = ipvs.Open()
		return err
	})
	if err != nil {
		return nil, err
	}
	if err = copyFile(o.ours, d.file("lvsdr")); err == nil {
		err = d.configure(servers...)
	}
	if err == nil {
		err = d.start()
	}
	return d, err
}

func (d *director) file(name string) string { return filepath.Join(d.dir, name) }

// configure writes the configuration anew, as a whole.
func (d *director) configure(names ...string) error {
	var all []string
	for _, name := range names {
		all = append(all, addresses[name])
	}
	text := strings.ReplaceAll(d.conf(all), "DIR", d.dir)
	if err := os.WriteFile(d.file("conf.new"), []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(d.file("conf.new"), d.file("conf"))
}

func (d *director) command(words ...string) *exec.Cmd {
	for i, w := range words {
		words[i] = strings.NewReplacer("FILE", d.file("conf"), "DIR", d.dir).Replace(w)
	}
	return exec.Command(words[0], words[1:]...)
}

// start starts the program, whose words go into a file.
func (d *director) start() error {
	out, err := os.OpenFile(d.file("out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	d.cmd = d.command(append([]string{}, d.words...)...)
	d.cmd.Stdout, d.cmd.Stderr = out, out
	return d.lan.start("lvs", d.cmd)
}

// end sends the program a signal, and waits for its end.
func (d *director) end(s syscall.Signal) error {
	err := d.cmd.Process.Signal(s)
	d.cmd.Wait()
	return err
}

// said is what the program said, if there was an error.
func (d *director) said(err error) error {
	if err == nil {
		return nil
	}
	text, _ := os.ReadFile(d.file("out"))
	log, _ := os.ReadFile(d.file("log"))
	return fmt.Errorf("%s said:\n%s%s", d.name, text, log)
}

// takes reports whether a real server has an entry in the table with a weight.
func (d *director) takes(name string) (bool, error) {
	all, err := d.table.Services(0)
	for i := range all {
		entries, err := d.table.Destinations(&all[i], 0, nil)
		if err != nil {
			return false, err
		}
		for _, e := range entries {
			if e.Addr.String() == addresses[name] && e.Weight > 0 {
				return true, nil
			}
		}
	}
	return false, err
}

func (d *director) remove() {
	d.table.Close()
	d.end(syscall.SIGTERM)
	os.RemoveAll(d.dir)
}

// copyFile puts a copy of a program in place of another one, as a package does.
func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to+".new", data, 0o755)
	}
	if err == nil {
		err = os.Rename(to+".new", to)
	}
	return err
}
