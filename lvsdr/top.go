package lvsdr

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/plan"
	"lvsdr/internal/top"
)

// topCommand is "lvsdr top".
func topCommand() *cli.Command {
	return &cli.Command{
		Name:  "top",
		Usage: "live view of services and real servers",
		Flags: append(append(globalFlags(), configFlags()...),
			&cli.BoolFlag{Name: "once", Usage: "print one frame and exit"}),
		Action: func(c *cli.Context) error {
			o, err := orderOf(c, plan.Director, config.Config.Validate)
			o.verb = "top"
			configured := fileOf(c) != defaultConfig || exists(defaultConfig)
			if err == nil || !configured {
				err = o.top(c, configured)
			}
			return failIn(o.verb, o.netns, err)
		},
	}
}

// top shows what is in place of the configuration or, without one, in the table.
func (o order) top(c *cli.Context, configured bool) error {
	in, isInput := terminalOf(c.App.Reader)
	out, isOutput := terminalOf(c.App.Writer)
	once := boolOf(c, "once")
	if !once && !(isInput && isOutput) {
		return usageError("top: standard input and output have to be a terminal; to print one frame: lvsdr top --once")
	}
	if err := enterNamespaceWhole(o.netns); err != nil {
		return err
	}
	v := &viewer{order: o}
	if configured {
		v.config.Store(&o.config)
	}
	look := func() top.Look {
		st, err := v.status()
		return top.Look{At: time.Now(), Status: st, Err: inOneLine(err)}
	}
	// What is wrong from the outset is an error like any other.
	if _, err := v.status(); err != nil {
		return err
	}
	v.light = true
	host, _ := os.Hostname()
	lookup := c.App.Metadata[environmentKey].(func(string) (string, bool))
	m := top.New(top.Options{Host: host, Configured: configured, Unicode: speaksUTF8(lookup), Colours: o.colours, Bare: !isOutput})
	if once {
		m.See(look())
		_, err := io.WriteString(o.stdout, m.Frame(columnsOf(out, isOutput, lookup), 0))
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	return top.Run(ctx, in, out, m, top.Source{Look: look, Do: o.request})
}

// lightly is a machine whose table is read repeatedly and only for display: without
// the kernel's rates, which only netlink has, and only once. For 1000 real servers
// that is a fortieth of the work.
type lightly struct{ machine }

func (m lightly) Services(d ipvs.Detail) ([]ipvs.ServiceEntry, error) {
	return m.machine.Services(lighter(d))
}

func (m lightly) Destinations(s *ipvs.ServiceEntry, d ipvs.Detail, buf []ipvs.DestinationEntry) ([]ipvs.DestinationEntry, error) {
	return m.machine.Destinations(s, lighter(d), buf)
}

func lighter(d ipvs.Detail) ipvs.Detail { return d &^ (ipvs.Rates | ipvs.Certain) }

// request drains or undrains, without waiting for connections to end.
func (o order) request(r top.Request) (warning string, err error) {
	var warnings bytes.Buffer
	o.stderr, o.stdout, o.warnings, o.json = io.Discard, io.Discard, &warnings, false
	d := drainOrder{order: o, rs: r.RealServer}
	d.verb = "vs " + string(r.Kind)
	if r.Kind == top.Undrain {
		err = undrain(d)
	} else if s, wrong := d.letGo(); wrong != nil {
		err = wrong
	} else {
		err = s.warnOfZero(d.rs)
	}
	warning, _, _ = strings.Cut(warnings.String(), "\n")
	return warning, inOneLine(failIn(d.verb, o.netns, err))
}

// inOneLine is an error with all that there is to say about it.
func inOneLine(err error) error {
	if err == nil {
		return nil
	}
	var exit exitError
	if errors.As(err, &exit) && exit.err != nil {
		err = exit.err
	}
	return errors.New(strings.Join(lines(err), "; "))
}

// terminalOf is the terminal behind a stream.
func terminalOf(stream any) (*os.File, bool) {
	if o, ok := stream.(*output); ok {
		stream = o.Writer
	}
	f, ok := stream.(*os.File)
	return f, ok && term.IsTerminal(f.Fd())
}

// defaultColumns is how wide a frame is that nothing bounds.
const defaultColumns = 80

// columnsOf is how wide a frame is: as COLUMNS says, or as the terminal is.
func columnsOf(out *os.File, isTerminal bool, lookupEnv func(string) (string, bool)) int {
	value, _ := lookupEnv("COLUMNS")
	if n, err := strconv.ParseUint(value, 10, 12); err == nil && n > 0 {
		return int(n)
	}
	if isTerminal {
		if width, _, err := term.GetSize(out.Fd()); err == nil && width > 0 {
			return width
		}
	}
	return defaultColumns
}

// speaksUTF8 reports whether the locale is one of UTF-8 (locale(7)).
func speaksUTF8(lookupEnv func(string) (string, bool)) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value, _ := lookupEnv(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}
