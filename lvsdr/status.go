package lvsdr

import (
	"os"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/command"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/status"
)

// showStatus prints what is in place. Status 3 says that not all of it is.
func showStatus(c *cli.Context, r role) error {
	s, end, err := begin(c, r, reading)
	if err != nil {
		return err
	}
	defer end()
	st, err := s.status()
	if err != nil {
		return err
	}
	if s.json {
		err = writeJSON(c.App.Writer, st)
	} else {
		_, plain := os.LookupEnv("NO_COLOR")
		st.Print(c.App.Writer, command.IsTerminal(c.App.Writer) && !plain)
	}
	if err == nil && !st.InPlace {
		return exitError{status: statusDiffers}
	}
	return err
}

func (s *session) status() (status.Status, error) {
	st := status.Status{Role: string(s.role), VIPs: []status.VIP{}}
	for _, t := range s.steps {
		if err := t.report(s.scene, &st); err != nil {
			return status.Status{}, err
		}
	}
	st.InPlace = st.AllInPlace()
	return st, nil
}

// fill adds what the kernel has of a real server.
func fill(st *status.RealServer, d *ipvs.DestinationEntry) {
	st.Forward, st.Weight = ipvs.Methods.Name(d.Forward), d.Weight
	st.Active, st.Inactive, st.Rate = d.Active, d.Inactive, d.Stats.ConnectionRate
}
