package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A message is what the guest says, as a line of JSON. In the last one is no
// result.
type message struct {
	Result *result `json:",omitempty"`
	Failed string  `json:",omitempty"`
}

func (m message) print() {
	text, _ := json.Marshal(m) // of strings and numbers: cannot fail
	fmt.Printf("%s\n", text)
}

var errEarly = errors.New("ended too early")

// readResults reports the results on a guest's console until the guest's last
// message, and returns what else there was.
func readResults(console io.Reader, report func(result)) (said []byte, err error) {
	err = errEarly
	lines := bufio.NewScanner(console)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var m message
		switch {
		case json.Unmarshal(lines.Bytes(), &m) != nil:
			said = append(append(said, lines.Bytes()...), '\n')
		case m.Failed != "":
			err = errors.New(m.Failed)
		case m.Result == nil:
			err = nil
		default:
			report(*m.Result)
		}
	}
	return said, err
}
