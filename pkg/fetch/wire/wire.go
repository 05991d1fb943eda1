// Package wire opens authenticated upload-pack sessions to git servers.
//
// A session asks one remote repository for its refs and for packs, over http,
// https or ssh, in version 2 of git's protocol, or in version 0 where the server
// knows no other. The remote is a URL of those schemes or the scp form
// [user@]host:path.
//
// The host policy is what the user allows ppm to connect to. A host pattern is a
// host name, which means that host alone; "*." and a name, which means every
// host below that name but not the name itself; or "*", which means every host.
// A denied host is refused even when it is allowed too; when there are allowed
// hosts, all others are refused. Redirects are held to the same policy. Plain
// http is refused but to this machine itself and to the hosts allowed for it.
//
// What the user set up for git holds here, too: url.*.insteadOf, http.proxy,
// http.sslCAInfo and credential helpers, from the system's and the user's git
// configuration and from GIT_CONFIG_COUNT. The configuration of the repository
// that ppm happens to run in does not, nor do GIT_DIR, GIT_SSH_COMMAND and the
// other variables that git hands to hooks: they say nothing about this remote.
// http.sslVerify and StrictHostKeyChecking cannot turn verification off. The one
// program that a session may start is "git credential", and only when a
// credential helper is configured and the server asks for credentials.
//
// Over http, credentials are looked for in the URL, in PPM_TOKEN_<HOST> (a token,
// or user:token; the host in upper case with "_" for all but letters and digits),
// in .netrc (without its default entry) and in git's credential helpers. They go
// to the origin (scheme, host and port) that they were found for, and never into
// an error, a progress message or a process argument.
//
// Over ssh, keys come from the agent and from files; a server must be in the
// known_hosts files. Of the user's and the system's ssh_config these settings
// count: HostName, Port, User, IdentityFile, IdentityAgent, IdentitiesOnly,
// UserKnownHostsFile, GlobalKnownHostsFile. A ProxyCommand or ProxyJump is an error.
package wire

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// Options say where a Dialer finds the user's settings and what it may do.
type Options struct {
	Home       string              // the user's home folder: .gitconfig, .netrc, .ssh
	Env        func(string) string // looks up an environment variable; nil for an empty environment
	AllowHosts []string            // host patterns; empty allows every host
	DenyHosts  []string            // host patterns
	AllowHTTP  []string            // host patterns for which plain http is allowed
	MaxPack    int64               // most bytes of one answer with a pack; 0 is 1 GiB
	Stall      time.Duration       // longest time without a byte; 0 is 30 seconds
	SlowWindow time.Duration       // time over which fewer than 1 KiB/s on average is too slow; 0 is a minute
	Progress   func(string)        // receives one printable line at a time; nil asks servers for none
}

// A Dialer opens sessions. It is safe for concurrent use, and reads nothing
// before it is first asked about a remote.
type Dialer struct {
	o                  Options
	silent             bool // servers are asked to say nothing of their progress
	allow, deny, plain []hostPattern
	config             func() (gitConfig, error)
}

// New returns a Dialer. It fails with kind Usage when a host pattern is malformed.
func New(o Options) (*Dialer, error) {
	if o.Env == nil {
		o.Env = func(string) string { return "" }
	}
	silent := o.Progress == nil
	if silent {
		o.Progress = func(string) {}
	}
	if o.MaxPack == 0 {
		o.MaxPack = 1 << 30
	}
	if o.Stall == 0 {
		o.Stall = 30 * time.Second
	}
	if o.SlowWindow == 0 {
		o.SlowWindow = time.Minute
	}
	d := &Dialer{o: o, silent: silent}
	for _, l := range []struct {
		name string
		in   []string
		out  *[]hostPattern
	}{
		{"allow_hosts", o.AllowHosts, &d.allow},
		{"deny_hosts", o.DenyHosts, &d.deny},
		{"allow_http", o.AllowHTTP, &d.plain},
	} {
		for _, s := range l.in {
			p, err := parseHostPattern(s)
			if err != nil {
				return nil, failure.Errorf(failure.Usage, "reading %s: %w", l.name, err).
					WithHint(`write a host name, "*." and a host name for all hosts below it, or "*"`)
			}
			*l.out = append(*l.out, p)
		}
	}
	d.config = sync.OnceValues(func() (gitConfig, error) { return readGitConfig(o.Home, o.Env) })
	return d, nil
}

// A Session asks one remote repository. It is not safe for concurrent use.
type Session struct {
	d     *Dialer
	at    remote
	t     transport
	hello *greeting // nil before the server was first asked something
}

// transport is one way to carry upload-pack: http or ssh. Its errors are plain;
// the session explains them.
type transport interface {
	// greet reads what the server says first.
	greet(ctx context.Context) (*greeting, error)
	// ask sends a request and returns the answer of at most limit bytes, which the caller closes.
	ask(ctx context.Context, request []byte, limit int64) (*guardedReader, error)
	// persist does what is harmless to do again until it succeeds or fails for good.
	persist(ctx context.Context, do func() error) error
	io.Closer
}

// Open prepares a session with the repository at url, which is used as it stands:
// apply Rewrite before. It checks the host policy and reads the user's settings,
// but connects only when the session is first asked something.
//
// Open fails with kind Usage for what is no remote URL and Refused for what the policy forbids.
func (d *Dialer) Open(_ context.Context, url string) (*Session, error) {
	at, err := parseRemote(url)
	if err != nil {
		return nil, err
	}
	s := &Session{d: d, at: at}
	if at.scheme == "ssh" {
		s.t, err = d.openSSH(at)
	} else {
		s.t, err = d.openHTTP(at)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Offers returns what the server can do, in the words of version 0 of the protocol, which are also
// used for what a server of version 2 can do. It is asked once in a session.
func (s *Session) Offers(ctx context.Context) (*capability.List, error) {
	const doing = "reading the refs of"
	if s.hello == nil {
		hello, err := s.t.greet(ctx)
		if err != nil {
			return nil, s.explain(ctx, doing, err)
		}
		s.hello = hello
	}
	list, err := s.hello.offers()
	if err != nil {
		return nil, s.explain(ctx, doing, err)
	}
	return list, nil
}

// Refs returns the repository's refs: those whose names start with one of the
// prefixes, or all when there are none. A server of version 0 lists all of them,
// once in a session. An empty repository has none. At most 1,000,000 refs in
// 256 MiB are read; more are refused.
func (s *Session) Refs(ctx context.Context, prefixes ...string) (refs *packp.AdvRefs, err error) {
	if _, err := s.Offers(ctx); err != nil {
		return nil, err
	}
	if s.hello.features == nil {
		return s.hello.refs, nil
	}
	err = s.t.persist(ctx, func() error {
		raw, err := s.t.ask(ctx, s.hello.lsRefs(prefixes), maxRefBytes)
		if err != nil {
			return err
		}
		defer raw.Close()
		refs, err = s.hello.decodeLsRefs(raw)
		raw.complete = err == nil
		return err
	})
	if err != nil {
		return nil, s.explain(ctx, "reading the refs of", err)
	}
	return refs, nil
}

// Fetch asks for a pack. Of the request, wants, haves, shallows, depth and
// filter count; the capabilities are chosen here, from what the server offers.
// A filter is left out when the server knows none: it gets more than asked for.
//
// Reading the response gives the bytes of the pack and nothing else: what the
// server says besides is taken out and goes to Options.Progress. Its read errors
// are failures like those of Fetch, io.EOF comes only after a complete answer,
// and the caller closes it.
func (s *Session) Fetch(ctx context.Context, req *packp.UploadPackRequest) (*packp.UploadPackResponse, error) {
	offers, err := s.Offers(ctx)
	if err != nil {
		return nil, err
	}
	const doing = "fetching from"
	explain := func(err error) error { return s.explain(ctx, doing, err) }
	var body []byte
	decode := decodeFetch
	if s.hello.features != nil {
		body, err = s.hello.fetch(req, s.d.silent)
	} else {
		req, body, err = encodeRequest(req, offers, s.d.silent)
		decode = decodeResponse
	}
	if err != nil {
		return nil, explain(err)
	}
	raw, err := s.t.ask(ctx, body, s.d.o.MaxPack)
	if err != nil {
		return nil, explain(err)
	}
	resp, err := decode(req, raw, s.progress, explain)
	if err != nil {
		raw.Close()
		return nil, explain(err)
	}
	return resp, nil
}

// Close ends the session and its connections.
func (s *Session) Close() error { return s.t.Close() }

// progress passes on what the server says.
func (s *Session) progress(line string) {
	if line = s.at.scrub(printable(line)); line != "" {
		s.d.o.Progress(line)
	}
}
