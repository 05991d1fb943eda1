package wire

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// In version 2 of git's protocol, gitprotocol-v2(5), the server first lists its features and then answers one command
// after the other.
const (
	agentName      = "git/ppm"
	askForVersion2 = "version=2" // in the header Git-Protocol, or the variable GIT_PROTOCOL
	maxFeatures    = 1000
	maxShallows    = 1_000_000

	allowAny = capability.Capability("allow-any-sha1-in-want")
)

// A greeting is what a server sends first: its refs in version 0, its features in version 2.
type greeting struct {
	refs     *packp.AdvRefs
	features map[string]string // nil in version 0
}

// decodeGreeting reads what a server sends first, with or without the prefix that it has over http.
func decodeGreeting(r io.Reader) (*greeting, error) {
	refs, p := packp.NewAdvRefs(), newPackets(r)
	prefix := false // read, but not the flush that may follow it
	for lines := 0; ; {
		kind, line, err := p.line()
		switch {
		case err != nil:
			return nil, err
		case kind == delim:
			return nil, protocolError{"a malformed packet"}
		case lines == 0 && !prefix && strings.HasPrefix(line, "# service="):
			prefix = true
			continue
		case kind == flush && prefix:
			prefix = false
			continue
		case kind == flush:
			return &greeting{refs: refs}, nil
		case lines == 0 && line == "version 1":
			continue
		case lines == 0 && line == "version 2":
			return decodeFeatures(p)
		}
		prefix = false
		if lines++; lines > maxRefs {
			return nil, errTooMany
		}
		if lines == 1 {
			before, capabilities, _ := strings.Cut(line, "\x00")
			if err := refs.Capabilities.Decode([]byte(capabilities)); err != nil {
				return nil, protocolError{"malformed capabilities"}
			}
			if format := refs.Capabilities.Get("object-format"); slices.Contains(format, "sha256") {
				return nil, errSHA256
			}
			line = before
		}
		if err := addRef(refs, line); err != nil {
			return nil, err
		}
	}
}

// capabilities returns what the server supports in the terms of version 0.
func (g *greeting) capabilities() (*capability.List, error) {
	if g.features == nil {
		return g.refs.Capabilities, nil
	}
	list := capability.NewList()
	supported := []capability.Capability{capability.Sideband64k, capability.OFSDelta, allowAny}
	for _, c := range []capability.Capability{capability.Shallow, capability.Filter} {
		if g.canFetch(c) {
			supported = append(supported, c)
		}
	}
	for _, c := range supported {
		if err := list.Add(c); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// canFetch reports whether the command fetch of version 2 has a feature.
func (g *greeting) canFetch(c capability.Capability) bool {
	return slices.Contains(strings.Fields(g.features["fetch"]), c.String())
}

// decodeFeatures reads the features of a server of version 2, after the line with the version.
func decodeFeatures(p *packets) (*greeting, error) {
	g := &greeting{features: map[string]string{}}
	for {
		kind, line, err := p.line()
		switch {
		case err != nil:
			return nil, err
		case kind == flush:
			return g, g.check()
		case kind == delim, len(g.features) > maxFeatures:
			return nil, protocolError{"a malformed list of features"}
		}
		name, value, _ := strings.Cut(line, "=")
		g.features[name] = value
	}
}

// check returns an error when ppm cannot work with the server.
func (g *greeting) check() error {
	_, lists := g.features["ls-refs"]
	_, fetches := g.features["fetch"]
	switch {
	case !lists || !fetches:
		return protocolError{"neither refs nor packs are offered"}
	case g.features["object-format"] == "sha256":
		return errSHA256
	}
	return nil
}

// command encodes a command with its arguments.
func (g *greeting) command(name string, arguments ...string) []byte {
	var b bytes.Buffer
	line := func(text string) { fmt.Fprintf(&b, "%04x%s\n", lengthDigits+len(text)+1, text) }
	line("command=" + name)
	if _, ok := g.features["agent"]; ok {
		line("agent=" + agentName)
	}
	if _, ok := g.features["object-format"]; ok {
		line("object-format=sha1")
	}
	b.WriteString("0001")
	for _, text := range arguments {
		line(text)
	}
	b.WriteString("0000")
	return b.Bytes()
}

// lsRefs returns the request for the refs whose names start with one of the prefixes, or for all when there are none.
func (g *greeting) lsRefs(prefixes []string) []byte {
	arguments := []string{"peel", "symrefs"}
	for _, p := range prefixes {
		arguments = append(arguments, "ref-prefix "+p)
	}
	return g.command("ls-refs", arguments...)
}

// decodeLsRefs reads the response to lsRefs: lines of the form "ID NAME[ ATTRIBUTE:VALUE]…".
func (g *greeting) decodeLsRefs(r io.Reader) (*packp.AdvRefs, error) {
	refs, p := packp.NewAdvRefs(), newPackets(bufio.NewReader(r))
	var err error
	if refs.Capabilities, err = g.capabilities(); err != nil {
		return nil, err
	}
	for lines := 0; ; lines++ {
		kind, line, err := p.line()
		switch {
		case err != nil:
			return nil, err
		case kind == flush:
			return refs, nil
		case kind == delim:
			return nil, protocolError{"a malformed list of refs"}
		case lines >= maxRefs:
			return nil, errTooMany
		}
		words := strings.Split(line, " ")
		if len(words) < 2 {
			return nil, protocolError{"a malformed line in the list of refs"}
		}
		if words[0] == "unborn" {
			continue
		}
		if err := addRef(refs, words[0]+" "+words[1]); err != nil {
			return nil, err
		}
		for _, word := range words[2:] {
			if id, ok := strings.CutPrefix(word, "peeled:"); ok {
				err = addRef(refs, id+" "+words[1]+"^{}")
			} else if target, ok := strings.CutPrefix(word, "symref-target:"); ok && words[1] == "HEAD" {
				err = refs.Capabilities.Add(capability.SymRef, "HEAD:"+target)
			}
			if err != nil {
				return nil, err
			}
		}
	}
}

// fetch returns the request for a pack. A silent one asks for no progress.
func (g *greeting) fetch(r Request, silent bool) []byte {
	arguments := []string{"ofs-delta"}
	if silent {
		arguments = append(arguments, "no-progress")
	}
	if r.Depth > 0 && g.canFetch(capability.Shallow) {
		arguments = append(arguments, fmt.Sprintf("deepen %d", r.Depth))
	}
	if r.Filter != "" && g.canFetch(capability.Filter) {
		arguments = append(arguments, "filter "+r.Filter)
	}
	for _, id := range r.Wants {
		arguments = append(arguments, "want "+id.String())
	}
	for _, id := range r.Haves {
		arguments = append(arguments, "have "+id.String())
	}
	return g.command("fetch", append(arguments, "done")...)
}

// decodeFetch reads the response to fetch up to the pack.
func decodeFetch(raw *guardedReader, pack *packReader) (*Response, error) {
	p := newPackets(bufio.NewReaderSize(raw, maxPacket))
	pack.packets = p
	resp := &Response{ReadCloser: pack}
	for part := ""; ; {
		kind, line, err := p.line()
		switch {
		case err != nil:
			return nil, err
		case kind == flush:
			return nil, protocolError{"a response without a pack"}
		case kind == delim:
			part = ""
		case part == "" && line == "packfile":
			return resp, nil
		case part == "" && (line == "shallow-info" || line == "acknowledgments"):
			part = line
		case part == "acknowledgments":
		case part == "shallow-info":
			if err := resp.addShallow(line); err != nil {
				return nil, err
			}
		default:
			return nil, protocolError{"a malformed response"}
		}
	}
}

// addShallow adds the commit of a line that says where history was cut off.
func (r *Response) addShallow(line string) error {
	id, ok := strings.CutPrefix(line, "shallow ")
	switch {
	case ok && plumbing.IsHash(id) && len(r.Shallows) < maxShallows:
		r.Shallows = append(r.Shallows, plumbing.NewHash(id))
	case !strings.HasPrefix(line, "unshallow "):
		return protocolError{"a malformed shallow line"}
	}
	return nil
}
