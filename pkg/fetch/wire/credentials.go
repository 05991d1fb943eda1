package wire

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// A credential proves to one origin who the user is.
type credential struct {
	source         string // where it was found, for messages
	user, password string
	helper         bool // found by git's credential helper, which wants to hear how it went
}

// A keyring holds what may open one origin, to be tried in order: what the URL
// says, PPM_TOKEN_<HOST>, the .netrc file, git's credential helpers. What the
// first two hold is sent at once, the others are looked at when the server asks.
type keyring struct {
	d       *Dialer
	url     *url.URL
	secrets *secrets
	sources []func(context.Context) (credential, bool)
	tried   []string // sources of the credentials that were sent

	current *credential
	bearer  bool // the server knows no other scheme
	told    bool // the helper knows that the current credential is good
}

// tokenVariable is the environment variable that holds the token for a host.
// Its value is a token, or a user name, a colon and a token.
func tokenVariable(host string) string {
	return "PPM_TOKEN_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, canonicalHost(host))
}

func (d *Dialer) keyringFor(u *url.URL, at remote) (*keyring, error) {
	config, err := d.config()
	if err != nil {
		return nil, err
	}
	k := &keyring{d: d, url: u, secrets: at.secrets}
	variable := tokenVariable(u.Hostname())
	token := d.o.Env(variable)
	if at.password != "" {
		k.add(func(context.Context) (credential, bool) {
			return credential{source: "the URL", user: at.user, password: at.password}, true
		})
	}
	if token != "" {
		k.add(func(context.Context) (credential, bool) {
			user, password, ok := strings.Cut(token, ":")
			if !ok {
				user, password = cmp.Or(at.user, "x-access-token"), token // forges look at the token alone
			}
			return credential{source: variable, user: user, password: password}, true
		})
	}
	atOnce := len(k.sources) > 0
	k.add(func(context.Context) (credential, bool) { return d.fromNetrc(u.Hostname(), at.user) })
	if config.hasHelper() {
		k.add(func(ctx context.Context) (credential, bool) { return d.fromHelper(ctx, u, at.user) })
	}
	if atOnce {
		k.advance(context.Background())
	}
	return k, nil
}

func (k *keyring) add(source func(context.Context) (credential, bool)) {
	k.sources = append(k.sources, source)
}

// advance takes the next credential that there is.
func (k *keyring) advance(ctx context.Context) bool {
	k.current, k.told = nil, false
	for len(k.sources) > 0 {
		source := k.sources[0]
		k.sources = k.sources[1:]
		if c, ok := source(ctx); ok {
			k.current = &c
			k.tried = append(k.tried, c.source)
			k.secrets.add(c.password)
			k.secrets.add(base64.StdEncoding.EncodeToString([]byte(c.user + ":" + c.password)))
			return true
		}
	}
	return false
}

// next is called when the server asks for another credential than the current one.
func (k *keyring) next(ctx context.Context, challenge []string) bool {
	bearer := onlyBearer(challenge)
	if bearer && !k.bearer && k.current != nil {
		k.bearer = true // the right key in the wrong form
		return true
	}
	k.bearer = bearer
	if k.current != nil && k.current.helper {
		k.d.tellHelper(ctx, "reject", k.url, *k.current)
	}
	return k.advance(ctx)
}

func (k *keyring) accepted(ctx context.Context) {
	if k.current != nil && k.current.helper && !k.told {
		k.d.tellHelper(ctx, "approve", k.url, *k.current)
		k.told = true
	}
}

func (k *keyring) sign(r *http.Request) {
	switch {
	case k.current == nil:
	case k.bearer:
		r.Header.Set("Authorization", "Bearer "+k.current.password)
	default:
		r.SetBasicAuth(k.current.user, k.current.password)
	}
}

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
