package lab

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// readBody reads the body of an answer to GET; what came of it is there in spite
// of an error. It ends where the server says, or closes (RFC 9112, section 6.3).
func readBody(r *bufio.Reader, answer response) (string, error) {
	if code := answer.status[:3]; code == "204" || code == "304" {
		return "", nil
	}
	if coding := answer.values("transfer-encoding"); len(coding) > 0 {
		old := strings.HasPrefix(answer.start, "HTTP/1.0") // knows no codings: section 6.1
		if old || len(coding) > 1 || !strings.EqualFold(coding[0], "chunked") {
			return "", errMalformed
		}
		return readChunks(r)
	}
	lengths := slices.Compact(answer.values("content-length"))
	if len(lengths) == 0 {
		body, err := io.ReadAll(r)
		return string(body), err
	}
	n, err := strconv.ParseUint(lengths[0], 10, 63)
	if len(lengths) > 1 || err != nil {
		return "", errMalformed
	}
	return readExactly(r, int64(n))
}

// readExactly does not believe n: memory grows with what really comes.
func readExactly(r io.Reader, n int64) (string, error) {
	var b strings.Builder
	_, err := io.CopyN(&b, r, n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return b.String(), err
}

// readChunks reads pieces, each behind its size in hexadecimal digits, up to the
// piece of size 0 and the fields behind it (RFC 9112, section 7.1).
func readChunks(r *bufio.Reader) (string, error) {
	var body strings.Builder
	for {
		size, err := readChunkSize(r)
		if err == nil && size == 0 {
			_, err = readFields(r, maxHead)
			return body.String(), err
		}
		if err == nil {
			err = readChunk(&body, r, size)
		}
		if err != nil {
			return body.String(), err
		}
	}
}

// readChunk reads a piece and the end of line behind it.
func readChunk(body *strings.Builder, r *bufio.Reader, size int64) error {
	chunk, err := readExactly(r, size)
	body.WriteString(chunk)
	if err != nil {
		return err
	}
	end, err := readChunkLine(r)
	if err == nil && end != "" {
		err = errMalformed
	}
	return err
}

// readChunkSize passes over a size's extensions.
func readChunkSize(r *bufio.Reader) (int64, error) {
	line, err := readChunkLine(r)
	if err != nil {
		return 0, err
	}
	digits, _, _ := strings.Cut(line, ";")
	digits = strings.TrimRight(digits, " \t")
	n, err := strconv.ParseUint(digits, 16, 63)
	if err != nil || len(digits) > 16 {
		return 0, errMalformed
	}
	return int64(n), nil
}

// readChunkLine reads a line that ends in CRLF.
func readChunkLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF):
		return "", io.ErrUnexpectedEOF
	case err != nil && !errors.Is(err, bufio.ErrBufferFull):
		return "", err
	}
	text, ok := strings.CutSuffix(string(line), "\r\n")
	if !ok {
		return "", errMalformed
	}
	return text, nil
}
