package rehearse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"lvsdr/internal/config"
)

// folder is where the files of a rehearsal are.
const folder = "/run/lvsdr/rehearse"

// The files: the configuration that the machines have, a certificate, its key.
const (
	configFile = folder + "/lvsdr.yaml"
	certFile   = folder + "/cert.pem"
	keyFile    = folder + "/key.pem"
)

// writeFiles writes a certificate, and the configuration.
func (s *stage) writeFiles() (own tls.Certificate, err error) {
	addresses := s.config.AllVIPs()
	for _, m := range s.machines {
		addresses = append(addresses, m.addr)
	}
	own, cert, key, err := newCertificate(s.names(), addresses)
	if err != nil {
		return own, err
	}
	return own, errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(certFile, cert, 0o644),
		os.WriteFile(keyFile, key, 0o600), os.WriteFile(configFile, rehearsed(s.config).YAML(), 0o644))
}

// names are those that checks want to see in certificates.
func (l *cluster) names() (all []string) {
	for _, s := range l.services {
		if !s.Of.Check.Asks() {
			continue
		}
		host, _, _ := strings.Cut(s.Of.Check.Host, ":")
		for _, name := range []string{s.Of.Check.Name, host} {
			if name != "" && !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

// rehearsed is a configuration without what would reach beyond the rehearsal: the
// program that is given events, and the page. Certificates are the rehearsal's.
func rehearsed(c config.Config) config.Config {
	c.Watch.OnEvent, c.Watch.Listen, c.Watch.VIP = nil, "", config.VIPOwn
	c.Check = trusting(c.Check)
	c.Services = slices.Clone(c.Services)
	for i := range c.Services {
		one := &c.Services[i]
		one.Check = trusting(one.Check)
		if one.Sorry.Cert != "" {
			one.Sorry.Cert, one.Sorry.Key = certFile, keyFile
		}
	}
	return c
}

// trusting is a check that trusts the rehearsal's certificate.
func trusting(c *config.Check) *config.Check {
	if !c.Asks() || c.Type != config.CheckTLS && c.Type != config.CheckHTTPS {
		return c
	}
	own := *c
	own.CA = certFile
	return &own
}

// filter loads rules into the director's packet filter.
func (s *stage) filter(ctx context.Context, rules string) error {
	text, err := os.ReadFile(rules)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	words := loaderOf(string(text), rules)
	s.say("%s on the director", strings.Join(words, " "))
	return s.run(director, exec.CommandContext(ctx, words[0], words[1:]...))
}

// loaderOf is what loads rules: as iptables-save(8) writes them, or nft(8). Of
// the two generations of iptables, every kernel has the older.
func loaderOf(text, file string) []string {
	saved := slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool { return strings.HasPrefix(line, "*") })
	if !saved {
		return []string{"nft", "-f", file}
	}
	name := "iptables"
	if strings.Contains(text, "ip6tables-save") {
		name = "ip6tables"
	}
	if older := name + "-legacy-restore"; exists(older) {
		return []string{older, file}
	}
	return []string{name + "-restore", file}
}

func exists(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}
