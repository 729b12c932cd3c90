package lvsdr

import (
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"lvsdr/internal/lab"
)

// labWebCommand is the web server that lab up starts on the real servers.
func labWebCommand() *cli.Command {
	return &cli.Command{
		Name:   "web",
		Usage:  "serve a page with the addresses of this machine",
		Hidden: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Usage: "`ADDRESS:PORT` to listen on", Value: ":80"},
			&cli.BoolFlag{Name: "keep", Usage: "keep connections open"},
			&cli.StringFlag{Name: "log", Usage: "access log (`FILE`)", DefaultText: "standard output"},
		},
		Action: labWeb,
	}
}

func labWeb(c *cli.Context) error {
	log := c.App.Writer
	if name := c.String("log"); name != "" {
		f, err := os.Create(name)
		if err != nil {
			return labExit(c, statusFailed, err)
		}
		defer f.Close()
		log = io.Writer(f)
	}
	return labExit(c, statusFailed, lab.Web(c.String("listen"), c.Bool("keep"), log))
}
