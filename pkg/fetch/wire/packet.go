package wire

import (
	"encoding/hex"
	"errors"
	"io"
	"strings"
)

// A packet is a piece of git's protocol: content, or one of two marks.
type packet int

const (
	content packet = iota // four hex digits of its length, which count themselves, and bytes
	flush                 // the end of a message
	delim                 // the end of a part of a message, in version 2
)

const (
	lengthDigits = 4
	longest      = 65520 // bytes of a packet with its length
)

// packets reads a stream of packets.
type packets struct {
	r   io.Reader
	buf []byte
}

func newPackets(r io.Reader) *packets { return &packets{r: r, buf: make([]byte, longest)} }

// next returns the next packet, and its content until the packet after it is read. What the server
// says instead of an answer is an error.
func (p *packets) next() (packet, []byte, error) {
	head := p.buf[:lengthDigits]
	if _, err := io.ReadFull(p.r, head); err != nil {
		return 0, nil, cut(err)
	}
	var raw [2]byte
	if _, err := hex.Decode(raw[:], head); err != nil {
		return 0, nil, garbage{"a malformed packet"}
	}
	switch n := int(raw[0])<<8 | int(raw[1]); {
	case n == 0:
		return flush, nil, nil
	case n == 1:
		return delim, nil, nil
	case n <= lengthDigits || n > longest:
		return 0, nil, garbage{"a malformed packet"}
	default:
		data := p.buf[:n-lengthDigits]
		if _, err := io.ReadFull(p.r, data); err != nil {
			return 0, nil, cut(err)
		}
		if text, ok := strings.CutPrefix(string(data[:min(len(data), 4)]), "ERR "); ok {
			return 0, nil, says(strings.TrimSpace(text + string(data[4:])))
		}
		return content, data, nil
	}
}

// line returns the next packet as a line without its end.
func (p *packets) line() (packet, string, error) {
	kind, data, err := p.next()
	return kind, strings.TrimSuffix(string(data), "\n"), err
}

func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return garbage{"an unexpected end"}
	}
	return err
}
