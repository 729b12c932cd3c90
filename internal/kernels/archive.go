package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// archive is a release of Debian for a processor as apt sees it, with lists, cache
// and state of its own below dir.
type archive struct{ dir, suite, processor string }

// keyring has the keys of all releases that are maintained
// (debian-archive-keyring).
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// open makes the folders that apt wants, and fetches the list of packages.
func open(dir, suite, processor string) (archive, error) {
	a := archive{dir, suite, processor}
	for _, folder := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			return a, err
		}
	}
	source := fmt.Sprintf("deb [signed-by=%s] http://deb.debian.org/debian %s main\n", keyring, suite)
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "sources.list"), []byte(source), 0o644),
		os.WriteFile(filepath.Join(dir, "status"), nil, 0o644))
	if err == nil {
		_, err = a.apt("apt-get", "-qq", "update")
	}
	return a, err
}

// apt runs one of its programs in dir.
func (a archive) apt(program string, args ...string) (out string, err error) {
	options := []string{
		"-oDir::State=" + a.dir, "-oDir::State::lists=" + a.dir + "/lists", "-oDir::State::status=" + a.dir + "/status",
		"-oDir::Cache=" + a.dir + "/cache", "-oDir::Etc::sourcelist=" + a.dir + "/sources.list", "-oDir::Etc::sourceparts=-",
		"-oAPT::Architecture=" + a.processor, "-oAPT::Architectures=" + a.processor, "-oAPT::Sandbox::User=root", "-oAcquire::Languages=none",
	}
	cmd := exec.Command(program, append(options, args...)...)
	cmd.Dir = a.dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	data, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(data), err
}

// ofKernel are the packages which newer releases have split the kernel into.
var ofKernel = regexp.MustCompile(`^linux-(image|binary|modules|base)-\d`)

// packages are those that installing some on an empty system installs.
func (a archive) packages(wanted ...string) (names []string, err error) {
	out, err := a.apt("apt-get", append([]string{"--print-uris", "-qq", "--no-install-recommends", "install"}, wanted...)...)
	for line := range strings.Lines(out) { // 'URI' FILE SIZE HASH
		if words := strings.Fields(line); len(words) > 1 {
			name, _, _ := strings.Cut(words[1], "_")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, err
}

// kernelPackages are the names of the newest kernel's packages, those without
// files among them. They are not installed: what they depend on does not matter.
func (a archive) kernelPackages() (names []string, err error) {
	all, err := a.packages("linux-image-" + a.processor)
	for _, name := range all {
		if ofKernel.MatchString(name) {
			names = append(names, name)
		}
	}
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("linux-image-%s of %s depends on no kernel: %s", a.processor, a.suite, all)
	}
	return names, err
}

// unpack adds what packages have to a system in a folder.
func (a archive) unpack(names []string, dir string) error {
	if _, err := a.apt("apt-get", append([]string{"-qq", "download"}, names...)...); err != nil {
		return err
	}
	debs, _ := filepath.Glob(filepath.Join(a.dir, "*.deb"))
	for _, deb := range debs {
		// dpkg-deb -x would make a folder of the link lib.
		const script = `dpkg-deb --fsys-tarfile "$0" | tar -x --keep-directory-symlink -C "$1"`
		if out, err := exec.Command("sh", "-c", script, deb, dir).CombinedOutput(); err != nil {
			return fmt.Errorf("unpack %s: %w\n%s", filepath.Base(deb), err, out)
		}
		if err := os.Remove(deb); err != nil {
			return err
		}
	}
	return nil
}

// unpacked is a kernel in a folder.
type unpacked struct{ dir, release string }

// fetch unpacks the newest kernel of a release below a folder, unless it is there.
func (k kernel) fetch(cache string) (u unpacked, err error) {
	dir := filepath.Join(cache, k.suite+"-"+k.processor)
	a, err := open(dir, k.suite, k.processor)
	if err != nil {
		return u, err
	}
	names, err := a.kernelPackages()
	if err != nil {
		return u, err
	}
	_, u.release, _ = strings.Cut(names[slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, "linux-image-") })], "linux-image-")
	u.dir = filepath.Join(dir, u.release)
	if _, err := os.Stat(u.dir); err == nil {
		return u, nil
	}
	making := u.dir + ".making"
	err = errors.Join(os.RemoveAll(making), makeSystem(making))
	if err == nil {
		err = a.unpack(names, making)
	}
	if err == nil && k.foreign() {
		err = addPrograms(dir, k.processor, making)
	}
	if err != nil {
		return u, err
	}
	if out, err := exec.Command("depmod", "-b", making, u.release).CombinedOutput(); err != nil {
		return u, fmt.Errorf("depmod: %w\n%s", err, out)
	}
	return u, os.Rename(making, u.dir)
}

// makeSystem makes the folder of a system whose /lib leads to /usr/lib, as newer
// ones have it.
func makeSystem(dir string) (err error) {
	for _, name := range []string{"bin", "sbin", "lib"} {
		err = errors.Join(err, os.MkdirAll(filepath.Join(dir, "usr", name), 0o755), os.Symlink("usr/"+name, filepath.Join(dir, name)))
	}
	return err
}
