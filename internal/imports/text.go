package imports

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// MostText is how many bytes a file may have; one of keepalived with those that it
// includes, and with the values of its parameters.
const MostText = 1 << 24

// Text is a file.
type Text struct{ Path, Text string }

// Files are the files that match a pattern of an include, by their names, in
// order.
type Files func(pattern string) ([]Text, error)

// Decode is the text of a file, with lines as Unix ends them. What is no text is
// refused; one in an older encoding of eight bits is taken, since its keywords are
// the same.
func Decode(data []byte) (string, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	switch {
	case len(data) > MostText:
		return "", fmt.Errorf("more than %d bytes, expected a configuration", MostText)
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return "", errors.New("text of UTF-16, expected UTF-8: iconv -f UTF-16 -t UTF-8 makes it")
	case bytes.IndexByte(data, 0) >= 0:
		return "", errors.New("a binary file, expected text")
	case len(bytes.TrimSpace(data)) == 0:
		return "", errors.New("an empty file")
	}
	return strings.ReplaceAll(string(data), "\r\n", "\n"), nil
}
