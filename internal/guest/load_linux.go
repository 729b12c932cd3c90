package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// initramfsModules has the modules of [Stock.WriteInitramfs].
const initramfsModules = "/modules"

// LoadModules loads the modules that a stock kernel's initramfs has.
func LoadModules() error {
	files, err := os.ReadDir(initramfsModules) // sorted, as they are numbered
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := loadModule(filepath.Join(initramfsModules, file.Name())); err != nil {
			return fmt.Errorf("load %s: %w", file.Name(), err)
		}
	}
	return nil
}

// loadModule leaves a compressed file to the kernel (finit_module(2)).
func loadModule(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	flags := 0
	if !strings.HasSuffix(path, ".ko") {
		flags = unix.MODULE_INIT_COMPRESSED_FILE
	}
	return unix.FinitModule(int(file.Fd()), "", flags)
}
