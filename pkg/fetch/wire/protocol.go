package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

const (
	maxRefs     = 1_000_000
	maxRefBytes = 256 << 20
	agentName   = "git/ppm"
)

// garbage is an answer that is not git's protocol.
type garbage struct{ problem string }

func (e garbage) Error() string { return "the answer is not git's protocol: " + e.problem }

// refused is what a server does instead of answering.
type refused struct{ text string }

func (e refused) Error() string { return "the server " + e.text }

func says(text string) error { return refused{"says: " + text} }

var (
	errSHA256  = errors.New("the repository uses SHA-256 object ids, which are not supported")
	errTooMany = fmt.Errorf("the repository has more than %d refs", maxRefs)
	errOld     = errors.New("the server cannot multiplex its answer (side-band-64k)")
)

// decodeGreeting reads what a server says first, with or without the prefix that it has over http.
func decodeGreeting(r io.Reader) (*greeting, error) {
	refs, p := packp.NewAdvRefs(), newPackets(r)
	prefix := false // read, but not the flush that may follow it
	for lines := 0; ; {
		kind, line, err := p.line()
		switch {
		case err != nil:
			return nil, err
		case kind == delim:
			return nil, garbage{"a malformed packet"}
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
				return nil, garbage{"malformed capabilities"}
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

func addRef(refs *packp.AdvRefs, line string) error {
	if id, ok := strings.CutPrefix(line, "shallow "); ok {
		if !plumbing.IsHash(id) {
			return garbage{"a malformed shallow line"}
		}
		refs.Shallows = append(refs.Shallows, plumbing.NewHash(id))
		return nil
	}
	id, name, ok := strings.Cut(line, " ")
	raw, err := hex.DecodeString(id)
	switch {
	case err == nil && len(raw) == 32:
		return errSHA256
	case !ok, err != nil, len(raw) != len(plumbing.ZeroHash):
		return garbage{"a malformed line in the list of refs"}
	}
	hash := plumbing.Hash(raw)
	if name == "capabilities^{}" && hash.IsZero() {
		return nil // stands in for the first ref of an empty repository
	}
	if name == "HEAD" {
		refs.Head = &hash
		return nil
	}
	into := refs.References
	if tag, ok := strings.CutSuffix(name, "^{}"); ok {
		name, into = tag, refs.Peeled
	}
	// git forbids these bytes in names, so that a name fits in a line.
	if !strings.HasPrefix(name, "refs/") || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return garbage{"a malformed name in the list of refs"}
	}
	into[name] = hash
	return nil
}

// encodeRequest makes the request to send for req, and returns it with its
// encoding. The capabilities asked for are chosen from those that the server offers.
func encodeRequest(req *packp.UploadPackRequest, offered *capability.List, silent bool) (*packp.UploadPackRequest, []byte, error) {
	if !offered.Supports(capability.Sideband64k) {
		return nil, nil, errOld
	}
	own := packp.NewUploadPackRequest()
	own.Wants, own.Haves, own.Shallows = slices.Clone(req.Wants), slices.Clone(req.Haves), slices.Clone(req.Shallows)
	if req.Depth != nil {
		own.Depth = req.Depth
	}
	ask := []capability.Capability{capability.Sideband64k}
	for _, c := range []capability.Capability{capability.OFSDelta, capability.Shallow, capability.DeepenSince, capability.DeepenNot, capability.NoProgress} {
		if offered.Supports(c) && (c != capability.NoProgress || silent) {
			ask = append(ask, c)
		}
	}
	if req.Filter != "" && offered.Supports(capability.Filter) {
		own.Filter = req.Filter
		ask = append(ask, capability.Filter)
	}
	for _, c := range ask {
		if err := own.Capabilities.Add(c); err != nil {
			return nil, nil, err
		}
	}
	if offered.Supports(capability.Agent) {
		if err := own.Capabilities.Add(capability.Agent, agentName); err != nil {
			return nil, nil, err
		}
	}
	if err := own.Validate(); err != nil {
		return nil, nil, fmt.Errorf("the server cannot do what is asked: %w", err)
	}
	var b bytes.Buffer
	err := errors.Join(own.UploadRequest.Encode(&b), own.UploadHaves.Encode(&b, false), pktline.NewEncoder(&b).EncodeString("done\n"))
	return own, b.Bytes(), err
}

// decodeResponse reads the answer up to the pack and returns a response whose
// body is the pack alone.
func decodeResponse(req *packp.UploadPackRequest, raw *guardedReader, progress func(string), explain func(error) error) (*packp.UploadPackResponse, error) {
	head := packp.NewUploadPackResponse(req)
	if err := head.Decode(raw); err != nil {
		var said *pktline.ErrorLine
		switch {
		case raw.err != nil && errors.Is(err, raw.err):
			return nil, raw.err
		case errors.As(err, &said):
			return nil, says(said.Text)
		}
		return nil, garbage{"a malformed answer"}
	}
	resp := packp.NewUploadPackResponseWithPackfile(req, &packReader{
		raw: raw, s: newPackets(head), progress: progress, explain: explain,
	})
	resp.ShallowUpdate, resp.ServerResponse = head.ShallowUpdate, head.ServerResponse
	return resp, nil
}

// A packReader takes the pack out of a multiplexed answer.
type packReader struct {
	raw      *guardedReader
	s        *packets
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
	kind, packet, err := r.s.next()
	switch {
	case err != nil:
		r.err = r.explain(err)
		return
	case kind == flush:
		r.raw.complete = true
		r.err = io.EOF
		return
	case kind == delim:
		r.err = r.explain(garbage{"a malformed packet"})
		return
	}
	switch band, data := packet[0], packet[1:]; band {
	case 1:
		r.rest = data
	case 2:
		r.say(data)
	case 3:
		r.err = r.explain(says(string(data)))
	default:
		r.err = r.explain(garbage{"an unknown band"})
	}
}

// say passes progress on line by line; git ends a line that it will overwrite with CR.
func (r *packReader) say(data []byte) {
	const longest = 4096
	r.line = append(r.line, data...)
	for {
		i := bytes.IndexAny(r.line, "\r\n")
		if i < 0 && len(r.line) > longest {
			i = longest
		}
		if i < 0 {
			return
		}
		r.progress(string(r.line[:i]))
		r.line = r.line[i+1:]
	}
}
