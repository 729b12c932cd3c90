package lvsdr

import (
	"fmt"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:   "version",
		Usage:  "print the version",
		Action: printVersion,
	}
}

// printVersion is "lvsdr version", and "lvsdr --version".
func printVersion(c *cli.Context) error {
	_, err := fmt.Fprintln(c.App.Writer, "lvsdr", version())
	return err
}

// release is the version of a build that was told one: "make build" takes it
// from CHANGELOG.md.
var release string

// version is the release, or the module's version as the build recorded it.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
