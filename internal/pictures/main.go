// Pictures makes docs/pictures anew: what lvsdr shows in a terminal, as SVG; its
// status page in a browser, as PNG; diagrams of what crossed the wire, as SVG.
//
//	go run ./internal/pictures [-lvsdr BINARY] [-walk FILE] [DIR]
//
// It builds the tutorial's network in a guest with Debian's stock kernel, has a
// client ask for pages, takes a real server's VIP away, and looks. The diagrams show
// a walk through the lab, whose report stays in FILE for a test.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"lvsdr/internal/guest"
	"lvsdr/internal/lab"
	"lvsdr/internal/pictures/drawing"
)

func main() {
	if i := slices.Index(os.Args, guest.InitWord); i >= 0 {
		fail(guest.Init(os.Args[i+1:]))
	}
	lvsdr := flag.String("lvsdr", "bin/lvsdr", "the `BINARY` to show")
	walk := flag.String("walk", "internal/pictures/drawing/testdata/walk.json", "the `FILE` for the report of the walk")
	flag.Parse()
	err := error(nil)
	switch words := flag.Args(); {
	case len(words) == 2 && words[0] == "act": // in the guest
		err = act(words[1])
	case len(words) == 1 && words[0] == "ask": // on the lab's client
		err = ask()
	case len(words) > 1:
		err = fmt.Errorf("what is %q", words)
	default:
		dir := "docs/pictures"
		if len(words) == 1 {
			dir = words[0]
		}
		err = takeAll(*lvsdr, *walk, dir)
	}
	fail(err)
}

// fail ends the program if there is an error.
func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

// maxPicture is how large a picture may be.
const maxPicture = 150 << 10

// takeAll takes all pictures, and puts them into dir once it has all of them.
func takeAll(lvsdr, walk, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if lvsdr, err = filepath.Abs(lvsdr); err != nil {
		return err
	}
	made, err := os.MkdirTemp("", "pictures")
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	if err := os.Setenv("PATH", filepath.Dir(lvsdr)+":"+os.Getenv("PATH")); err != nil {
		return err
	}
	// Its clock counts instructions: a busy machine makes it take longer, and spoils
	// no picture.
	status, err := guest.BootStock([]string{self, "act", made}, guest.StockOptions{QEMU: []string{"-icount", "shift=2"}})
	if err != nil || status != 0 {
		return errors.Join(err, fmt.Errorf("act in the guest: status %d", status))
	}
	page := filepath.Join(made, pageFile)
	for name, s := range map[string]scheme{"light": light, "dark": dark} {
		picture := filepath.Join(made, "page-"+name+".png")
		if _, err := browse(s, 1000, 1100, "file://"+page, "--screenshot="+picture); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Remove(page), os.Rename(filepath.Join(made, walkFile), walk), draw(walk, made)); err != nil {
		return err
	}
	return install(made, dir)
}

// draw puts the diagrams of a walk into dir.
func draw(walk, dir string) error {
	data, err := os.ReadFile(walk)
	if err != nil {
		return err
	}
	var report lab.Report
	if err := json.Unmarshal(data, &report); err != nil {
		return fmt.Errorf("read %s: %w", walk, err)
	}
	diagrams, err := drawing.Diagrams(report)
	for name, diagram := range diagrams {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(diagram), 0o644))
	}
	return err
}

// install copies pictures of a decent size to dir.
func install(made, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return fs.WalkDir(os.DirFS(made), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(made, name))
		if err != nil {
			return err
		}
		if len(data) > maxPicture || len(bytes.TrimSpace(data)) == 0 {
			return fmt.Errorf("%s has %d bytes; 1 to %d expected", name, len(data), maxPicture)
		}
		fmt.Printf("%s: %d bytes\n", filepath.Join(dir, name), len(data))
		return os.WriteFile(filepath.Join(dir, name), data, 0o644)
	})
}
