package names

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// getent asks the C library of this machine; part of libc-bin, it is never
// missing where the reference can run. What it does not find it leaves out.
func getent(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("getent", args...).Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 2) {
		t.Fatalf("getent %s: %v", args[0], err)
	}
	return slices.Collect(strings.Lines(string(out)))
}

// Every service of this machine has the port and the name that getent sees.
func TestGetentServices(t *testing.T) {
	r := System()
	for _, protocol := range []string{"tcp", "udp", "sctp"} {
		var keys, missing, want []string
		for key := range r.servicesFile().ports {
			query := key.name + "/" + protocol
			if strings.Contains(key.name, "/") || key.name[0] <= '9' {
				continue // getent takes these apart, or for numbers
			}
			if port, ok := r.Port(key.name, protocol); ok {
				name, _ := r.Service(port, protocol)
				keys, want = append(keys, query), append(want, name)
			} else {
				missing = append(missing, query)
			}
		}
		checkServices(t, r, protocol, keys, want)
		if len(missing) > 0 {
			if got := getent(t, append([]string{"services"}, missing...)...); len(got) > 0 {
				t.Errorf("getent services found %q; want none", got)
			}
		}
	}
}

// checkServices compares names and ports, by name and by port.
func checkServices(t *testing.T, r *Resolver, protocol string, keys, names []string) {
	t.Helper()
	if len(keys) == 0 {
		return
	}
	lines := getent(t, append([]string{"services"}, keys...)...)
	if len(lines) != len(keys) {
		t.Fatalf("getent services found %d of %d", len(lines), len(keys))
	}
	var ports []string
	for i, line := range lines {
		name, _, _ := strings.Cut(keys[i], "/")
		number, _, _ := strings.Cut(fields(line)[1], "/")
		want, _ := parsePort(number)
		if got, _ := r.Port(name, protocol); got != want {
			t.Errorf("Port(%q, %q) = %d; getent says %d", name, protocol, got, want)
		}
		ports = append(ports, number+"/"+protocol)
	}
	for i, line := range getent(t, append([]string{"services"}, ports...)...) {
		if want := fields(line)[0]; names[i] != want {
			t.Errorf("Service(%s) = %q; getent says %q", ports[i], names[i], want)
		}
	}
}

// Every IPv4 host in the hosts file of this machine has the address and the name
// that getent sees. getent sorts addresses, so ours must be one of them.
func TestGetentHosts(t *testing.T) {
	r := System()
	checked := 0
	for name, addr := range r.hostsFile().addrs {
		if name == "" || numeric(name) {
			continue
		}
		checked++
		got, _ := r.Host4(name)
		lines := getent(t, "ahostsv4", name)
		known := slices.ContainsFunc(lines, func(line string) bool { return fields(line)[0] == got.String() })
		if !known {
			t.Errorf("Host4(%q) = %v; getent says %q", name, got, lines)
		}
		official, _ := r.HostName(addr)
		if lines := getent(t, "hosts", addr.String()); len(lines) != 1 || fields(lines[0])[1] != official {
			t.Errorf("HostName(%v) = %q; getent says %q", addr, official, lines)
		}
	}
	if checked == 0 {
		t.Error("the hosts file of this machine is empty")
	}
}
