package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"time"
)

// writeGzip is "gzip -9n": without name and time.
func writeGzip(path string, data []byte) error {
	var packed bytes.Buffer
	if err := pack(&packed, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
		return err
	}
	return writeFile(path, packed.Bytes())
}

func pack(to io.Writer, fill func(io.Writer) error) error {
	z, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := fill(z); err != nil {
		return err
	}
	return z.Close()
}

// An archive is a tar file in the making, whose members all have one time.
type archive struct {
	*tar.Writer
	folder string // that holds everything
	time   time.Time
}

// writeTar makes the archive for those who have neither dpkg nor rpm.
func writeTar(path, folder, arch string, t time.Time) error {
	var packed bytes.Buffer
	err := pack(&packed, func(w io.Writer) error {
		a := archive{tar.NewWriter(w), folder, t}
		if err := a.fill(arch); err != nil {
			return err
		}
		return a.Close()
	})
	if err != nil {
		return err
	}
	return writeFile(path, packed.Bytes())
}

func (a archive) fill(arch string) error {
	for _, name := range []string{"lvsdr", "ipvsadm"} {
		if err := a.file(name, filepath.Join(stage, arch, name), 0o755); err != nil {
			return err
		}
	}
	for _, name := range []string{"ipvsadm-restore", "ipvsadm-save"} {
		if err := a.add(tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: "ipvsadm", Mode: 0o777}, nil); err != nil {
			return err
		}
	}
	for _, folder := range []struct{ name, files string }{
		{"", stage + "/doc/*"},
		{"", stage + "/lvsdr.yaml"},
		{"man", stage + "/man/*"},
		{"completions", stage + "/completions/*"},
		{"systemd", stage + "/systemd/*"},
		{"monitoring", stage + "/monitoring/*"},
	} {
		files, err := filepath.Glob(folder.files)
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := a.file(filepath.Join(folder.name, filepath.Base(file)), file, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a archive) file(name, path string, mode int64) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return a.add(tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: mode}, data)
}

func (a archive) add(h tar.Header, data []byte) error {
	h.Name, h.ModTime = a.folder+"/"+h.Name, a.time
	h.Uname, h.Gname = "root", "root"
	if err := a.WriteHeader(&h); err != nil {
		return err
	}
	_, err := a.Write(data)
	return err
}
