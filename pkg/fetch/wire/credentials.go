package wire

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// credentials are tried in order for one site, each when the server asks for one: those of the URL, PPM_TOKEN_<HOST>,
// git's http.extraHeader, the .netrc file, git's credential helpers and askpass program, the token of a CI job. A
// header is sent at once, as git does it, unless one of the first two is there.
type credentials struct {
	helper  helper
	secrets *secrets
	sources []func(context.Context) (credential, bool)
	tried   []string // sources of the credentials that were sent
	silent  string   // the source that was asked for a credential and gave none; "" if there is no such source

	current  *credential
	bearer   bool // the server supports no other scheme
	approved bool // the helper knows that the server accepts the current credential
}

// newCredentials returns the credentials for the site of u. A user and password of the remote come first.
// authorization is the value of the field Authorization from git's http.extraHeader.
func newCredentials(o Options, config gitConfig, u *url.URL, r remote, authorization string) *credentials {
	c := &credentials{helper: helper{o, config, u}, secrets: r.secrets}
	variable, token := tokenVariable(u), ""
	if variable != "" {
		token = o.Env(variable)
	}
	if r.password != "" {
		c.add(func(context.Context) (credential, bool) {
			return credential{source: "the URL", user: r.user, password: r.password}, true
		})
	}
	if isToken(token) {
		c.add(func(context.Context) (credential, bool) {
			user, password, ok := strings.Cut(token, ":")
			if !ok {
				user, password = cmp.Or(r.user, "x-access-token"), token // forges look at the token alone
			}
			return credential{source: variable, user: user, password: password}, true
		})
	}
	sendFirst := authorization != "" && len(c.sources) == 0
	if authorization != "" {
		c.add(func(context.Context) (credential, bool) {
			return credential{source: "git's http.extraHeader", header: authorization}, true
		})
	}
	c.add(func(context.Context) (credential, bool) { return fromNetrc(o, u.Hostname(), r.user) })
	if c.helper.source() != "" {
		c.add(func(ctx context.Context) (credential, bool) {
			found, ok := c.helper.fill(ctx, r.user)
			if !ok {
				c.silent = c.helper.source()
			}
			return found, ok
		})
	}
	c.add(func(context.Context) (credential, bool) { return ciToken(o.Env, u) })
	if sendFirst {
		c.advance(context.Background())
	}
	return c
}

func (c *credentials) add(source func(context.Context) (credential, bool)) {
	c.sources = append(c.sources, source)
}

// advance moves on to the next credential, and reports whether there is one.
func (c *credentials) advance(ctx context.Context) bool {
	c.current, c.approved = nil, false
	for len(c.sources) > 0 {
		source := c.sources[0]
		c.sources = c.sources[1:]
		if found, ok := source(ctx); ok {
			c.current = &found
			c.tried = append(c.tried, found.source)
			c.secrets.add(found.password)
			c.secrets.add(base64.StdEncoding.EncodeToString([]byte(found.user + ":" + found.password)))
			return true
		}
	}
	return false
}

// next moves on after the server has rejected the current credential, and reports whether there is another.
func (c *credentials) next(ctx context.Context, challenge []string) bool {
	bearer := onlyBearer(challenge)
	if bearer && !c.bearer && c.current != nil && c.current.header == "" {
		c.bearer = true // the same credential in another form
		return true
	}
	c.bearer = bearer
	if c.current != nil && c.current.fromHelper {
		c.helper.run(ctx, "reject", *c.current)
	}
	return c.advance(ctx)
}

// accepted is called when the server has accepted the current credential.
func (c *credentials) accepted(ctx context.Context) {
	if c.current != nil && c.current.fromHelper && !c.approved {
		c.helper.run(ctx, "approve", *c.current)
		c.approved = true
	}
}

// sign adds the current credential to a request.
func (c *credentials) sign(r *http.Request) {
	switch {
	case c.current == nil:
	case c.current.header != "":
		r.Header.Set("Authorization", c.current.header)
	case c.bearer:
		r.Header.Set("Authorization", "Bearer "+c.current.password)
	default:
		r.SetBasicAuth(c.current.user, c.current.password)
	}
}

// onlyBearer reports whether Bearer is among the schemes of a challenge, and Basic is not.
func onlyBearer(challenge []string) bool {
	bearer := false
	for _, c := range challenge {
		scheme, _, _ := strings.Cut(strings.TrimSpace(c), " ")
		if strings.EqualFold(scheme, "basic") {
			return false
		}
		bearer = bearer || strings.EqualFold(scheme, "bearer")
	}
	return bearer
}
