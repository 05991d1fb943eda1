package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
)

const (
	maxTries      = 3                // of a request that is harmless to repeat
	maxStalls     = 1                // after which such a request is repeated
	maxRetryAfter = 10 * time.Second // that a server may ask to wait
	service       = "git-upload-pack"
	refsPath      = "/info/refs"
)

// httpTransport carries upload-pack over git's smart HTTP protocol.
type httpTransport struct {
	settings *settings
	remote   remote
	base     *url.URL         // of the repository, after the redirects of its refs
	moved    bool             // all redirects that led to base were permanent, and there was one
	sites    map[string]*site // by siteOf
}

// A statusError is a response with another status than 200.
type statusError struct {
	url        *url.URL
	code       int
	retryAfter string // as the server wrote it
	tried      []string
	silent     string // the helper that gave no credential
	challenge  []string
	message    string // the first sentence of the body
}

func (e *statusError) Error() string { return fmt.Sprintf("the server answers with status %d", e.code) }

func openHTTP(s *settings, r remote) (*httpTransport, error) {
	base := r.url()
	if err := s.checkPlace(placeOf(base)); err != nil {
		return nil, err
	}
	first, err := newSite(s, base, r, false)
	if err != nil {
		return nil, err
	}
	return &httpTransport{settings: s, remote: r, base: base, sites: map[string]*site{siteOf(base): first}}, nil
}

// placeOf returns the place of a repository.
func placeOf(u *url.URL) policy.Place {
	return policy.NewPlace(u.Scheme, u.Hostname(), u.EscapedPath())
}

// below returns u with path, which needs no escaping, appended to its path.
func below(u *url.URL, path string) *url.URL {
	v := *u
	v.Path += path
	if v.RawPath != "" {
		v.RawPath += path
	}
	return &v
}

func (t *httpTransport) Close() error {
	for _, s := range t.sites {
		s.client.CloseIdleConnections()
	}
	return nil
}

func (t *httpTransport) movedTo() string {
	if t.moved {
		return t.base.String()
	}
	return ""
}

// retry calls do again when the connection or the server failed in a way that may be temporary: once when the server
// stalls, because that takes long.
func (t *httpTransport) retry(ctx context.Context, do func() error) error {
	pause := 200 * time.Millisecond
	for try, stalls := 1, 0; ; try++ {
		err := do()
		wait, again := retryDelay(err, pause)
		if stalled := new(stalledError); errors.As(err, stalled) {
			if stalls++; stalls > maxStalls {
				again = false
			} else {
				t.settings.options.Progress(stalled.Error() + "; trying again")
			}
		}
		if err == nil || !again || try == maxTries {
			return err
		}
		if wait >= time.Second {
			t.settings.options.Progress(fmt.Sprintf("waiting %v, as %s asks for", wait, t.remote.host))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		pause *= 2
	}
}

// retryDelay reports whether a failed request is worth repeating, and after which pause.
func retryDelay(err error, pause time.Duration) (time.Duration, bool) {
	var status *statusError
	switch {
	case errors.As(err, &status) && status.retryAfter != "":
		asked, ok := parseRetryAfter(status.retryAfter, time.Now())
		return max(asked, pause), ok && asked <= maxRetryAfter
	case errors.As(err, &status):
		return pause, status.code == http.StatusTooManyRequests ||
			status.code >= 500 && status.code != http.StatusNotImplemented
	}
	return pause, errors.As(err, new(stalledError)) || errors.Is(err, errCut) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// parseRetryAfter reads the seconds or the date of a Retry-After field.
func parseRetryAfter(s string, now time.Time) (time.Duration, bool) {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return time.Duration(max(n, 0)) * time.Second, true
	}
	at, err := http.ParseTime(s)
	return max(at.Sub(now), 0), err == nil
}

func (t *httpTransport) greet(ctx context.Context) (hello *greeting, err error) {
	err = t.retry(ctx, func() error {
		hello, err = t.greetOnce(ctx)
		return err
	})
	return hello, err
}

func (t *httpTransport) greetOnce(ctx context.Context) (*greeting, error) {
	g := t.settings.guard(ctx)
	u := below(t.remote.url(), refsPath)
	u.RawQuery = "service=" + service
	resp, err := t.followRefs(g, u)
	if err != nil {
		g.cancel(nil)
		return nil, err
	}
	body := readBody(g, resp, maxRefBytes)
	defer body.Close()
	if err := checkType(resp, "advertisement"); err != nil {
		return nil, err
	}
	hello, err := decodeGreeting(body)
	body.complete = err == nil
	return hello, err
}

// A body is read to its end when it is closed after a complete response, so that the next request can use the same
// connection.
type body struct {
	io.ReadCloser
	guarded *guardedReader
}

func (b *body) Close() error {
	if b.guarded.complete {
		_, _ = b.guarded.wait(func() (int, error) { return b.ReadCloser.Read(make([]byte, 1)) })
	}
	return b.ReadCloser.Close()
}

func readBody(g *guard, resp *http.Response, limit int64) *guardedReader {
	r := &guardedReader{guard: g, limit: limit}
	r.r = &body{resp.Body, r}
	return r
}

// ask sends a request. Redirects of it are not followed.
func (t *httpTransport) ask(ctx context.Context, request []byte, limit int64) (*guardedReader, error) {
	g := t.settings.guard(ctx)
	resp, err := t.exchange(g, http.MethodPost, below(t.base, "/"+service), request)
	if err != nil {
		g.cancel(nil)
		return nil, err
	}
	r := readBody(g, resp, limit)
	if resp.StatusCode != http.StatusOK {
		err = protocolError{"a redirect of the request for a pack"}
	} else {
		err = checkType(resp, "result")
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func checkType(resp *http.Response, kind string) error {
	want := "application/x-" + service + "-" + kind
	if got, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); got != want {
		return protocolError{fmt.Sprintf("its content type is %q", got)}
	}
	return nil
}

// exchange sends a request and returns a response with status 200 or a redirect. It tries one credential after the
// other while the server rejects them.
func (t *httpTransport) exchange(g *guard, method string, u *url.URL, body []byte) (*http.Response, error) {
	site := t.sites[siteOf(u)]
	c := site.credentials
	for {
		req, err := newRequest(g.ctx, method, u, body)
		if err != nil {
			return nil, err
		}
		site.headers.set(req)
		c.sign(req)
		var resp *http.Response
		if _, err = g.wait(func() (n int, err error) {
			resp, err = site.client.RoundTrip(req)
			return 0, err
		}); err != nil {
			if resp != nil {
				resp.Body.Close()
			}
			return nil, t.settings.explainVerification(err, u)
		}
		switch resp.StatusCode {
		case http.StatusOK:
			c.accepted(g.ctx)
			return resp, nil
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
			http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
			return resp, nil
		}
		challenge := resp.Header.Values("WWW-Authenticate")
		if asksForCredentials(resp) && c.next(g.ctx, challenge) {
			resp.Body.Close()
			continue
		}
		message := readMessage(g, resp, c.secrets)
		resp.Body.Close()
		return nil, &statusError{
			u, resp.StatusCode, resp.Header.Get("Retry-After"), c.tried, c.silent, challenge, message,
		}
	}
}

// asksForCredentials reports whether a server asks for credentials, or for others. Azure DevOps may do so with a page.
func asksForCredentials(resp *http.Response) bool {
	return resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusNonAuthoritativeInfo
}

func newRequest(ctx context.Context, method string, u *url.URL, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", agentName)
	req.Header.Set("Git-Protocol", askForVersion2)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-"+service+"-request")
		req.Header.Set("Accept", "application/x-"+service+"-result")
		req.Header["Idempotency-Key"] = nil // not sent: lets net/http repeat it when the idle connection is closed
	}
	return req, nil
}
