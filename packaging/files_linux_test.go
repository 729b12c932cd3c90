package main

import (
	"archive/tar"
	"compress/gzip"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// top is the top folder of the repository, where "make dist" was run.
func top(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; \"make package-test\" makes it", err)
	}
	return string(data)
}

func version(t *testing.T) string {
	t.Helper()
	releases, err := parseChangelog(read(t, "../CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	return releases[0].version
}

var update = flag.Bool("update", false, "record what is said as what should be said")

// recorded compares a transcript with the one in testdata.
func recorded(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := read(t, path)
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// made is the path of a file in dist, VERSION in its name replaced.
func made(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(top(t), "dist", strings.ReplaceAll(name, "VERSION", version(t)))
}

// TestPackagesRepeatable builds the packages in another folder, which is no
// repository, under another umask and in another time zone.
func TestPackagesRepeatable(t *testing.T) {
	t.Parallel()
	copied := t.TempDir()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(copied, strings.TrimPrefix(path, ".."))
		switch {
		case d.Name() == ".git", path == "../bin", path == "../dist":
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(to, 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	output(t, "sh", "-ec", `umask 077; exec env -u MAKEFLAGS -u MAKELEVEL TZ=Asia/Shanghai make -C "$0" -s dist`, copied)
	sums := "dist/SHA256SUMS"
	if diff := cmp.Diff(read(t, filepath.Join("..", sums)), read(t, filepath.Join(copied, sums))); diff != "" {
		t.Errorf("the sums differ (-here +there):\n%s", diff)
	}
	output(t, "sh", "-ec", "cd ../dist && sha256sum -c --strict SHA256SUMS")
}

// TestPackagesLint: lintian accepts the deb, with the overrides that give a
// reason; systemd the units.
func TestPackagesLint(t *testing.T) {
	t.Parallel()
	words := []string{"lintian", "--fail-on", "error,warning", made(t, "lvsdr_VERSION_amd64.deb"), made(t, "lvsdr_VERSION_arm64.deb")}
	if os.Getuid() == 0 {
		words = append(words, "--allow-root")
	}
	if said := output(t, words...); said != "" {
		t.Errorf("lintian says:\n%s", said)
	}
}

func TestPackagesRPM(t *testing.T) {
	for arch, name := range map[string]string{"amd64": "x86_64", "arm64": "aarch64"} {
		t.Run(arch, func(t *testing.T) {
			rpm := made(t, "lvsdr-VERSION-1."+name+".rpm")
			for _, tt := range []struct{ query, want string }{
				{"--provides", "ipvsadm = 1.31\nlvsdr = " + version(t) + "-1\n"},
				{"--conflicts", "ipvsadm\n"},
				{"--obsoletes", "ipvsadm <= 1.31\n"},
				{"--configfiles", "/etc/lvsdr/lvsdr.yaml\n"},
				{"--qf=%{LICENSE} %{ARCH} %{BUILDHOST}\n", "Apache-2.0 " + name + " localhost\n"},
			} {
				got := output(t, "rpm", "--dbpath", t.TempDir(), "-qp", tt.query, rpm)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tt.query, diff)
				}
			}
			recorded(t, "rpm.txt", output(t, "rpm", "--dbpath", t.TempDir(), "-qp", "--qf=[%{FILEFLAGS:fflags} %{FILENAMES} %{FILELINKTOS}\n]", rpm))
		})
	}
}

func TestPackagesTar(t *testing.T) {
	for _, arch := range arches {
		t.Run(arch.name, func(t *testing.T) {
			f, err := os.Open(made(t, "lvsdr-VERSION-linux-"+arch.name+".tar.gz"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			z, err := gzip.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for r := tar.NewReader(z); ; {
				h, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				name := strings.TrimPrefix(h.Name, "lvsdr-"+version(t)+"-linux-"+arch.name+"/")
				got.WriteString(strings.TrimSpace(h.FileInfo().Mode().String()+" "+name+" "+h.Linkname) + "\n")
			}
			recorded(t, "tar.txt", got.String())
		})
	}
}

// links are the places that a text leads to, in Markdown or HTML.
var links = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"`)

// leads looks whether each relative link of the texts in a folder leads to
// something that is installed.
func leads(t *testing.T, folder string) {
	t.Helper()
	checked := 0
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		for _, link := range links.FindAllStringSubmatch(read(t, path), -1) {
			to, _, _ := strings.Cut(link[1]+link[2], "#")
			if to == "" || strings.Contains(to, "://") {
				continue
			}
			checked++
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), to)); err != nil {
				t.Errorf("%s leads to %s: %v", strings.TrimPrefix(path, folder), to, err)
			}
		}
		return nil
	})
	if err != nil || checked < 10 {
		t.Errorf("%s: %d links; %v", folder, checked, err)
	}
}

func TestPackagesLinks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, unpack, folder string }{
		{"lvsdr_VERSION_amd64.deb", `dpkg-deb -x "$0" "$1"`, "usr/share/doc/lvsdr"},
		{"lvsdr-VERSION-linux-amd64.tar.gz", `tar -xzf "$0" -C "$1" --strip-components 1`, ""},
	} {
		dir := t.TempDir()
		output(t, "sh", "-ec", tt.unpack, made(t, tt.name), dir)
		leads(t, filepath.Join(dir, tt.folder))
	}
}

// TestPackagesCopyright: whose code is linked into the program is named.
func TestPackagesCopyright(t *testing.T) {
	copyright := read(t, "copyright")
	major := regexp.MustCompile(`/v[0-9]+$`)
	modules := 0
	for line := range strings.Lines(output(t, "go", "version", "-m", "../dist/build/amd64/lvsdr")) {
		words := strings.Fields(line)
		if words[0] != "dep" {
			continue
		}
		modules++
		if path := major.ReplaceAllString(words[1], ""); !strings.Contains(copyright, " "+path+"/*\n") {
			t.Errorf("%s is missing from copyright", path)
		}
	}
	if modules == 0 {
		t.Error("the program names no modules")
	}
}
