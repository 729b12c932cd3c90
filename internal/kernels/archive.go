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

// archive is a release of Debian as apt sees it, with lists, cache and state of
// its own below dir.
type archive struct{ dir, suite string }

// keyring has the keys of all releases that are maintained
// (debian-archive-keyring).
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// open makes the folders that apt wants, and fetches the list of packages.
func open(dir, suite string) (archive, error) {
	a := archive{dir, suite}
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
		"-oAPT::Sandbox::User=root", "-oAcquire::Languages=none",
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

// kernelPackages are the names of the newest kernel's packages, those without
// files among them. They are not installed: what they depend on does not matter.
func (a archive) kernelPackages() (names []string, err error) {
	out, err := a.apt("apt-get", "--print-uris", "-qq", "--no-install-recommends", "install", "linux-image-amd64")
	for line := range strings.Lines(out) { // 'URI' FILE SIZE HASH
		if words := strings.Fields(line); len(words) > 1 && ofKernel.MatchString(words[1]) {
			name, _, _ := strings.Cut(words[1], "_")
			names = append(names, name)
		}
	}
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("linux-image-amd64 of %s depends on no kernel:\n%s", a.suite, out)
	}
	slices.Sort(names)
	return names, err
}

// unpacked is a kernel in a folder.
type unpacked struct{ dir, release string }

// fetch unpacks the newest kernel of a release below dir, unless it is there.
func fetch(dir, suite string) (u unpacked, err error) {
	a, err := open(dir, suite)
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
	if _, err := a.apt("apt-get", append([]string{"-qq", "download"}, names...)...); err != nil {
		return u, err
	}
	debs, _ := filepath.Glob(filepath.Join(dir, "*.deb"))
	defer func() {
		for _, deb := range debs {
			os.Remove(deb)
		}
	}()
	making := u.dir + ".making"
	if err := errors.Join(os.RemoveAll(making), unpack(debs, making)); err != nil {
		return u, err
	}
	if out, err := exec.Command("depmod", "-b", making, u.release).CombinedOutput(); err != nil {
		return u, fmt.Errorf("depmod: %w\n%s", err, out)
	}
	return u, os.Rename(making, u.dir)
}

// unpack makes a folder with what packages have. Where they have /usr/lib only,
// /lib leads there.
func unpack(debs []string, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, deb := range debs {
		if out, err := exec.Command("dpkg-deb", "-x", deb, dir).CombinedOutput(); err != nil {
			return fmt.Errorf("unpack %s: %w\n%s", filepath.Base(deb), err, out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "lib")); err == nil {
		return nil
	}
	return os.Symlink("usr/lib", filepath.Join(dir, "lib"))
}
