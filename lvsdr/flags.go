package lvsdr

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/hint"
	"lvsdr/internal/plan"
)

// defaultConfig is the file that the director and the real servers share.
const defaultConfig = "/etc/lvsdr/lvsdr.yaml"

// globalFlags may stand before or behind the verb.
func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Category: ofMost, Usage: "configuration `FILE`, else " + defaultConfig + "; -: none"},
		netnsFlag(),
		&cli.DurationFlag{Name: "wait", Category: ofMost, Usage: "wait at most `DURATION` for another lvsdr", Value: 10 * time.Second},
		jsonFlag(),
		&cli.BoolFlag{Name: "quiet", Category: ofMost, Usage: "do not print the steps"},
	}
}

func netnsFlag() cli.Flag {
	return &cli.StringFlag{Name: "netns", Category: ofMost, Usage: "work inside the network namespace `NAME`"}
}

func jsonFlag() cli.Flag {
	return &cli.BoolFlag{Name: "json", Category: ofMost, Usage: "print one JSON object"}
}

// configFlags win over the file.
func configFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "vip", Category: insteadOfFile, Usage: "VIP (`ADDRESS`); repeatable"},
		&cli.StringFlag{Name: "label", Category: insteadOfFile, Usage: "`INTERFACE:ALIAS` that carries the VIP"},
		&cli.StringSliceFlag{Name: "port", Category: insteadOfFile, Usage: "service on `PORT[/udp]`; repeatable"},
		&cli.StringFlag{Name: "scheduler", Category: insteadOfFile, Usage: "scheduler `NAME`"},
		&cli.StringFlag{Name: "forward", Category: insteadOfFile, Usage: "direct, tunnel or masquerade (`METHOD`)"},
		&cli.StringFlag{Name: "persistent", Category: insteadOfFile, Usage: "a client stays with its real server for `SECONDS`"},
		&cli.StringSliceFlag{Name: "rs", Category: insteadOfFile, Usage: "real server, `ADDR[:PORT][=WEIGHT]`; repeatable"},
	}
}

// env is the environment's name of a flag.
func env(flag string) string {
	return "LVSDR_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// bindFlags gives flags their names in the environment, where an empty value is none, and
// refuses durations below zero.
func bindFlags(flags []cli.Flag) {
	for _, f := range flags {
		name, vars := f.Names()[0], new([]string)
		switch f := f.(type) {
		case *cli.BoolFlag:
			vars = &f.EnvVars
		case *cli.DurationFlag:
			vars = &f.EnvVars
			f.Action = func(c *cli.Context, d time.Duration) error {
				if d < 0 {
					return wrongFlag(c, wrongValue("flag --"+name, d.String(), f))
				}
				return nil
			}
		case *cli.IntFlag:
			vars = &f.EnvVars
		case *cli.StringFlag:
			vars = &f.EnvVars
		case *cli.StringSliceFlag:
			vars = &f.EnvVars
		}
		if value, set := os.LookupEnv(env(name)); !set || value != "" {
			*vars = []string{env(name)}
		}
	}
}

// refuseEmpty keeps a flag without a value, as a script has it whose variable is
// unset, from meaning the default.
func refuseEmpty(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		for _, outer := range c.Lineage() {
			flags := c.App.Flags
			if outer.Command != nil && outer.Command.Flags != nil {
				flags = outer.Command.Flags
			}
			for _, f := range flags {
				name := f.Names()[0]
				empty := false
				switch f.(type) {
				case *cli.StringFlag:
					empty = outer.IsSet(name) && outer.String(name) == ""
				case *cli.StringSliceFlag:
					empty = slices.Contains(outer.StringSlice(name), "")
				}
				if empty {
					verb, _ := verbName(c)
					_, value, _ := strings.Cut(f.(cli.DocGenerationFlag).GetUsage(), "`")
					value, _, _ = strings.Cut(value, "`")
					return usageError("%s: flag --%s: %q, expected %s", verb, name, "", value)
				}
			}
		}
		return action(c)
	}
}

// setIn is the context nearest to the verb in which a flag was given, since
// flags may stand before or behind it.
func setIn(c *cli.Context, flag string) *cli.Context {
	for _, outer := range c.Lineage() {
		if outer.IsSet(flag) {
			return outer
		}
	}
	return c
}

func stringOf(c *cli.Context, flag string) string { return setIn(c, flag).String(flag) }
func stringsOf(c *cli.Context, flag string) []string {
	return setIn(c, flag).StringSlice(flag)
}
func boolOf(c *cli.Context, flag string) bool { return setIn(c, flag).Bool(flag) }

// configOf is the configuration that file, environment and flags make. A
// missing file matters only if it was named, or if nothing says what the VIP is.
func configOf(c *cli.Context) (config.Config, error) {
	path := stringOf(c, "config")
	named := path != ""
	if !named {
		path = defaultConfig
	}
	cfg, err := config.Default(), error(nil)
	if path != plan.FlagsAlone {
		cfg, err = config.Read(path)
	}
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case missing && (named || !setIn(c, "vip").IsSet("vip")):
		return config.Config{}, exitError{statusUsage, hint.Add(fmt.Errorf("configuration: %s does not exist", path),
			"make one: lvsdr init > "+path)}
	case missing:
		cfg = config.Default()
	case err != nil:
		return config.Config{}, exitError{statusUsage, err}
	}
	cfg, err = overrides(c).Apply(cfg)
	if err != nil {
		return config.Config{}, exitError{statusUsage, err}
	}
	return cfg, nil
}

// fileOf identifies the configuration that a verb acts for: its absolute path,
// without symbolic links, or [plan.FlagsAlone]. A pipe, as in "lvsdr vs start
// --config /dev/stdin", counts as the latter: its name differs each time.
func fileOf(c *cli.Context) string {
	path := stringOf(c, "config")
	switch {
	case path == plan.FlagsAlone:
		return path
	case path != "":
	case !exists(defaultConfig) && setIn(c, "vip").IsSet("vip"):
		return plan.FlagsAlone
	default:
		path = defaultConfig
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	real := resolve(path)
	if exists(path) && !exists(real) {
		return plan.FlagsAlone
	}
	return real
}

// resolve follows the symbolic links of an absolute path as far as it exists: the
// file may be gone, with the end of a link or with its folder.
func resolve(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real
	}
	folder := filepath.Dir(path)
	if !errors.Is(err, fs.ErrNotExist) || folder == path {
		return path
	}
	folder = resolve(folder)
	path = filepath.Join(folder, filepath.Base(path))
	target, err := os.Readlink(path)
	switch {
	case err != nil:
		return path
	case !filepath.IsAbs(target):
		target = filepath.Join(folder, target)
	}
	return resolve(target)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// requireComplete refuses a configuration that does not say all that a verb
// needs.
func requireComplete(c *cli.Context, cfg config.Config, complete func(config.Config) error) error {
	err := complete(cfg)
	if err == nil {
		return nil
	}
	from := cmp.Or(stringOf(c, "config"), defaultConfig)
	if from == plan.FlagsAlone || !exists(from) {
		from = "configuration"
	}
	return exitError{statusUsage, fmt.Errorf("%s: %w", from, err)}
}

func overrides(c *cli.Context) config.Overrides {
	return config.Overrides{
		VIPs:        stringsOf(c, "vip"),
		Label:       stringOf(c, "label"),
		Ports:       stringsOf(c, "port"),
		Scheduler:   stringOf(c, "scheduler"),
		Forward:     stringOf(c, "forward"),
		Persistent:  stringOf(c, "persistent"),
		RealServers: stringsOf(c, "rs"),
	}
}
