//go:build linux

package acceptance

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"lvsdr/internal/check"
	"lvsdr/internal/doctortest"
	"lvsdr/internal/lab"
	"lvsdr/internal/rehearse"
	"lvsdr/internal/status"
	"lvsdr/lvsdr"
)

// said compares the last standard error with a file, or with nothing, but for
// what a start says of the network around.
func said(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: said [file]")
	}
	want := ""
	if len(args) == 1 {
		want = ts.ReadFile(args[0])
	}
	got, _ := doctortest.Split(ts.ReadFile("stderr"))
	if d := cmp.Diff(want, got); d != "" {
		ts.Fatalf("standard error (-want +got):\n%s", d)
	}
}

// scriptCommands are what our scripts know besides testscript's own commands.
// They run on the script's thread, hence in its namespaces.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"await":    await,
	"close":    closeInput,
	"connect":  connect,
	"cover":    cover,
	"decode":   decode,
	"lan":      buildLAN,
	"lock":     lock,
	"open":     open,
	"readonly": readOnly,
	"said":     said,
	"send":     send,
	"serve":    serve,
	"status":   exits,
}

// patience is how long a script waits for what it expects: a busy machine takes its
// time.
const patience = time.Minute

// arguments ends a script that misuses a command.
func arguments(ts *testscript.TestScript, usage string, ok bool) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

// exits runs a program that has to end with the given exit status. A shell calls
// it by the script's word for it, which testscript makes a path.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "status N program [args...]", !neg && len(args) > 1)
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := exitStatus(ts, ts.Exec("sh", append([]string{"-c", `exec "$@"`, "sh"}, args[1:]...)...))
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func exitStatus(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// await runs a program again and again until its output matches.
func await(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "await pattern program [args...]", !neg && len(args) > 1)
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if re.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("no match for %q in the output", args[0])
		}
	}
}

// cover hides a directory behind an empty one.
func cover(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "cover directory", !neg && len(args) == 1)
	ts.Check(unix.Mount("tmpfs", args[0], "tmpfs", 0, ""))
}

// readOnly lets nobody write below a directory any more.
func readOnly(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "readonly directory", !neg && len(args) == 1)
	ts.Check(unix.Mount(args[0], args[0], "", unix.MS_BIND, ""))
	ts.Check(unix.Mount("", args[0], "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
}

// lock holds the only file that matches a pattern, as another run of lvsdr
// would, until the script ends.
func lock(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "lock pattern", !neg && len(args) == 1)
	names, err := filepath.Glob(args[0])
	ts.Check(err)
	if len(names) != 1 {
		ts.Fatalf("%d files match %s, want one", len(names), args[0])
	}
	f, err := os.Open(names[0])
	ts.Check(err)
	ts.Defer(func() { f.Close() })
	ts.Check(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB))
}

// documented are the objects that --json prints.
var documented = map[string]func() any{
	"check":       func() any { return new(check.Report) },
	"connections": func() any { return new(lvsdr.Connections) },
	"diff":        func() any { return new(lvsdr.Diff) },
	"drain":       func() any { return new(lvsdr.Drain) },
	"lab":         func() any { return new(lab.Report) },
	"list":        func() any { return new(lvsdr.List) },
	"rehearsal":   func() any { return new(rehearse.Report) },
	"status":      func() any { return new(status.Status) },
}

// decode reads the output of the last program as one documented object and
// nothing else.
func decode(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "decode check|connections|diff|drain|lab|list|rehearsal|status", !neg && len(args) == 1 && documented[args[0]] != nil)
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	d.DisallowUnknownFields()
	ts.Check(d.Decode(documented[args[0]]()))
	if _, err := d.Token(); err != io.EOF {
		ts.Fatalf("more than one object: %v", err)
	}
}

// A conversation is a program whose standard input stays open.
type conversation struct {
	cmd            *exec.Cmd
	input          io.WriteCloser
	stdout, stderr strings.Builder
}

func conversationOf(ts *testscript.TestScript) *conversation {
	return ts.Value(conversationKey{}).(*conversation)
}

type conversationKey struct{}

// open starts the script's conversation.
func open(ts *testscript.TestScript, neg bool, args []string) {
	c := conversationOf(ts)
	arguments(ts, "open program [args...]", !neg && len(args) > 0 && c.cmd == nil)
	c.cmd = exec.Command(args[0], args[1:]...)
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	var err error
	c.input, err = c.cmd.StdinPipe()
	ts.Check(err)
	ts.Check(c.cmd.Start())
	ts.Defer(func() { c.cmd.Process.Kill() })
}

// send writes a line to the conversation.
func send(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "send line", !neg && len(args) == 1)
	_, err := io.WriteString(conversationOf(ts).input, args[0]+"\n")
	ts.Check(err)
}

// closeInput ends the conversation, which has to have the given exit status.
func closeInput(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "close N", !neg && len(args) == 1)
	c := conversationOf(ts)
	ts.Check(c.input.Close())
	got := exitStatus(ts, c.cmd.Wait())
	io.WriteString(ts.Stdout(), c.stdout.String())
	io.WriteString(ts.Stderr(), c.stderr.String())
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

// serve answers connections with what they say, until the script ends.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "serve tcp|udp address", !neg && len(args) == 2)
	if args[0] == "udp" {
		c, err := net.ListenPacket(args[0], args[1])
		ts.Check(err)
		ts.Defer(func() { c.Close() })
		go echoPackets(c)
		return
	}
	l, err := net.Listen(args[0], args[1])
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	go echoStreams(l)
}

func echoPackets(c net.PacketConn) {
	b := make([]byte, 2048)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		c.WriteTo(b[:n], from)
	}
}

func echoStreams(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			io.Copy(c, c)
			c.Close()
		}()
	}
}

// connect sends a file, or a word if there is none, and waits for the same
// bytes. The connection stays open until the script ends.
func connect(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, "connect tcp|udp address [file]", !neg && (len(args) == 2 || len(args) == 3))
	text := "hello"
	if len(args) == 3 {
		text = ts.ReadFile(args[2])
	}
	c, err := net.DialTimeout(args[0], args[1], patience)
	ts.Check(err)
	ts.Defer(func() { c.Close() })
	ts.Check(c.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(c, text)
	ts.Check(err)
	echo := make([]byte, len(text))
	_, err = io.ReadFull(c, echo)
	ts.Check(err)
	if string(echo) != text {
		ts.Fatalf("echo is %q, want %q", echo, text)
	}
}
