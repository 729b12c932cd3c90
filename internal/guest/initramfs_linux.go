package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Copy adds a file of this machine.
func (a *Initramfs) Copy(from, to string) {
	content, err := os.ReadFile(from)
	if err != nil {
		a.Fail(err)
		return
	}
	info, err := os.Stat(from)
	if err != nil {
		a.Fail(err)
		return
	}
	a.File(to, info.Mode(), content)
}

// Program adds a program of this machine with its loader and libraries.
func (a *Initramfs) Program(from, to string) {
	a.Copy(from, to)
	list, err := exec.Command("ldd", from).Output()
	if err != nil && !errors.As(err, new(*exec.ExitError)) { // that is what a static one gives
		a.Fail(fmt.Errorf("list libraries of %s: %w", from, err))
		return
	}
	for _, word := range strings.Fields(string(list)) {
		if filepath.IsAbs(word) {
			a.Copy(word, word)
		}
	}
}
