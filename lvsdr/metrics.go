package lvsdr

import (
	"github.com/urfave/cli/v2"

	"lvsdr/internal/config"
	"lvsdr/internal/metrics"
	"lvsdr/internal/plan"
)

// metricsCommand is "lvsdr metrics".
func metricsCommand() *cli.Command {
	return &cli.Command{
		Name:  "metrics",
		Usage: "print the metrics for Prometheus once",
		Flags: append(globalFlags(), configFlags()...),
		Action: func(c *cli.Context) error {
			o, err := orderOf(c, plan.Director, config.Config.Validate)
			o.verb = "metrics"
			if err == nil {
				err = o.metrics()
			}
			return failIn(o.verb, o.netns, err)
		},
	}
}

func (o order) metrics() error {
	s, err := o.look(o.need())
	if err != nil {
		return err
	}
	collector := metrics.Collector{Status: s.status, Version: version()}
	return collector.Write(o.stdout)
}
