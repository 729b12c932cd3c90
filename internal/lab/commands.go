package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

// The functions of this file act on the hosts for the steps. Each shows the
// command that an administrator would type, and its output.

// prompt shows a command before it runs; the function that it returns shows the
// output.
func (w *walk) prompt(host, format string, args ...any) (show func(output string)) {
	s := w.step()
	s.Commands = append(s.Commands, Command{On: host, Command: fmt.Sprintf(format, args...)})
	i := len(s.Commands) - 1
	w.page.prompt(s.Commands[i])
	return func(output string) {
		s.Commands[i].Output = output
		w.page.output(output)
	}
}

// result is what a program printed, and its exit status.
type result struct {
	stdout, stderr string
	status         int
}

// run runs a program, and shows what it printed: standard error first.
func (w *walk) run(ctx context.Context, host string, args ...string) (result, error) {
	show := w.prompt(host, "%s", strings.Join(args, " "))
	r, err := w.runSilently(ctx, host, args...)
	show(r.stderr + r.stdout)
	return r, err
}

// runSilently runs a program without showing it. Its failure is no error.
func (w *walk) runSilently(ctx context.Context, host string, args ...string) (result, error) {
	var stdout, stderr bytes.Buffer
	cmd := w.lab.Command(ctx, host, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	r := result{stdout: stdout.String(), stderr: stderr.String()}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		r.status, err = exit.ExitCode(), nil
	}
	return r, err
}

// pingWait is how long an answer may take; ARP on both sides of the router is
// part of it.
const pingWait = 2 * time.Second

// ping expects an answer from addr to host.
func (w *walk) ping(ctx context.Context, host, addr string) error {
	show := w.prompt(host, "ping -c1 %s", addr)
	var answer pong
	var silence error
	err := w.lab.In(host, func() error {
		answer, silence = ping(ctx, netip.MustParseAddr(addr), pingWait)
		return nil
	})
	if err != nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	seen := "an answer"
	if silence != nil {
		seen = silence.Error()
		show(seen)
	} else {
		show(answer.String())
	}
	w.expect(host+" pings "+addr, "an answer", seen)
	return nil
}

// curl requests a page as the client. Not ok: seen is why there is none.
func (w *walk) curl(ctx context.Context, host string) (seen string, ok bool) {
	show := w.prompt("client", "curl %s", host)
	page, err := w.lab.page(ctx, &url.URL{Scheme: "http", Host: host, Path: "/"})
	if err != nil {
		seen = reason(err)
		show("curl: " + seen)
		return seen, false
	}
	show(page)
	return strings.TrimSpace(page), true
}

// reason is why there was no page, without the address: the command names it.
func reason(err error) string {
	if of, ok := errors.AsType[*net.OpError](err); ok {
		err = of.Err
	}
	return err.Error()
}
