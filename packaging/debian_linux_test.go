package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shells are what the completions are for.
const shells = "bash-completion zsh fish"

// install is what the README says.
const install = "apt install ./dist/lvsdr_VERSION_amd64.deb"

// TestPackageInDebian installs the deb into a fresh Debian, in every way that
// there is, and uses it there.
func TestPackageInDebian(t *testing.T) {
	t.Parallel()
	d := newDebian(t, "bookworm")
	d.copyIn(t, made(t, "lvsdr_VERSION_amd64.deb"), strings.ReplaceAll("dist/lvsdr_VERSION_amd64.deb", "VERSION", version(t)))
	d.copyIn(t, "testdata/units.sh", "units.sh")
	d.copyIn(t, "testdata/clients.sh", "clients.sh")
	d.copyIn(t, "testdata/director.cf", "director.cf")
	d.copyIn(t, "testdata/switched.cf", "switched.cf")
	d.run(t, "apt-get -qq update && apt-get -qq install -y --no-install-recommends systemd-sysv kmod iproute2 man-db "+shells)

	// Each of these goes on where the one before it has left the system.
	for _, step := range []struct {
		name string
		test func(*testing.T, debian)
	}{
		{"installed and purged", testPurge},
		{"over Debian's ipvsadm", testReplace},
		{"back to Debian's ipvsadm", testReplaced},
		{"rpm", testRPM},
		{"arm64", testARM64},
		{"beside ldirectord", testLdirectord},
		{"completions", testCompletions},
		{"units", testUnits},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.test(t, d) }) {
			return
		}
	}
}

func testPurge(t *testing.T, d debian) {
	before := d.files(t)
	d.run(t, strings.ReplaceAll(install, "VERSION", version(t)))
	d.run(t, "man lvsdr | grep -q 'lvsdr vs start'")
	d.says(t, "lvsdr version; systemctl is-enabled lvsdr-vs lvsdr-rs lvsdr-watch ipvsadm || true",
		"lvsdr "+version(t)+"\ndisabled\ndisabled\ndisabled\ndisabled\n")
	d.says(t, "lvsdr init | cmp - /etc/lvsdr/lvsdr.yaml && dpkg-query -W -f '${Conffiles}' lvsdr | cut -d ' ' -f 2", "/etc/lvsdr/lvsdr.yaml\n")
	d.says(t, "systemd-analyze verify --man=no lvsdr-vs.service lvsdr-rs.service lvsdr-watch.service ipvsadm.service", "")
	d.run(t, "systemctl enable lvsdr-vs lvsdr-rs lvsdr-watch ipvsadm && apt-get -qq purge -y lvsdr")
	if diff := cmp.Diff(before, d.files(t)); diff != "" {
		t.Errorf("purged, the package leaves something behind (-before +after):\n%s", diff)
	}
}

// names says what the three names of ipvsadm are.
const names = `for dir in /sbin /usr/sbin; do for name in ipvsadm ipvsadm-save ipvsadm-restore; do readlink -e $dir/$name; done; done | sort -u`

// testReplace: what dpkg removes of Debian's package is not our links.
func testReplace(t *testing.T, d debian) {
	d.run(t, "apt-get -qq install -y --no-install-recommends ipvsadm")
	d.says(t, names, "/usr/sbin/ipvsadm\n/usr/sbin/ipvsadm-restore\n/usr/sbin/ipvsadm-save\n")
	d.run(t, "echo '-A -t 192.0.2.1:80 -s rr' >/etc/ipvsadm.rules")
	for _, install := range []string{
		"apt-get -qq install -y /lvsdr.deb",
		"apt-get -qq install -y --reinstall /lvsdr.deb",
		"dpkg -i /lvsdr.deb",
	} {
		d.run(t, install)
		d.says(t, names, "/usr/lib/lvsdr/ipvsadm\n")
		d.says(t, "dpkg-query -W -f '${Package} ${db:Status-Status}\n' ipvsadm lvsdr; cat /etc/ipvsadm.rules",
			"ipvsadm config-files\nlvsdr installed\n-A -t 192.0.2.1:80 -s rr\n")
		d.says(t, "ipvsadm --version && for page in $(dpkg -L lvsdr | grep /man[58]/); do gzip -t $page && basename $page; done",
			"ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n"+
				"lvsdr.yaml.5.gz\nipvsadm-restore.8.gz\nipvsadm-save.8.gz\nipvsadm.8.gz\nlvsdr.8.gz\n")
	}
	// dpkg alone has another order than apt: ours comes before theirs goes.
	d.run(t, "dpkg --purge lvsdr && apt-get -qq install -y ipvsadm && dpkg -i --auto-deconfigure /lvsdr.deb")
	d.says(t, names, "/usr/lib/lvsdr/ipvsadm\n")
}

func testReplaced(t *testing.T, d debian) {
	d.run(t, "apt-get -qq install -y ipvsadm")
	d.says(t, names, "/usr/sbin/ipvsadm\n/usr/sbin/ipvsadm-restore\n/usr/sbin/ipvsadm-save\n")
	d.says(t, "dpkg-query -W -f '${db:Status-Status}\n' lvsdr", "config-files\n")
	d.run(t, "apt-get -qq purge -y ipvsadm lvsdr")
}

// testRPM: there is no other system that needs nothing but a folder.
func testRPM(t *testing.T, d debian) {
	rpm := func(words ...string) {
		output(t, root(t, append([]string{"rpm", "--root", string(d), "--nodeps", "--force-debian"}, words...)...)...)
	}
	d.run(t, "mkdir -p /usr/share/licenses /usr/share/zsh/site-functions") // as on every Fedora
	before := d.files(t)
	rpm("--install", made(t, "lvsdr-VERSION-1.x86_64.rpm"))
	d.says(t, names, "/usr/lib/lvsdr/ipvsadm\n")
	leads(t, filepath.Join(string(d), "usr/share/doc/lvsdr"))
	d.says(t, "lvsdr version", "lvsdr "+version(t)+"\n")
	rpm("--erase", "lvsdr")
	if diff := cmp.Diff(before, d.files(t)); diff != "" {
		t.Errorf("erased, the package leaves something behind (-before +after):\n%s", diff)
	}
}

// testARM64 installs the deb for another processor, and has QEMU run the programs
// there.
func testARM64(t *testing.T, d debian) {
	d.copyIn(t, made(t, "lvsdr_VERSION_arm64.deb"), "arm64.deb")
	d.run(t, "apt-get -qq install -y --no-install-recommends qemu-user && dpkg --add-architecture arm64 && dpkg -i /arm64.deb")
	d.says(t, names, "/usr/lib/lvsdr/ipvsadm\n")
	d.says(t, "qemu-aarch64 /usr/sbin/lvsdr version; qemu-aarch64 /usr/sbin/ipvsadm --version; qemu-aarch64 /usr/sbin/lvsdr init | cmp - /etc/lvsdr/lvsdr.yaml",
		"lvsdr "+version(t)+"\nipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n")
	d.run(t, "dpkg --purge lvsdr:arm64 && dpkg --remove-architecture arm64")
}

// kernel runs a script in there, on a kernel that has IPVS.
func (d debian) kernel(t *testing.T, script string) string {
	t.Helper()
	return output(t, append([]string{filepath.Join(top(t), "bin", "lvsdr"), "lab", "kernel", "--"}, d.command(t, script)...)...)
}

func testLdirectord(t *testing.T, d debian) {
	d.run(t, "apt-get -qq install -y --no-install-recommends ldirectord /lvsdr.deb")
	d.says(t, "dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'ipvsadm*' ldirectord lvsdr 2>/dev/null | grep ' installed'",
		"ldirectord installed\nlvsdr installed\n")
	recorded(t, "clients.txt", d.kernel(t, "sh /clients.sh"))
}

func testCompletions(t *testing.T, d debian) {
	for _, tt := range []struct{ shell, script string }{
		{"bash", `. /usr/share/bash-completion/bash_completion
_completion_loader lvsdr
COMP_WORDS=(lvsdr vs st) COMP_CWORD=2
$(complete -p lvsdr | sed 's/.*-F \([^ ]*\) .*/\1/')
printf "%s\n" "${COMPREPLY[@]}"`},
		{"zsh", `autoload -Uz compinit && compinit -D -u
compadd() { shift; print -l -- $@ | grep ^st }
words=(lvsdr vs st) CURRENT=3
$_comps[lvsdr]`},
		{"fish", `complete -C "lvsdr vs st" | string replace -r "\t.*" ""`},
	} {
		t.Run(tt.shell, func(t *testing.T) {
			got := d.run(t, tt.shell+" <<'END' | sort\n"+tt.script+"\nEND\n")
			if want := "start\nstatus\nstop\n"; got != want {
				t.Errorf("completes \"lvsdr vs st\" with %q, want %q", got, want)
			}
		})
	}
}

// testUnits boots the system there, with systemd, and has it start, reload and
// stop the units.
func testUnits(t *testing.T, d debian) {
	d.run(t, `cat >/etc/systemd/system/test.service <<'END'
[Unit]
After=sysinit.target
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/bin/sh /units.sh
StandardOutput=file:/units.out
StandardError=file:/units.out
END
mkdir -p /lib/modules`)
	console := d.boot(t, "test.service")
	recorded(t, "units.txt", d.run(t, "cat /units.out"))
	if t.Failed() {
		t.Logf("the console:\n%s", tail(console, 3000))
	}
}

// boot boots to a unit, and returns what the console said.
func (d debian) boot(t *testing.T, unit string) string {
	t.Helper()
	said, err := attempt(t, root(t, "unshare", "--mount", "sh", "-ec", boot, string(d), unit)...)
	// The program of a kernel that has ended may end by a signal.
	if err != nil && !strings.Contains(said, "\nreboot: System halted") {
		t.Fatalf("boot: %v\n%s", err, said)
	}
	return said
}

// boot is a shell script that boots the system in $0 to $1 on Debian's user-mode-linux,
// with its modules where modprobe looks for them, and its memory in a file where
// there is room.
const boot = `
mount --bind /usr/lib/uml/modules "$0/lib/modules"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export TMPDIR=/dev/shm
[ "$(df --output=avail $TMPDIR | tail -1)" -gt 600000 ] || TMPDIR=/var/tmp
timeout 1500 linux.uml mem=512M uml_dir="$dir" umid=guest root=/dev/root rootfstype=hostfs rootflags="$0" rw \
	con=null con0=null,fd:1 panic=-1 noreboot init=/lib/systemd/systemd systemd.unit="$1" </dev/null`

func tail(s string, n int) string { return strings.ToValidUTF8(s[max(0, len(s)-n):], "") }
