package imports

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"lvsdr/internal/config"
	"lvsdr/internal/ipvs"
)

// merge adds a service to the configuration, or its VIP to a service that is the
// same otherwise, and returns which.
func merge(c *config.Config, s config.Service) int {
	for i := range c.Services {
		have := &c.Services[i]
		same := *have
		same.VIPs = s.VIPs
		if s.FWMark == 0 && ipvs.FamilyOf(have.VIPs[0]) == ipvs.FamilyOf(s.VIPs[0]) && reflect.DeepEqual(same, s) {
			have.VIPs = slices.Concat(have.VIPs, s.VIPs)
			return i
		}
	}
	c.Services = append(c.Services, s)
	return len(c.Services) - 1
}

// factor says once what all services have in common.
func factor(c *config.Config) {
	first := c.Services[0]
	common := func(of func(config.Service) any) bool {
		return !slices.ContainsFunc(c.Services, func(s config.Service) bool { return !reflect.DeepEqual(of(s), of(first)) })
	}
	vips := common(func(s config.Service) any { return s.VIPs }) && len(first.VIPs) > 0
	servers := common(func(s config.Service) any { return s.RealServers })
	if vips {
		c.VIPs = first.VIPs
	}
	if servers {
		c.RealServers = first.RealServers
	}
	if common(func(s config.Service) any { return s.Check }) {
		c.Check = first.Check
	}
	for i := range c.Services {
		if vips {
			c.Services[i].VIPs = nil
		}
		if servers {
			c.Services[i].RealServers = nil
		}
	}
}

// YAML writes the file: the configuration, each remark as a comment where it
// belongs, those on no service first. From is the source.
func (f File) YAML(from string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, imported by lvsdr.\n", comment(from))
	f.comments(&b, "", -1)
	service := -1
	for line := range strings.Lines(string(f.Config.YAML())) {
		if strings.HasPrefix(line, "  - port: ") || strings.HasPrefix(line, "  - fwmark: ") {
			service++
			f.comments(&b, "  ", service)
		}
		b.WriteString(line)
	}
	return []byte(b.String())
}

func (f File) comments(b *strings.Builder, indent string, service int) {
	for _, r := range f.Remarks {
		if r.Service == service {
			fmt.Fprintf(b, "%s# %s\n", indent, comment(r.Text))
		}
	}
}

// comment is a text on one line, of characters that YAML takes in a comment.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
