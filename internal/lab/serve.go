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

	"lvsdr/internal/lab/vnet"
)

// startWebServers starts the web servers that do not run, and waits until all answer.
func (l *Lab) startWebServers(ctx context.Context) error {
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

// answers reports whether a real server accepts a connection from itself.
func (l *Lab) answers(host string) bool {
	err := l.In(host, func() error {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(addressOf(host), "80"), time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	})
	return err == nil
}

// webPatience is how long a web server may take to start, on a busy machine.
const webPatience = time.Minute

// startWeb starts a web server that outlives this process, in a session of its
// own, and waits for it.
func (l *Lab) startWeb(ctx context.Context, host string, options ...string) error {
	complaints, err := os.Create(filepath.Join(folder, host, "error_log"))
	if err != nil {
		return err
	}
	defer complaints.Close()
	words := append([]string{"lvsdr", "lab", "web", "--log", l.AccessLog(host)}, options...)
	cmd := l.Command(context.WithoutCancel(ctx), host, words...)
	cmd.Stderr = complaints
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	if err := l.awaitWeb(ctx, host, ended); err != nil {
		cmd.Process.Kill() // Down does not find it before it has entered the host
		<-ended
		text, _ := os.ReadFile(complaints.Name())
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(text)))
	}
	return nil
}

// stopWeb ends the web server of a real server, and whatever else runs there.
func (l *Lab) stopWeb(host string) error {
	inside, err := os.Open(filepath.Join(vnet.Folder, namespace(host)))
	if err != nil {
		return err
	}
	defer inside.Close()
	return kill(inside)
}

// awaitWeb waits until a real server answers.
func (l *Lab) awaitWeb(ctx context.Context, host string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeoutCause(ctx, webPatience, fmt.Errorf("no answer in %v", webPatience))
	defer cancel()
	for !l.answers(host) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ended:
			return errors.New("ended")
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}
