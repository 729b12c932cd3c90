package lab

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"lvsdr/internal/host"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/lab/vnet"
)

// The parameters of each interface, of "all" and of "default", that matter in
// the walk.
var linkParameters = []string{"arp_announce", "arp_ignore", "rp_filter"}

// readStates reads the state of each host, as sorted lines.
func (w *walk) readStates() (map[string]string, error) {
	all := map[string]string{}
	for _, host := range hostNames() {
		err := w.lab.In(host, func() error {
			lines, err := readState()
			slices.Sort(lines)
			all[host] = strings.Join(lines, "\n")
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", host, err)
		}
	}
	return all, nil
}

// readState reads the network namespace of the calling thread: addresses, routes,
// kernel parameters and the table of IPVS.
func readState() (lines []string, err error) {
	for _, part := range []func() ([]string, error){addressLines, routeLines, parameterLines, ipvsLines} {
		more, err := part()
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return lines, nil
}

func addressLines() (lines []string, err error) {
	addresses, err := host.NewHost().Addresses()
	for _, a := range addresses {
		lines = append(lines, fmt.Sprintf("address %s dev %s label %q", a.Prefix, a.Interface, a.Label))
	}
	return lines, err
}

func routeLines() (lines []string, err error) {
	routes, err := vnet.Routes()
	for _, r := range routes {
		lines = append(lines, "route "+r.String())
	}
	return lines, err
}

func parameterLines() (lines []string, err error) {
	links, err := host.NewHost().Links()
	if err != nil {
		return nil, err
	}
	names := []string{"net.ipv4.ip_forward"}
	for _, p := range linkParameters {
		names = append(names, host.LinkParameter("all", p), host.LinkParameter("default", p))
		for _, l := range links {
			names = append(names, host.LinkParameter(l.Name, p))
		}
	}
	for _, name := range names {
		value, err := host.Sysctl{}.Get(name)
		if err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("%s = %d", name, value))
	}
	return lines, nil
}

func ipvsLines() (lines []string, err error) {
	conn, err := ipvs.Open()
	if err != nil {
		return nil, fmt.Errorf("ipvs: %w", err)
	}
	defer conn.Close()
	services, err := conn.Services(ipvs.Everything)
	if err != nil {
		return nil, fmt.Errorf("ipvs: %w", err)
	}
	const expires = "net.ipv4.vs.expire_nodest_conn" // no user namespace but the first has it
	value, err := host.Sysctl{}.Get(expires)
	if err == nil {
		lines = append(lines, fmt.Sprintf("%s = %d", expires, value))
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, s := range services {
		destinations, err := conn.Destinations(&s, ipvs.Everything, nil)
		if err != nil {
			return nil, fmt.Errorf("ipvs: %w", err)
		}
		lines = append(lines, fmt.Sprintf("service %+v", s.Service))
		for _, d := range destinations {
			lines = append(lines, fmt.Sprintf("service %+v real server %+v", s.Service, d.Destination))
		}
	}
	return lines, nil
}

// differences are the lines that only one of two states has.
func differences(before, after string) string {
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	var lines []string
	for _, line := range old {
		if !slices.Contains(now, line) {
			lines = append(lines, "gone: "+line)
		}
	}
	for _, line := range now {
		if !slices.Contains(old, line) {
			lines = append(lines, "new: "+line)
		}
	}
	return strings.Join(lines, "\n")
}
