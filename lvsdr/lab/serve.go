package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// serve starts the web servers that do not run, and waits until all answer.
func (l *Lab) serve(ctx context.Context) error {
	for _, host := range []string{"rs1", "rs2"} {
		if l.answers(host) {
			continue
		}
		if err := l.startWeb(ctx, host); err != nil {
			return fmt.Errorf("web server of %s: %w", host, err)
		}
	}
	return nil
}

// answers reports whether a real server accepts a connection, asked on the host
// itself.
func (l *Lab) answers(host string) bool {
	err := l.In(host, func() error {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(realServers[host], "80"), time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	})
	return err == nil
}

// webPatience is how long a web server may take to start.
const webPatience = 20 * time.Second

// startWeb starts a web server that outlives this process, in a session of its
// own, and waits for it.
func (l *Lab) startWeb(ctx context.Context, host string) error {
	complaints, err := os.Create(filepath.Join(folder, host, "error_log"))
	if err != nil {
		return err
	}
	defer complaints.Close()
	cmd := l.Command(context.WithoutCancel(ctx), host, "lvsdr", "lab", "web", "--log", l.AccessLog(host))
	cmd.Stderr = complaints
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	deadline := time.After(webPatience)
	for !l.answers(host) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			text, _ := os.ReadFile(complaints.Name())
			return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(text)))
		case <-deadline:
			return errors.New("does not answer")
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}
