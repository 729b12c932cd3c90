package lvsdr

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/host"
)

// system is what the verbs need of the system to find their machine.
type system struct {
	open      func(role, access) (machine, error)
	namespace func() (uint64, error) // tells network namespaces apart
	// runDir is where what has to outlive a run is kept, in a folder for each
	// network namespace.
	runDir string
}

// thisSystem is the one that the program runs on.
var thisSystem = system{openMachine, host.NamespaceID, "/run/lvsdr"}

const systemKey = "system"

// systemOf is the system that [newApp] was given.
func systemOf(c *cli.Context) system { return c.App.Metadata[systemKey].(system) }

// session is one verb at work on one machine.
type session struct {
	role   role
	config config.Config
	steps  []step
	scene  *scene
	stdout io.Writer
	stderr io.Writer // discards what --quiet does not want to see
	json   bool
}

// access says what a verb does with the machine: readers neither wait for
// others nor leave a folder behind.
type access int

const (
	reading access = iota
	changing
	stopping
)

// begin reads the configuration, enters the namespace, takes the lock and
// looks at the machine.
func begin(c *cli.Context, r role, a access) (s *session, end func(), err error) {
	s = &session{role: r, stdout: c.App.Writer, stderr: c.App.ErrWriter, json: boolOf(c, "json")}
	if boolOf(c, "quiet") {
		s.stderr = io.Discard
	}
	if s.config, err = configFor(c, r); err != nil {
		return nil, nil, err
	}
	if err := enterNamespace(c); err != nil {
		return nil, nil, err
	}
	dir, end, err := ownFolder(c, a)
	if err != nil {
		return nil, nil, err
	}
	m, err := systemOf(c).open(r, a)
	if err == nil {
		err = s.look(m, dir, options{boolOf(c, "exclusive"), boolOf(c, "flush-firewall")})
	}
	if err != nil {
		end()
		return nil, nil, err
	}
	return s, end, nil
}

// enterNamespace goes where --netns says, for good.
func enterNamespace(c *cli.Context) error {
	name := stringOf(c, "netns")
	if name == "" {
		return nil
	}
	if _, err := host.EnterNetNS(name); err != nil {
		return fmt.Errorf("enter the network namespace %q: %w", name, err)
	}
	return nil
}

func (s *session) look(m machine, dir string, o options) error {
	rec, err := loadRecord(dir)
	if err != nil {
		return err
	}
	return s.lookWith(m, rec, o)
}

func (s *session) lookWith(m machine, rec *record, o options) (err error) {
	s.steps = stepsFor(s.role, s.config, o)
	s.scene, err = look(m, rec)
	return err
}

// ownFolder is the folder of this network namespace, locked where the verb is
// about to change something.
func ownFolder(c *cli.Context, a access) (dir string, unlock func(), err error) {
	sys := systemOf(c)
	id, err := sys.namespace()
	if err != nil {
		return "", nil, fmt.Errorf("tell the network namespace: %w", err)
	}
	dir = filepath.Join(sys.runDir, strconv.FormatUint(id, 10))
	if a == reading {
		return dir, func() {}, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	free, err := lock(dir, setIn(c, "wait").Duration("wait"))
	if err != nil {
		return "", nil, err
	}
	return dir, func() { free() }, nil
}

// explain adds advice to what the kernel said.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return hinted(err, "needs CAP_NET_ADMIN; run it as root")
	case errors.Is(err, syscall.EROFS):
		return hinted(err, "/proc/sys is read-only, as in a container; give it --privileged, or set the value on the host")
	}
	return err
}
