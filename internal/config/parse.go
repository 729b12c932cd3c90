package config

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	byteOrderMark = "\ufeff"
	maxSize       = 1 << 20 // bytes of a file
	maxDepth      = 16      // of lists and mappings within each other; we need 5
	wantText      = "text in UTF-8"
	wantYAML      = "YAML as lvsdr init prints it"
)

// parse returns the one value of the file.
func parse(text string) (value, *Fault) {
	if fault := checkText(text); fault != nil {
		return value{}, fault
	}
	loader, err := yaml.NewLoader(strings.NewReader(text), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthFunc(checkDepth))))
	if err != nil {
		return value{}, syntaxFault(text, err)
	}
	var document, other yaml.Node
	if err := loader.Load(&document); err == io.EOF {
		return value{}, &Fault{What: "no configuration", Want: "one as lvsdr init prints it"}
	} else if err != nil {
		return value{}, syntaxFault(text, err)
	}
	switch err := loader.Load(&other); {
	case err == nil:
		at := other.Content[0]
		return value{}, &Fault{Line: at.Line, Column: at.Column, What: "a second document", Want: "one document"}
	case err != io.EOF:
		return value{}, syntaxFault(text, err)
	}
	return value{Node: document.Content[0]}, nil
}

var errDepth = errors.New("nested too deeply")

func checkDepth(depth int, _ *loaderlimits.DepthContext) error {
	if depth > maxDepth {
		return errDepth
	}
	return nil
}

// checkText looks for what is not text, with the position that the YAML library
// would not give, and for directives, which it would take.
func checkText(text string) *Fault {
	line, start := 1, 0
	for i, r := range text {
		what, want := "", wantText
		switch {
		case i >= maxSize:
			what, want = "a file of more than 1 MiB", "a configuration file"
		case r == '%' && i == start:
			what, want = "a directive", "none"
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd"):
			what = fmt.Sprintf("byte 0x%02x", text[i])
		case r == '\n':
			line, start = line+1, i+1
		case r == '\r' && strings.HasPrefix(text[i:], "\r\n"), r == '\t':
		case r < ' ', 0x7f <= r && r < 0xa0, strings.ContainsRune("\u2028\u2029\ufeff\ufffe\uffff", r):
			what = fmt.Sprintf("control character %U", r)
		}
		if what != "" {
			return &Fault{Line: line, Column: utf8.RuneCountInString(text[start:i]) + 1, What: what, Want: want}
		}
	}
	return nil
}

// syntaxFault is at what is open if that comes to light at the end of the file.
func syntaxFault(text string, err error) *Fault {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return &Fault{What: "not YAML: " + printable(err.Error()), Want: wantYAML}
	}
	at := e.Mark
	if at.Index >= utf8.RuneCountInString(text) && e.ContextMark.Line > 0 {
		at = e.ContextMark
	}
	if e.Message == errDepth.Error() { // the library hands on no more of it
		return &Fault{Line: at.Line, Column: at.Column, What: errDepth.Error(), Want: "no more than lvsdr init prints"}
	}
	return &Fault{Line: at.Line, Column: at.Column, What: "not YAML: " + printable(e.Message), Want: wantYAML}
}
