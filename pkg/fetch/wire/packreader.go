package wire

import (
	"bytes"
	"io"
)

// A packReader reads the pack in a multiplexed response.
type packReader struct {
	raw      *guardedReader
	packets  *packets
	progress func(string)
	explain  func(error) error

	rest []byte // of the current packet
	line []byte // of progress, not yet complete
	err  error
}

func (r *packReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 && r.err == nil {
		r.next()
	}
	if len(r.rest) == 0 {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *packReader) Close() error { return r.raw.Close() }

func (r *packReader) next() {
	kind, packet, err := r.packets.next()
	switch {
	case err != nil:
		r.err = r.explain(err)
		return
	case kind == flush:
		r.raw.complete = true
		r.err = io.EOF
		return
	case kind == delim:
		r.err = r.explain(protocolError{"a malformed packet"})
		return
	}
	switch band, data := packet[0], packet[1:]; band {
	case 1:
		r.rest = data
	case 2:
		r.report(data)
	case 3:
		r.err = r.explain(errServerSays(string(data)))
	default:
		r.err = r.explain(protocolError{"an unknown band"})
	}
}

// report passes on progress line by line. Git ends a line that it will overwrite with CR.
func (r *packReader) report(data []byte) {
	const maxLine = 4096
	r.line = append(r.line, data...)
	for {
		i := bytes.IndexAny(r.line, "\r\n")
		if i < 0 && len(r.line) > maxLine {
			i = maxLine
		}
		if i < 0 {
			return
		}
		r.progress(string(r.line[:i]))
		r.line = r.line[i+1:]
	}
}
