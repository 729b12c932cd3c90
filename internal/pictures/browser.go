package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// browser is Debian's chromium without a window.
const browser = "chromium-headless-shell"

// scheme is what a browser's user prefers, as chromium counts.
type scheme int

const (
	dark scheme = iota
	light
)

// browse opens a page, and returns what the browser prints.
func browse(s scheme, width, height int, url string, more ...string) (string, error) {
	words := append([]string{"--no-sandbox", "--disable-gpu", "--hide-scrollbars", fmt.Sprintf("--window-size=%d,%d", width, height),
		fmt.Sprintf("--blink-settings=preferredColorScheme=%d", s)}, append(more, url)...)
	cmd := exec.Command(browser, words...)
	home, err := os.MkdirTemp("", "browser")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(home)
	cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+home)
	var out, log strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", browser, url, err, &log)
	}
	return out.String(), nil
}
