package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// InitWord is the word after "lab" by which the guest's kernel starts its
// init; whoever sees it calls [Init].
const InitWord = "kernel-guest"

// Exit statuses of a command that did not run, as shells have them.
const (
	statusFailed        = 1
	statusNotExecutable = 126
	statusNotFound      = 127
	statusSignalled     = 128 // plus the signal's number
)

// A spec is what the guest needs to know to run the command.
type spec struct {
	Args  []string
	Env   []string
	Dir   string
	Umask int

	// Terminal asks for one, of Rows by Columns; PipeStderr keeps standard
	// error out of it.
	Terminal      bool
	PipeStderr    bool
	Rows, Columns uint16
}

// specNumbers are the numbers of a spec: its flags, and how many of its words
// are arguments.
const specNumbers = "%d %t %t %d %d %d"

// encode joins everything by NUL, the one byte that neither argument nor
// environment nor file name can hold: numbers, folder, arguments, environment.
func (s spec) encode() string {
	numbers := fmt.Sprintf(specNumbers, s.Umask, s.Terminal, s.PipeStderr, s.Rows, s.Columns, len(s.Args))
	return strings.Join(slices.Concat([]string{numbers, s.Dir}, s.Args, s.Env), "\x00")
}

func decodeSpec(text string) (spec, error) {
	words := strings.Split(text, "\x00")
	var s spec
	var args int
	_, err := fmt.Sscanf(words[0], specNumbers, &s.Umask, &s.Terminal, &s.PipeStderr, &s.Rows, &s.Columns, &args)
	if err != nil || args < 1 || len(words) < 2+args {
		return spec{}, fmt.Errorf("read the command to run: not understood: %q", words[0])
	}
	s.Dir, s.Args, s.Env = words[1], words[2:2+args], words[2+args:]
	return s, nil
}

// withSbin is a PATH that has the system administrator's directories too: an
// ordinary user's often lacks them, and is root in the guest.
func withSbin(path string) string {
	dirs := filepath.SplitList(path)
	if path == "" {
		dirs = []string{"/usr/local/bin", "/usr/bin", "/bin"}
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return strings.Join(dirs, string(filepath.ListSeparator))
}

// find returns the file that a command name stands for under this process's
// PATH, or the exit status that says why there is none.
func find(name string) (path string, status int, err error) {
	path, err = exec.LookPath(name)
	if err == nil || errors.Is(err, exec.ErrDot) {
		return path, 0, nil
	}
	status = statusNotFound
	if errors.Is(err, fs.ErrPermission) {
		status = statusNotExecutable
	} else if info, statErr := os.Stat(name); statErr == nil && info.IsDir() && strings.Contains(name, "/") {
		status = statusNotExecutable
	}
	return "", status, err
}

// hostDirs are the directories of the command that the guest's own file systems
// would hide.
func hostDirs(s spec) []string {
	wanted := []string{s.Dir, filepath.Dir(s.Args[0])}
	for _, entry := range s.Env {
		if dir, ok := strings.CutPrefix(entry, "TMPDIR="); ok {
			wanted = append(wanted, dir)
		}
	}
	var dirs []string
	for _, dir := range wanted {
		hidden := strings.HasPrefix(dir+"/", "/run/") || strings.HasPrefix(dir+"/", "/dev/shm/")
		if hidden && dir != "/run" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
