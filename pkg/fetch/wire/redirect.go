package wire

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
)

const maxRedirects = 5

// followRefs sends the request for the refs and follows redirects. The repository is then below the same URL as its
// refs.
func (t *httpTransport) followRefs(g *guard, u *url.URL) (*http.Response, error) {
	permanent := true
	for hops := range maxRedirects + 1 {
		resp, err := t.exchange(g, http.MethodGet, u, nil)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK {
			t.base = withoutRefsPath(u)
			t.moved = permanent && hops > 0
			return resp, nil
		}
		resp.Body.Close()
		next, err := u.Parse(resp.Header.Get("Location"))
		if err != nil || strings.ContainsFunc(next.Path, unicode.IsControl) {
			return nil, protocolError{"a redirect to a malformed URL"}
		}
		next.User, next.Fragment, next.RawFragment = nil, "", ""
		if err := t.checkRedirect(u, next); err != nil {
			return nil, err
		}
		if err := t.addSite(next); err != nil {
			return nil, err
		}
		isMove := resp.StatusCode == http.StatusMovedPermanently || resp.StatusCode == http.StatusPermanentRedirect
		permanent = permanent && isMove
		t.settings.options.Progress(t.remote.secrets.scrub(printable(
			fmt.Sprintf("redirected (status %d) to %s", resp.StatusCode, withoutRefsPath(next)))))
		u = next
	}
	return nil, protocolError{fmt.Sprintf("more than %d redirects", maxRedirects)}
}

// withoutRefsPath returns the URL of the repository whose refs are at u.
func withoutRefsPath(u *url.URL) *url.URL {
	return &url.URL{
		Scheme: u.Scheme, Host: u.Host,
		Path: strings.TrimSuffix(u.Path, refsPath), RawPath: strings.TrimSuffix(u.RawPath, refsPath),
	}
}

// addSite prepares requests to the site that a redirect leads to.
func (t *httpTransport) addSite(to *url.URL) error {
	if t.sites[siteOf(to)] != nil {
		return nil
	}
	next, err := newSite(t.settings, withoutRefsPath(to), remote{secrets: t.remote.secrets}, true)
	if err != nil {
		return err
	}
	t.sites[siteOf(to)] = next
	return nil
}

// A redirectError is a redirect that does not lead to a repository.
type redirectError struct {
	from    *url.URL
	to      *url.URL
	problem string
}

func (e redirectError) Error() string {
	shown := url.URL{Scheme: e.to.Scheme, Host: e.to.Host, Path: e.to.Path} // a query may hold secrets
	return fmt.Sprintf("the server redirects to %q, %s", shown.String(), e.problem)
}

// checkRedirect returns an error when a redirect does not lead to a repository, or must not be followed. It must not
// lead to a host or port that the user has not named: the server would decide what ppm connects to, and which
// credentials it sends there.
func (t *httpTransport) checkRedirect(from, to *url.URL) error {
	if to.Scheme != "https" && to.Scheme != "http" || to.Host == "" {
		return redirectError{from, to, "which is not an http URL"}
	}
	if from.Scheme == "https" && to.Scheme == "http" {
		return t.errRedirect("it leads from https to http", "report it to the server's owner")
	}
	if !strings.HasSuffix(to.Path, refsPath) || to.RawQuery != "service="+service {
		return redirectError{from, to, "which is not a git repository"}
	}
	config, err := t.settings.config()
	if err != nil {
		return err
	}
	if follow, _ := config.http("followredirects", from); isFalse(follow) {
		return t.errRedirect(fmt.Sprintf("git's http.followRedirects is %s", follow),
			"use the URL that it leads to: %s", withoutRefsPath(to))
	}
	if err := t.settings.checkPlace(placeOf(withoutRefsPath(to))); err != nil {
		return failure.Errorf(failure.KindOf(err), "following a redirect of %q: %w", t.remote.public, err).
			WithHint("%s", failure.Hint(err))
	}
	return t.checkNamed(to)
}

// checkNamed returns an error when a redirect leads to another host or port than those of the remote, unless the user
// allows redirects to that host.
func (t *httpTransport) checkNamed(to *url.URL) error {
	named := t.remote.url()
	host, namedHost := hostname.Canonical(to.Hostname()), hostname.Canonical(named.Hostname())
	isUpgrade := named.Scheme == "http" && portOf(named) == "80" && to.Scheme == "https" && portOf(to) == "443"
	const hint = "if you trust it, use the URL that the redirect leads to: %s, or add %s to " +
		"[policy] allow_redirects in your own ppm.toml"
	switch {
	case t.settings.options.Policy.Redirect(placeOf(to)).Allowed:
		return nil
	case host != namedHost:
		return t.errRedirect(fmt.Sprintf("it leads to another host, %q", host), hint, withoutRefsPath(to), host)
	case portOf(to) != portOf(named) && !isUpgrade:
		return t.errRedirect("it leads to another port, "+portOf(to), hint, withoutRefsPath(to), host)
	}
	return nil
}

func (t *httpTransport) errRedirect(problem, hint string, values ...any) error {
	return failure.Errorf(failure.Refused, "following a redirect of %q: %s", t.remote.public, problem).
		WithHint("%s", t.remote.secrets.scrub(printable(fmt.Sprintf(hint, values...))))
}

// isFalse reports whether a value of git's configuration is a boolean that is false.
func isFalse(value string) bool {
	switch strings.ToLower(value) {
	case "false", "no", "off", "0":
		return true
	}
	return false
}
