package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// Version 0 of git's protocol, gitprotocol-pack(5): a server lists its refs and capabilities, and answers one request
// for a pack.

// encodeRequest returns the request for a pack. Its capabilities are chosen from those that the server offers.
func encodeRequest(r Request, offered *capability.List, silent bool) ([]byte, error) {
	if !offered.Supports(capability.Sideband64k) {
		return nil, errOld
	}
	ask := capability.NewList()
	supported := []capability.Capability{capability.Sideband64k, capability.OFSDelta, capability.Shallow}
	// Azure DevOps refuses clients that do not understand more than one acknowledgment.
	if offered.Supports(capability.MultiACKDetailed) {
		supported = append(supported, capability.MultiACKDetailed)
	} else {
		supported = append(supported, capability.MultiACK)
	}
	if silent {
		supported = append(supported, capability.NoProgress)
	}
	filter := r.Filter != "" && offered.Supports(capability.Filter)
	if filter {
		supported = append(supported, capability.Filter)
	}
	for _, c := range supported {
		if !offered.Supports(c) {
			continue
		}
		if err := ask.Add(c); err != nil {
			return nil, err
		}
	}
	if offered.Supports(capability.Agent) {
		if err := ask.Add(capability.Agent, agentName); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	line := func(text string) { fmt.Fprintf(&b, "%04x%s\n", lengthDigits+len(text)+1, text) }
	for i, id := range r.Wants {
		if i == 0 {
			line("want " + id.String() + " " + ask.String())
		} else {
			line("want " + id.String())
		}
	}
	if r.Depth > 0 && offered.Supports(capability.Shallow) {
		line(fmt.Sprintf("deepen %d", r.Depth))
	}
	if filter {
		line("filter " + r.Filter)
	}
	b.WriteString("0000")
	for _, id := range r.Haves {
		line("have " + id.String())
	}
	line("done")
	return b.Bytes(), nil
}

// decodeResponse reads the response to a request up to the pack. A request with a depth is answered with the commits
// whose parents are left out.
func decodeResponse(deepened bool, raw *guardedReader, pack *packReader) (*Response, error) {
	p := newPackets(bufio.NewReaderSize(raw, maxPacket))
	pack.packets = p
	resp := &Response{ReadCloser: pack}
	for deepened {
		kind, line, err := p.line()
		switch {
		case err != nil:
			return nil, err
		case kind == flush:
			deepened = false
		case kind == delim:
			return nil, protocolError{"a malformed response"}
		default:
			if err := resp.addShallow(line); err != nil {
				return nil, err
			}
		}
	}
	for {
		kind, line, err := p.line()
		if err != nil {
			return nil, err
		}
		words := strings.Split(line, " ")
		switch {
		case kind != content:
			return nil, protocolError{"a malformed response"}
		case line == "NAK":
			return resp, nil
		case words[0] != "ACK" || len(words) < 2 || !plumbing.IsHash(words[1]):
			return nil, protocolError{"a malformed response"}
		case len(words) == 2: // the others are about one commit each, and end with a word such as "common"
			return resp, nil
		}
	}
}
