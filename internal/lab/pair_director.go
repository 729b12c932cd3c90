package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"lvsdr/internal/hint"
	"lvsdr/internal/host"
	"lvsdr/internal/lab/vnet"
)

// directors are the two of a pair.
func directors() []labHost {
	for _, h := range hosts {
		if h.name == "lvs" {
			return []labHost{h, second}
		}
	}
	return nil
}

// other is the director that a director is not.
func other(name string) string {
	if name == second.name {
		return "lvs"
	}
	return second.name
}

// pairFile is a file of a director.
func pairFile(director, suffix string) string { return filepath.Join(folder, director, "pair"+suffix) }

// Keepalived is where the program is.
func Keepalived() (string, error) {
	for _, name := range []string{"keepalived", "/usr/sbin/keepalived"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", hint.Add(errors.New("two directors: keepalived is not installed"), "apt-get install keepalived")
}

// build makes a director anew, as it is when it has just been switched on.
func (w *walk) build(ctx context.Context, h labHost) error {
	if err := RemoveHost(namespace(h.name)); err != nil {
		return err
	}
	// The other end of its cable may be there still: namespaces take their time.
	if err := w.lab.In(switchName, func() error { return vnet.Delete(h.name) }); err != nil && !errors.Is(err, syscall.ENODEV) {
		return err
	}
	name := namespace(h.name)
	deeds := []deed{{"ip netns add " + name, func() error { return vnet.AddNamespace(name) }}}
	return carryOut(ctx, io.Discard, append(append(deeds, h.plug()...), h.configure()...))
}

// configureDirector writes a director's configuration.
func (w *walk) configureDirector(v variant, name string) error {
	if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
		return err
	}
	text := v.configuration(name)
	w.prompt(name, "cat %s", pairFile(name, ".yaml"))(text)
	return os.WriteFile(pairFile(name, ".yaml"), []byte(text), 0o644)
}

// switchOn has a director that has just been built watch its real servers, and
// take part in VRRP.
func (w *walk) switchOn(ctx context.Context, v variant, name string) error {
	if v.localnode { // the web server first: its page is to name the address that stays
		if err := w.lab.startWeb(ctx, name, "--keep"); err != nil {
			return err
		}
		if err := w.runVerb(ctx, verb{name, "rs", "start", "The RS Server is Ready!"}, "--config", pairFile(name, ".yaml")); err != nil {
			return err
		}
	}
	d, err := w.startWatch(ctx, name, pairFile(name, ".yaml"))
	if err != nil {
		return err
	}
	w.expectEvent(d, "ready")
	go func() { // it may write as much as it likes, and dies with its host
		for range d.events {
		}
		d.cmd.Wait()
	}()
	for _, parameter := range v.sysctls {
		w.prompt(name, "sysctl -w %s=1", parameter)
		if err := w.lab.In(name, func() error { return host.Sysctl{}.Set(parameter, 1) }); err != nil {
			return err
		}
	}
	return w.startKeepalived(ctx, v, name)
}

// startKeepalived starts it with the file that export writes.
func (w *walk) startKeepalived(ctx context.Context, v variant, name string) error {
	path, err := Keepalived()
	if err != nil {
		return err
	}
	file := pairFile(name, ".conf")
	w.prompt(name, "lvsdr export keepalived --vrrp-only --interface eth0 --config %s > %s", pairFile(name, ".yaml"), file)
	r, err := w.runSilently(ctx, name, "lvsdr", "export", "keepalived", "--vrrp-only", "--interface", "eth0", "--config", pairFile(name, ".yaml"))
	if err == nil && r.status != 0 {
		err = errors.New(strings.TrimSpace(r.stderr))
	}
	if err != nil {
		return err
	}
	text := r.stdout
	if v.localnode {
		const section = "global_defs {"
		w.prompt(name, `sed -i 's/^%s/&\n    %s/' %s`, section, syncDaemon, file)
		text = strings.Replace(text, section, section+"\n    "+syncDaemon, 1)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	words := []string{"keepalived", "-n", "-l", "-f", file, "-p", pairFile(name, ".pid"), "-r", pairFile(name, ".vrrp"), "-c", pairFile(name, ".checkers")}
	w.prompt(name, "%s &", strings.Join(words, " "))
	log, err := os.Create(pairFile(name, ".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	words[0] = path
	cmd := w.lab.Command(ctx, name, words...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait()
	return nil
}

// holders are the directors that VRRP has put the VIP on: one, but for moments.
func (w *walk) holders() (string, error) {
	var names []string
	for _, d := range directors() {
		if !vnet.HasNamespace(namespace(d.name)) {
			continue
		}
		var all []host.Address
		err := w.lab.In(d.name, func() (err error) {
			all, err = host.NewHost().Addresses()
			return err
		})
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(all, func(a host.Address) bool { return a.Interface == "eth0" && a.Prefix.Addr().String() == vip }) {
			names = append(names, d.name)
		}
	}
	return strings.Join(names, ", "), nil
}

// movePatience is how long a director may take to get the VIP, on a busy machine.
const movePatience = time.Minute

// awaitVIP waits until a director has the VIP, whether or not the other one, which
// may be unable to learn of it, still does. It reports who has it, and since when.
func (w *walk) awaitVIP(ctx context.Context, name string) (seen string, at time.Time, err error) {
	for end := time.Now().Add(movePatience); ; {
		seen, err = w.holders()
		at = time.Now()
		switch {
		case err != nil:
			return "", at, err
		case slices.Contains(strings.Split(seen, ", "), name):
			return name, at, nil
		case at.After(end):
			return seen, at, nil
		}
		if err := Pause(ctx, 100*time.Millisecond); err != nil {
			return "", at, err
		}
	}
}

// watchVIP begins [walk.awaitVIP]; the function that it returns ends it.
func (w *walk) watchVIP(ctx context.Context, name string) (end func() (seen string, at time.Time, err error)) {
	var seen string
	var at time.Time
	var err error
	done := make(chan struct{})
	go func() {
		seen, at, err = w.awaitVIP(ctx, name)
		close(done)
	}()
	return func() (string, time.Time, error) {
		<-done
		return seen, at, err
	}
}

// expectVIP expects the VIP on a director.
func (w *walk) expectVIP(ctx context.Context, name string) error {
	seen, _, err := w.awaitVIP(ctx, name)
	w.expect("the VIP is on", name, seen)
	return err
}

// expectFit waits until a director is fit for the VIP again.
func (w *walk) expectFit(ctx context.Context, name string) error {
	for end := time.Now().Add(movePatience); ; {
		text, err := os.ReadFile(pairFile(name, ".track"))
		if err != nil {
			return err
		}
		seen := strings.TrimSpace(string(text))
		if seen == "0" || time.Now().After(end) {
			w.prompt(name, "cat %s", pairFile(name, ".track"))(seen)
			w.expect("what VRRP takes off "+name, "0", seen)
			return nil
		}
		if err := Pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// atSwitch does something with a host's port.
func (w *walk) atSwitch(name, words string, do func(string) error) error {
	w.prompt(switchName, "ip link set %s %s", name, words)
	return w.lab.In(switchName, func() error { return do(name) })
}

// syncDaemon is keepalived's line for synchronisation daemons.
const syncDaemon = "lvs_sync_daemon eth0 lvsdr_4"

// configuration is that of a director. The two have one machine's files between
// them: else it would be the same for both.
func (v variant) configuration(director string) string {
	return fmt.Sprintf(`vip: %s
real_servers: [%s]
services: [{port: 80, scheduler: %s}]
check: {type: http, interval: 1s}
watch: {vip: vrrp, track_file: %s}
`, vip, strings.Join(v.servers(), ", "), v.scheduler, pairFile(director, ".track")) + v.more
}
