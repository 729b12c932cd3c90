// Packaging makes the packages of a release, from the top folder:
//
//	dist/lvsdr_VERSION_ARCH.deb
//	dist/lvsdr-VERSION-1.ARCH.rpm
//	dist/lvsdr-VERSION-linux-ARCH.tar.gz
//	dist/SHA256SUMS
//
// It finds the programs, lvsdr and ipvsadm, in dist/build/ARCH; "make dist"
// builds them. The same sources and the same Go make the same bytes, wherever
// and whenever: all times are the date of the newest release in CHANGELOG.md.
package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	dist  = "dist"
	stage = "dist/build" // what is made on the way
)

// arches are those that we build for, by Go's and by rpm's name.
var arches = []struct{ name, rpm string }{{"amd64", "x86_64"}, {"arm64", "aarch64"}}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

func run() error {
	text, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return err
	}
	releases, err := parseChangelog(string(text))
	if err != nil {
		return err
	}
	if err := prepare(releases); err != nil {
		return err
	}
	var made []string
	for _, arch := range arches {
		version, date := releases[0].version, releases[0].date
		deb := fmt.Sprintf("lvsdr_%s_%s.deb", version, arch.name)
		rpm := fmt.Sprintf("lvsdr-%s-1.%s.rpm", version, arch.rpm)
		tar := fmt.Sprintf("lvsdr-%s-linux-%s.tar.gz", version, arch.name)
		for packager, name := range map[string]string{"deb": deb, "rpm": rpm} {
			if err := nfpm(packager, name, arch.name, releases[0]); err != nil {
				return err
			}
		}
		if err := writeTar(filepath.Join(dist, tar), strings.TrimSuffix(tar, ".tar.gz"), arch.name, date); err != nil {
			return err
		}
		made = append(made, deb, rpm, tar)
	}
	return writeSums(made)
}

// nfpm makes one package; its configuration is nfpm.yaml beside this file.
func nfpm(packager, name, arch string, r release) error {
	cmd := exec.Command("go", "tool", "-modfile=packaging/nfpm.mod", "nfpm", "package",
		"--config", "packaging/nfpm.yaml", "--packager", packager, "--target", filepath.Join(dist, name))
	cmd.Env = append(os.Environ(), "ARCH="+arch, "VERSION="+r.version, fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.date.Unix()))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// prepare makes what the packages hold beside the programs.
func prepare(releases []release) error {
	if err := gather(); err != nil {
		return err
	}
	if err := ask("bin/lvsdr"); err != nil {
		return err
	}
	if err := writeGzip(filepath.Join(stage, "changelog.gz"), []byte(debianChangelog(releases))); err != nil {
		return err
	}
	return unify(stage, releases[0].date)
}

// gather copies the files of this repository, manual pages compressed.
func gather() error {
	for _, group := range []struct {
		files, folder string
		write         func(path string, data []byte) error
	}{
		{"LICENSE", "doc", writeFile},
		{"*.md", "doc", writeFile},
		{"packaging/copyright", "doc", writeFile},
		{"packaging/lintian-overrides", "", writeFile},
		{"packaging/*.service", "systemd", writeFile},
		{"packaging/monitoring/lvsdr.rules.yml", "monitoring", writeFile},
		{"packaging/monitoring/lvsdr.grafana.json", "monitoring", writeFile},
		{"man/*.[58]", "man", func(path string, data []byte) error { return writeGzip(path+".gz", data) }},
	} {
		files, err := filepath.Glob(group.files)
		if err != nil {
			return err
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := group.write(filepath.Join(stage, group.folder, filepath.Base(file)), data); err != nil {
				return err
			}
		}
	}
	return filepath.WalkDir("docs", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return writeFile(filepath.Join(stage, "doc", path), data)
	})
}

// ask writes what the program itself prints.
func ask(program string) error {
	for name, args := range map[string][]string{
		"lvsdr.yaml":             {"init"},
		"completions/lvsdr.bash": {"completion", "bash"},
		"completions/_lvsdr":     {"completion", "zsh"},
		"completions/lvsdr.fish": {"completion", "fish"},
	} {
		out, err := exec.Command(program, args...).Output()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := writeFile(filepath.Join(stage, name), out); err != nil {
			return err
		}
	}
	return nil
}

// unify gives all files below dir the time t, and modes that do not depend on
// the umask under which the sources came here.
func unify(dir string, t time.Time) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if d.IsDir() || d.Name() == "lvsdr" || d.Name() == "ipvsadm" {
			mode = 0o755
		}
		return errors.Join(os.Chmod(path, mode), os.Chtimes(path, t, t))
	})
}

// writeSums writes what "sha256sum -c" reads.
func writeSums(names []string) error {
	var sums strings.Builder
	for _, name := range slices.Sorted(slices.Values(names)) {
		data, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
	}
	return writeFile(filepath.Join(dist, "SHA256SUMS"), []byte(sums.String()))
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
