package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Source is where [Run] looks, and what carries requests out.
type Source struct {
	Look func() Look
	// Do drains or undrains; a warning is not an error.
	Do func(Request) (warning string, err error)
}

// every is how long there is between two looks.
const every = time.Second

// Run shows a model on a terminal until somebody quits or the context ends. The
// terminal is then as it was, also after a panic.
func Run(ctx context.Context, in io.Reader, out io.Writer, m *Model, s Source) error {
	// What changes by itself does so once a second; what keys change is seen soon.
	const frames = 20
	shown := &program{Model: m, source: s}
	p := tea.NewProgram(shown, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out),
		tea.WithoutSignalHandler(), tea.WithFPS(frames))
	_, err := p.Run()
	if shown.panicked != nil {
		return shown.panicked
	}
	if ctx.Err() != nil && !errors.Is(err, tea.ErrProgramPanic) {
		return nil
	}
	return err
}

// program is a model on a terminal.
type program struct {
	*Model
	source        Source
	width, height int
	panicked      error
}

// panicked is a panic of what is done beside the loop, which ends it: bubbletea
// would print it while the program is ending, or not in time.
type panicked struct{ error }

// guard is do, whose panic becomes a message.
func guard(do func() tea.Msg) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if p := recover(); p != nil {
				msg = panicked{fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
			}
		}()
		return do()
	}
}

type (
	tick struct{}
	done struct {
		Request
		warning string
		err     error
	}
)

// Init begins to look.
func (p *program) Init() tea.Cmd { return p.look() }

func (p *program) look() tea.Cmd { return guard(func() tea.Msg { return p.source.Look() }) }

// Update takes what has happened.
func (p *program) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		p.width, p.height = msg.Width, msg.Height
	case Look:
		if !p.Paused() {
			p.See(msg)
		}
		return p, soon()
	case tick:
		if p.Paused() {
			return p, soon()
		}
		return p, p.look()
	case panicked:
		p.panicked = msg.error
		return p, tea.Quit
	case done:
		p.Done(msg.Request, msg.warning, msg.err)
	case tea.KeyPressMsg:
		return p, p.carryOut(p.Key(msg.String()))
	}
	return p, nil
}

func soon() tea.Cmd { return tea.Tick(every, func(time.Time) tea.Msg { return tick{} }) }

func (p *program) carryOut(r Request) tea.Cmd {
	switch r.Kind {
	case Quit:
		return tea.Quit
	case Suspend:
		return tea.Suspend
	case Drain, Undrain:
		return guard(func() tea.Msg {
			warning, err := p.source.Do(r)
			return done{r, warning, err}
		})
	}
	return nil
}

// View draws a frame.
func (p *program) View() tea.View {
	if p.width == 0 {
		return tea.View{AltScreen: true}
	}
	v := tea.NewView(p.Frame(p.width, p.height))
	v.AltScreen = true
	return v
}
