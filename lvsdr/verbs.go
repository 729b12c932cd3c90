package lvsdr

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
)

// roleWords are what a role says.
type roleWords struct{ usage, ready, canceled string }

func (r role) words() roleWords {
	if r == director {
		return roleWords{"the director: VIP, virtual services and their real servers", "The VS Server is Ready!", "The VS Server is Canceled!"}
	}
	return roleWords{"a real server: arp_ignore, arp_announce and the VIP", "The RS Server is Ready!", "The RS Server is Canceled!"}
}

// roleCommand is "lvsdr vs" or "lvsdr rs".
func roleCommand(r role) *cli.Command {
	verb := func(name, usage string, run func(*cli.Context, role) error, more ...cli.Flag) *cli.Command {
		return &cli.Command{
			Name:   name,
			Usage:  usage,
			Flags:  append(append(globalFlags(), configFlags()...), more...),
			Action: func(c *cli.Context) error { return told(c, r, run(c, r)) },
		}
	}
	dryRun := &cli.BoolFlag{Name: "dry-run", Usage: "print what would be done, and do nothing", EnvVars: env("dry-run")}
	startFlags := []cli.Flag{dryRun}
	if r == director {
		startFlags = append(startFlags,
			&cli.BoolFlag{Name: "exclusive",
				Usage: "delete virtual services that are not configured", EnvVars: env("exclusive")},
			&cli.BoolFlag{Name: "flush-firewall",
				Usage: "delete the rules of the IPv4 packet filter; stop does not bring them back", EnvVars: env("flush-firewall")})
	}
	verbs := []*cli.Command{
		verb("start", "make it so", start, startFlags...),
		verb("stop", "take exactly that away again", stop, dryRun),
		verb("status", "what is in place and what is not", showStatus),
		verb("diff", "what start would do", diff),
	}
	if r == director {
		verbs = append(verbs, drainCommand(), undrainCommand())
	}
	return &cli.Command{Name: string(r), Usage: r.words().usage, Subcommands: verbs}
}

// told names the verb in its error, with advice where there is some.
func told(c *cli.Context, r role, err error) error {
	if err == nil {
		return nil
	}
	if exit, ok := err.(exitError); ok {
		return exit
	}
	return exitError{statusFailed, inVerb{fmt.Sprintf("%s %s", r, c.Command.Name), explain(err)}}
}

// inVerb is an error of a verb.
type inVerb struct {
	verb string
	error
}

func (e inVerb) Unwrap() error { return e.error }

func start(c *cli.Context, r role) error {
	if boolOf(c, "dry-run") {
		return preview(c, r, plan)
	}
	return carryOut(c, r, changing, plan, func(s *session) error { return s.say(r.words().ready) })
}

func stop(c *cli.Context, r role) error {
	if boolOf(c, "dry-run") {
		return preview(c, r, unplan)
	}
	return carryOut(c, r, stopping, unplan, func(s *session) error {
		if err := s.scene.record.forgetAll(r); err != nil {
			return err
		}
		return s.say(r.words().canceled)
	})
}

func diff(c *cli.Context, r role) error { return preview(c, r, plan) }

// planner makes the changes of a verb.
type planner func([]step, *scene) ([]change, error)

// say prints a line of the tutorial's scripts.
func (s *session) say(words string) error {
	_, err := fmt.Fprintln(s.stdout, words)
	return err
}

// carryOut carries a plan out, and then what comes after it.
func carryOut(c *cli.Context, r role, a access, planned planner, after func(*session) error) error {
	s, end, err := begin(c, r, a)
	if err != nil {
		return err
	}
	defer end()
	changes, err := planned(s.steps, s.scene)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		fmt.Fprintf(s.stderr, "lvsdr: %s %s: nothing to do\n", r, c.Command.Name)
	}
	if err := apply(s.stderr, changes); err != nil {
		return err
	}
	return after(s)
}

// preview prints a plan. Status 3 says that there is something to do.
func preview(c *cli.Context, r role, planned planner) error {
	s, end, err := begin(c, r, reading)
	if err != nil {
		return err
	}
	defer end()
	changes, err := planned(s.steps, s.scene)
	if err != nil {
		return err
	}
	d := Diff{Role: string(r), Changes: []string{}}
	for _, change := range changes {
		d.Changes = append(d.Changes, change.line)
	}
	if s.json {
		err = writeJSON(c.App.Writer, d)
	} else {
		for _, line := range d.Changes {
			fmt.Fprintln(c.App.Writer, line)
		}
	}
	if err == nil && len(changes) > 0 {
		return exitError{status: statusDiffers}
	}
	return err
}

// Diff is what "diff --json" and "--dry-run --json" print.
type Diff struct {
	Role    string   `json:"role"`    // vs or rs
	Changes []string `json:"changes"` // commands, in order; none: nothing to do
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
