package wire

import (
	"encoding/hex"
	"errors"
	"io"
	"strings"
)

// A packetKind is the kind of a packet of git's protocol: content, or one of two marks.
type packetKind int

const (
	content packetKind = iota // four hex digits of the length, including themselves, and bytes
	flush                     // the end of a message
	delim                     // the end of a part of a message, in version 2
)

const (
	lengthDigits = 4
	maxPacket    = 65520 // bytes of a packet with its length
)

// packets reads a stream of packets.
type packets struct {
	r   io.Reader
	buf []byte
}

func newPackets(r io.Reader) *packets { return &packets{r: r, buf: make([]byte, maxPacket)} }

// next returns the next packet. Its content is valid until the packet after it is read. An error line of the server is
// returned as an error.
func (p *packets) next() (packetKind, []byte, error) {
	head := p.buf[:lengthDigits]
	if _, err := io.ReadFull(p.r, head); err != nil {
		return 0, nil, errEnd(err)
	}
	var raw [2]byte
	if _, err := hex.Decode(raw[:], head); err != nil {
		return 0, nil, protocolError{"a malformed packet"}
	}
	switch n := int(raw[0])<<8 | int(raw[1]); {
	case n == 0:
		return flush, nil, nil
	case n == 1:
		return delim, nil, nil
	case n <= lengthDigits || n > maxPacket:
		return 0, nil, protocolError{"a malformed packet"}
	default:
		data := p.buf[:n-lengthDigits]
		if _, err := io.ReadFull(p.r, data); err != nil {
			return 0, nil, errEnd(err)
		}
		if text, ok := strings.CutPrefix(string(data[:min(len(data), 4)]), "ERR "); ok {
			return 0, nil, errServerSays(strings.TrimSpace(text + string(data[4:])))
		}
		return content, data, nil
	}
}

// line returns the content of the next packet without the newline at its end.
func (p *packets) line() (packetKind, string, error) {
	kind, data, err := p.next()
	return kind, strings.TrimSuffix(string(data), "\n"), err
}

// errEnd returns a protocolError for an error about an unexpected end.
func errEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return protocolError{"an unexpected end"}
	}
	return err
}
