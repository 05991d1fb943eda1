package wire

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// What a session does, for messages.
const (
	readingRefs = "reading the refs of"
	fetching    = "fetching from"
)

// A Session asks one remote repository. It is not safe for concurrent use.
type Session struct {
	settings  *settings
	remote    remote
	transport transport
	hello     *greeting // nil before the server was first asked
}

// A transport carries upload-pack over http or ssh. Its errors are explained by the session.
type transport interface {
	// greet reads what the server sends first.
	greet(ctx context.Context) (*greeting, error)
	// movedTo returns the URL to which the server has sent greet permanently, without credentials, or "".
	movedTo() string
	// ask sends a request and returns the response of at most limit bytes, which the caller closes.
	ask(ctx context.Context, request []byte, limit int64) (*guardedReader, error)
	// retry calls do, which must be harmless to repeat, until it succeeds or fails permanently.
	retry(ctx context.Context, do func() error) error
	io.Closer
}

// Features are what a server supports.
type Features struct {
	Shallow bool // history can be limited to a depth
	Filter  bool // the content of files can be left out
	Commits bool // commits that no ref names can be requested
	Objects bool // any object can be requested by its id
}

// A Request asks for a pack.
type Request struct {
	Wants  []objects.ID
	Haves  []objects.ID // commits that are on this machine with all their objects
	Depth  int          // commits of each history; 0 means all
	Filter string       // such as "blob:none"
}

// A Response is a pack. Reading it returns the bytes of the pack and nothing else.
type Response struct {
	io.ReadCloser
	Shallows []objects.ID // commits whose parents were left out
}

// Features returns what the server supports. It is asked once in a session.
func (s *Session) Features(ctx context.Context) (Features, error) {
	list, err := s.capabilities(ctx)
	if err != nil {
		return Features{}, err
	}
	anyObject := list.Supports(allowAny)
	return Features{
		Shallow: list.Supports(capability.Shallow),
		Filter:  list.Supports(capability.Filter),
		Commits: anyObject || list.Supports(capability.AllowReachableSHA1InWant),
		Objects: anyObject,
	}, nil
}

// MovedTo returns the URL to which the server has redirected the session permanently, or "". It has no credentials.
func (s *Session) MovedTo() string { return s.remote.secrets.scrub(printable(s.transport.movedTo())) }

// capabilities returns what the server supports in the terms of version 0 of the protocol.
func (s *Session) capabilities(ctx context.Context) (*capability.List, error) {
	if s.hello == nil {
		hello, err := s.transport.greet(ctx)
		if err != nil {
			return nil, s.explain(ctx, readingRefs, err)
		}
		s.hello = hello
	}
	list, err := s.hello.capabilities()
	if err != nil {
		return nil, s.explain(ctx, readingRefs, err)
	}
	return list, nil
}

// Refs returns the repository's HEAD, tags and branches, in order: those whose names start with one of the prefixes,
// or all when there are none. A server of version 0 lists all of them, once in a session. An empty repository has
// none. At most 1,000,000 refs in 256 MiB are read; more are refused.
func (s *Session) Refs(ctx context.Context, prefixes ...string) ([]ref.GitRef, error) {
	if _, err := s.capabilities(ctx); err != nil {
		return nil, err
	}
	if s.hello.features == nil {
		return listRefs(s.hello.refs), nil
	}
	var adv *packp.AdvRefs
	err := s.transport.retry(ctx, func() error {
		raw, err := s.transport.ask(ctx, s.hello.lsRefs(prefixes), maxRefBytes)
		if err != nil {
			return err
		}
		defer raw.Close()
		adv, err = s.hello.decodeLsRefs(raw)
		raw.complete = err == nil
		return err
	})
	if err != nil {
		return nil, s.explain(ctx, readingRefs, err)
	}
	return listRefs(adv), nil
}

// listRefs returns HEAD, the tags and the branches that a server lists.
func listRefs(adv *packp.AdvRefs) []ref.GitRef {
	list := make([]ref.GitRef, 0, len(adv.References)+1)
	for name, id := range adv.References {
		isTag, isBranch := strings.HasPrefix(name, ref.TagPrefix), strings.HasPrefix(name, ref.BranchPrefix)
		if !isTag && !isBranch || !refs.IsValidName(name) {
			continue
		}
		g := refs.New(name, id.String())
		if commit, ok := adv.Peeled[name]; ok {
			g.Commit = commit.String()
		}
		list = append(list, g)
	}
	slices.SortFunc(list, refs.Compare)
	if adv.Head == nil {
		return list
	}
	g := refs.New(ref.Head, adv.Head.String())
	for _, symref := range adv.Capabilities.Get(capability.SymRef) {
		if target, ok := strings.CutPrefix(symref, ref.Head+":"); ok {
			g.Target = target
		}
	}
	return slices.Insert(list, 0, g)
}

// Fetch asks for a pack. The depth and the filter are left out when the server does not support them: then it sends
// more than was asked for. The caller closes the response. What the server reports as progress goes to
// Options.Progress. Read errors of the response are failures like those of Fetch; io.EOF comes only after a complete
// pack.
func (s *Session) Fetch(ctx context.Context, r Request) (*Response, error) {
	offered, err := s.capabilities(ctx)
	if err != nil {
		return nil, err
	}
	explain := func(err error) error { return s.explain(ctx, fetching, err) }
	var body []byte
	if s.hello.features != nil {
		body = s.hello.fetch(r, s.settings.silent)
	} else if body, err = encodeRequest(r, offered, s.settings.silent); err != nil {
		return nil, explain(err)
	}
	raw, err := s.transport.ask(ctx, body, s.settings.options.MaxPack)
	if err != nil {
		return nil, explain(err)
	}
	var resp *Response
	pack := &packReader{raw: raw, progress: s.reportProgress, explain: explain}
	if s.hello.features != nil {
		resp, err = decodeFetch(raw, pack)
	} else {
		resp, err = decodeResponse(r.Depth > 0 && offered.Supports(capability.Shallow), raw, pack)
	}
	if err != nil {
		raw.Close()
		return nil, explain(err)
	}
	return resp, nil
}

// Close ends the session and its connections.
func (s *Session) Close() error { return s.transport.Close() }

func (s *Session) reportProgress(line string) {
	if line = s.remote.secrets.scrub(printable(line)); line != "" {
		s.settings.options.Progress(line)
	}
}

// explain returns err as a failure that names the remote, the cause and the next step. Errors with a kind are returned
// as they are.
func (s *Session) explain(ctx context.Context, doing string, err error) error {
	var known *failure.Error
	if errors.As(err, &known) {
		return known
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
		return failure.Errorf(failure.Interrupted, "%s %q: %w", doing, s.remote.public, cause)
	}
	kind, text, hint := causeOf(err)
	text = s.remote.secrets.scrub(printable(text))
	return failure.Errorf(kind, "%s %q: %s", doing, s.remote.public, text).WithHint("%s", hint)
}
