package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	for _, part := range []string{"doc", "lvsdr.yaml", "man", "completions", "systemd", "monitoring"} {
		err := filepath.WalkDir(filepath.Join(stage, part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			return a.file(strings.TrimPrefix(strings.TrimPrefix(path, stage+"/"), "doc/"), path, 0o644)
		})
		if err != nil {
			return err
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
