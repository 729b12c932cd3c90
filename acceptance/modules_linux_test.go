package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestStockNoScheduler: a scheduler that the kernel cannot load is what is
// missing, and the table is as it was.
func TestStockNoScheduler(t *testing.T) {
	recordModprobe(t)
	unload(t, "ip_vs_wrr")
	out, err := exec.Command("lvsdr", "vs", "start", "--vip", "172.16.0.100", "--rs", "10.0.0.7").CombinedOutput()
	const want = "lvsdr: hint: the kernel has no scheduler wrr, and could not load it: modprobe ip_vs_wrr\n"
	if err == nil || !strings.HasSuffix(string(out), want) {
		t.Errorf("%v\n%s", err, out)
	}
	must(t, exec.Command("lvsdr", "ipvsadm", "-C").Run())
}

// TestStockNoModules: last, for the modules are gone then. A verb that says that it
// changes nothing has no module loaded, by modprobe or by the kernel.
func TestStockNoModules(t *testing.T) {
	asked := recordModprobe(t)
	for _, module := range []string{"ip_vs", "nf_tables"} {
		unload(t, module)
	}
	const config = " --vip 172.16.0.100 --rs 10.0.0.7"
	for verb, hint := range map[string]bool{
		"vs status": true, "vs status --json": true, "vs diff": true, "vs start --dry-run": true, "vs stop --dry-run": false,
		"vs stop": false, "rs status": false, "rs diff": false, "rs start --dry-run": false,
		"check": false, "check --role vs": false, "check --role rs --port 80/sctp --port 53/udp": false, "config": false,
		"export keepalived --interface eth0": false,
	} {
		out, _ := exec.Command("lvsdr", strings.Fields(verb+config)...).CombinedOutput()
		if words := asked(); words != "" {
			t.Errorf("lvsdr %s had loaded: %s", verb, words)
		}
		if said := strings.Contains(string(out), "ipvs: this kernel has none loaded\nlvsdr: hint: modprobe ip_vs;"); said != hint {
			t.Errorf("lvsdr %s says what is missing: %v\n%s", verb, said, out)
		}
	}
	out, err := exec.Command("lvsdr", "check", "--role", "vs", "--vip", "172.16.0.100", "--rs", "10.0.0.7").CombinedOutput()
	if !strings.Contains(string(out), "none loaded") || !strings.Contains(string(out), "mend: modprobe ip_vs\n") {
		t.Errorf("check: %v\n%s", err, out)
	}
	asked()
	out, err = exec.Command("lvsdr", strings.Fields("vs start"+config)...).CombinedOutput()
	if words := asked(); !strings.Contains(words, "ip_vs") || err == nil {
		t.Errorf("start had loaded %q\n%s", words, out)
	}
}

// recordModprobe puts a program in the place of modprobe, for the kernel and
// everybody else, that loads nothing. Asked returns what it was to load since.
func recordModprobe(t *testing.T) (asked func() string) {
	t.Helper()
	dir := t.TempDir()
	log, program := filepath.Join(dir, "log"), filepath.Join(dir, "modprobe")
	must(t, os.WriteFile(program, []byte("#!/bin/sh\necho \"$@\" >> "+log+"\nexit 1\n"), 0o755))
	for d := dir; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
		must(t, os.Chmod(d, 0o755))
	}
	must(t, os.WriteFile("/proc/sys/kernel/modprobe", []byte(program), 0o644))
	real, err := filepath.EvalSymlinks("/sbin/modprobe")
	must(t, err)
	must(t, unix.Mount(program, real, "", unix.MS_BIND, ""))
	t.Cleanup(func() { unix.Unmount(real, unix.MNT_DETACH) })
	return func() string {
		words, _ := os.ReadFile(log)
		os.Remove(log)
		return string(words)
	}
}

// unload removes a module and those that use it.
func unload(t *testing.T, module string) {
	t.Helper()
	modules, err := os.ReadFile("/proc/modules")
	must(t, err)
	for line := range strings.Lines(string(modules)) {
		fields := strings.Fields(line)
		if fields[0] != module {
			continue
		}
		for _, user := range slices.DeleteFunc(strings.Split(fields[3], ","), func(s string) bool { return s == "" || s == "-" }) {
			unload(t, user)
		}
		if err := unix.DeleteModule(module, 0); err != nil && err != unix.ENOENT {
			t.Fatalf("unload %s: %v", module, err)
		}
	}
}
