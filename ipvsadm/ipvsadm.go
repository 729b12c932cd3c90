package ipvsadm

import (
	"bufio"
	"fmt"
	"io"

	"lvsdr/internal/command"
	"lvsdr/internal/ipvs"
	"lvsdr/internal/modprobe"
	"lvsdr/internal/names"
)

// outputSize is the room for output before it is written. Output to a pipe
// is held back until the end, as the original's, so that what standard error
// says comes first where both are one pipe.
const outputSize = 64 << 10

// program is one run of ipvsadm.
type program struct {
	executor
	env        command.Env
	name       string // what the program was called
	posix      bool   // the first word that is no option ends the options
	open       func() (balancer, error)
	words      []string // room for those of a restore's line
	loadModule func(stdin io.Reader, stdout, stderr io.Writer) bool
}

func newProgram(env command.Env) *program {
	return &program{
		executor: executor{
			connections: ipvs.Connections,
			names:       names.System(),
			out:         bufio.NewWriterSize(env.Stdout, outputSize),
		},
		env:        env,
		name:       env.Name("ipvsadm"),
		posix:      wantsPOSIX(env.LookupEnv),
		open:       func() (balancer, error) { return openKernel(env.LookupEnv) },
		loadModule: modprobe.Load,
	}
}

// interfaceVariable chooses how the table is read: "netlink", which can tell
// everything; "sockopt", the faster interface for all that it can tell; by
// default that too, and netlink where it fails. The output is the same.
const interfaceVariable = "LVSDR_IPVS_INTERFACE"

func openKernel(lookupEnv func(string) (string, bool)) (balancer, error) {
	through, _ := lookupEnv(interfaceVariable)
	if through == "netlink" {
		return ipvs.Open()
	}
	return ipvs.OpenShort(through == "sockopt")
}

// Run is ipvsadm.
func Run(env command.Env) int {
	p := newProgram(env)
	defer p.out.Flush()
	var words []string
	if len(env.Args) > 1 {
		words = env.Args[1:]
	}
	return p.finish(p.main(words))
}

// finish says what went wrong and gives the exit status.
func (p *program) finish(f *failure) int {
	if f == nil {
		return statusOK
	}
	io.WriteString(p.env.Stderr, f.text)
	return f.status
}

// main keeps the original's order: the kernel first, then the words, then what
// they ask for. Only help and version do without the kernel.
func (p *program) main(words []string) *failure {
	scan := scanner{words: words, posix: p.posix}
	first, _, _ := scan.next()
	if first.option != nil && p.inform(first.action) {
		return nil
	}
	if f := p.connect(); f != nil {
		return f
	}
	if len(words) == 0 {
		return p.list(&Command{action: list})
	}
	c, f := p.parse(words)
	switch {
	case f != nil:
		return f
	case c.action == restore:
		return p.restore(p.env.Stdin)
	}
	return p.run(&c)
}

func (p *program) parse(words []string) (Command, *failure) {
	return Parse(p.name, words, p.names, p.posix)
}

// inform answers -h and -v, and reports whether it was asked for them.
func (p *program) inform(a action) bool {
	switch a {
	case help:
		p.out.WriteString(msgVersion + "\n")
		writeHelp(p.out, p.name)
	case version:
		p.out.WriteString(msgVersion + "\n")
	default:
		return false
	}
	return true
}

// connect opens the door to the kernel, unless it is open, with the module
// loaded if need be. The end of the process closes it.
func (p *program) connect() *failure {
	if p.kernel != nil {
		return nil
	}
	conn, err := p.open()
	if err != nil && p.loadModule(p.env.Stdin, p.env.Stdout, p.env.Stderr) {
		conn, err = p.open()
	}
	if err != nil {
		return &failure{text: fmt.Sprintf(msgNoIPVS, kernelText(none, err)), status: statusUsage}
	}
	p.kernel = conn
	if v := conn.Info().Version; v < minVersion {
		fmt.Fprintf(p.env.Stderr, msgOldIPVS, v>>16&0xff, v>>8&0xff, v&0xff)
	}
	return nil
}

// minVersion is the oldest IPVS that the original does not warn of: 1.1.4.
const minVersion = 0x010104
