package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	byteOrderMark = "\ufeff"
	maxSize       = 1 << 20 // bytes of a file
	maxDepth      = 16      // of lists and mappings within each other; we need 5
	wantText      = "text in UTF-8"
	wantYAML      = "YAML as lvsdr init prints it"
)

// parse returns the one value of the file.
func parse(text string) (root ast.Node, fault *Fault) {
	if fault := scan(text); fault != nil {
		return nil, fault
	}
	defer func() {
		if p := recover(); p != nil { // the parser is not ours
			root, fault = nil, &Fault{What: "not understood: " + printable(fmt.Sprint(p)), Want: wantYAML}
		}
	}()
	tokens := lexer.Tokenize(text)
	if fault := tooDeep(tokens); fault != nil {
		return nil, fault
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxFault(err)
	}
	return onlyDocument(file)
}

// scan looks for what is not text, with the position that the YAML library
// would not give.
func scan(text string) *Fault {
	line, start := 1, 0
	for i, r := range text {
		at := func(what, want string) *Fault {
			column := utf8.RuneCountInString(text[start:i]) + 1
			return &Fault{Line: line, Column: column, What: what, Want: want}
		}
		switch {
		case i >= maxSize:
			return at("a file of more than 1 MiB", "a configuration file")
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd"):
			return at(fmt.Sprintf("byte 0x%02x", text[i]), wantText)
		case r == '\n':
			line, start = line+1, i+1
		case r == '\r' && strings.HasPrefix(text[i:], "\r\n"), r == '\t':
		case r < ' ', 0x7f <= r && r < 0xa0, r == 0xfeff, r == 0x2028, r == 0x2029:
			return at(fmt.Sprintf("control character %U", r), wantText)
		}
	}
	return nil
}

// tooDeep bounds the depth before the parser descends: its time grows with the
// square of it. Depth by indentation needs lines, depth by brackets or dashes
// does not.
func tooDeep(tokens token.Tokens) *Fault {
	brackets, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
		}
		if brackets > maxDepth || dashes > maxDepth {
			return tokenFault(t, "lists within lists", "no more than lvsdr init prints")
		}
	}
	return nil
}

func syntaxFault(err error) *Fault {
	var e yaml.Error
	if errors.As(err, &e) {
		return tokenFault(e.GetToken(), "not YAML: "+printable(e.GetMessage()), wantYAML)
	}
	return &Fault{What: "not YAML: " + printable(err.Error()), Want: wantYAML}
}

func tokenFault(t *token.Token, what, want string) *Fault {
	f := &Fault{What: what, Want: want}
	if t != nil && t.Position != nil {
		f.Line, f.Column = t.Position.Line, t.Position.Column
	}
	return f
}

// onlyDocument is the value of a file that has one document, and nothing else.
func onlyDocument(file *ast.File) (ast.Node, *Fault) {
	var root ast.Node
	for _, d := range file.Docs {
		switch {
		case d.Body == nil && d.Start != nil && root != nil:
			return nil, tokenFault(d.Start, "another document", "one document")
		case d.Body == nil:
		case d.Body.Type() == ast.DirectiveType:
			return nil, tokenFault(d.Body.GetToken(), "a directive", "none")
		case root != nil:
			return nil, tokenFault(firstToken(d.Body), "another document", "one document")
		default:
			root = d.Body
		}
	}
	if root == nil {
		return nil, &Fault{What: "no configuration", Want: "one as lvsdr init prints it"}
	}
	return root, nil
}
