package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

const (
	maxRedirects  = 5
	maxTries      = 3                // of what is harmless to ask again
	maxRetryAfter = 10 * time.Second // longest wait that a server may ask for
	service       = "git-upload-pack"
	refsPath      = "/info/refs"
)

// httpTransport carries upload-pack over git's smart HTTP protocol.
type httpTransport struct {
	d       *Dialer
	at      remote
	base    *url.URL // of the repository, after the redirects of its refs
	client  *http.Transport
	keyring map[string]*keyring // by origin
}

// statusError is an answer with another status than 200.
type statusError struct {
	url        *url.URL
	code       int
	retryAfter string // as the server put it
	tried      []string
	challenge  []string
}

func (e *statusError) Error() string { return fmt.Sprintf("the server answers with status %d", e.code) }

func (d *Dialer) openHTTP(at remote) (*httpTransport, error) {
	base := at.url()
	if err := d.permit(base.Scheme, base.Hostname()); err != nil {
		return nil, err
	}
	client, err := d.client(base)
	if err != nil {
		return nil, err
	}
	t := &httpTransport{d: d, at: at, base: base, client: client, keyring: map[string]*keyring{}}
	ring, err := d.keyringFor(base, at)
	t.keyring[origin(base)] = ring
	return t, err
}

// below returns u with path, which needs no escapes, added to its own.
func below(u *url.URL, path string) *url.URL {
	v := *u
	v.Path += path
	if v.RawPath != "" {
		v.RawPath += path
	}
	return &v
}

func (t *httpTransport) Close() error {
	t.client.CloseIdleConnections()
	return nil
}

// persist tries again when the connection or the server failed in a way that may pass.
func (t *httpTransport) persist(ctx context.Context, do func() error) error {
	pause := 200 * time.Millisecond
	for try := 1; ; try++ {
		err := do()
		wait, again := retry(err, pause)
		if err == nil || !again || try == maxTries {
			return err
		}
		if wait >= time.Second {
			t.d.o.Progress(fmt.Sprintf("waiting %v, as %s asks for", wait, t.at.host))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		pause *= 2
	}
}

// retry tells whether a failed attempt is worth another, and after which pause.
func retry(err error, pause time.Duration) (time.Duration, bool) {
	var status *statusError
	switch {
	case errors.As(err, &status) && status.retryAfter != "":
		asked, ok := parseRetryAfter(status.retryAfter, time.Now())
		return max(asked, pause), ok && asked <= maxRetryAfter
	case errors.As(err, &status):
		return pause, status.code == http.StatusTooManyRequests || status.code >= 500 && status.code != http.StatusNotImplemented
	}
	return pause, errors.Is(err, errCut) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
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
	err = t.persist(ctx, func() error {
		hello, err = t.greetOnce(ctx)
		return err
	})
	return hello, err
}

func (t *httpTransport) greetOnce(ctx context.Context) (*greeting, error) {
	g := t.d.guard(ctx)
	at := below(t.base, refsPath)
	at.RawQuery = "service=" + service
	resp, err := t.followRefs(g, at)
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

// A body is read to its very end when it is closed after a complete answer, so that the next request
// can go over the same connection.
type body struct {
	io.ReadCloser
	answer *guardedReader
}

func (b *body) Close() error {
	if b.answer.complete {
		_, _ = b.answer.wait(func() (int, error) { return b.ReadCloser.Read(make([]byte, 1)) })
	}
	return b.ReadCloser.Close()
}

func readBody(g *guard, resp *http.Response, limit int64) *guardedReader {
	answer := &guardedReader{guard: g, limit: limit}
	answer.r = &body{resp.Body, answer}
	return answer
}

// followRefs sends the request for the refs where redirects lead it. The
// repository is then below the same URL that its refs are.
func (t *httpTransport) followRefs(g *guard, at *url.URL) (*http.Response, error) {
	for range maxRedirects + 1 {
		resp, err := t.exchange(g, http.MethodGet, at, nil)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK {
			t.base = &url.URL{
				Scheme: at.Scheme, Host: at.Host,
				Path: strings.TrimSuffix(at.Path, refsPath), RawPath: strings.TrimSuffix(at.RawPath, refsPath),
			}
			return resp, nil
		}
		resp.Body.Close()
		next, err := at.Parse(resp.Header.Get("Location"))
		if err != nil {
			return nil, garbage{"a redirect to a malformed URL"}
		}
		next.User = nil
		if err := t.checkRedirect(at, next); err != nil {
			return nil, err
		}
		at = next
	}
	return nil, garbage{fmt.Sprintf("more than %d redirects", maxRedirects)}
}

// badRedirect is a redirect that leads to no repository.
type badRedirect struct {
	from    string // host
	to      *url.URL
	problem string
}

func (e badRedirect) Error() string {
	shown := url.URL{Scheme: e.to.Scheme, Host: e.to.Host, Path: e.to.Path} // a query may hold secrets
	return fmt.Sprintf("the server redirects to %q, %s", shown.String(), e.problem)
}

func (t *httpTransport) checkRedirect(from, to *url.URL) error {
	switch {
	case to.Scheme != "https" && to.Scheme != "http" || to.Host == "":
		return badRedirect{from.Hostname(), to, "which is no http URL"}
	case from.Scheme == "https" && to.Scheme == "http":
		return failure.Errorf(failure.Refused, "following a redirect of %q: it leads from https to http", t.at.public).
			WithHint("tell the server's owner")
	case !strings.HasSuffix(to.Path, refsPath) || to.RawQuery != "service="+service:
		return badRedirect{from.Hostname(), to, "which is no git repository"}
	}
	if err := t.d.permit(to.Scheme, to.Hostname()); err != nil {
		return failure.Errorf(failure.KindOf(err), "following a redirect of %q: %w", t.at.public, err).WithHint("%s", failure.Hint(err))
	}
	if t.keyring[origin(to)] == nil {
		ring, err := t.d.keyringFor(to, remote{secrets: t.at.secrets})
		if err != nil {
			return err
		}
		t.keyring[origin(to)] = ring
	}
	return nil
}

// ask sends a request, which is not redirected.
func (t *httpTransport) ask(ctx context.Context, request []byte, limit int64) (*guardedReader, error) {
	g := t.d.guard(ctx)
	resp, err := t.exchange(g, http.MethodPost, below(t.base, "/"+service), request)
	if err != nil {
		g.cancel(nil)
		return nil, err
	}
	answer := readBody(g, resp, limit)
	if resp.StatusCode != http.StatusOK {
		err = garbage{"a redirect of the request for a pack"}
	} else {
		err = checkType(resp, "result")
	}
	if err != nil {
		answer.Close()
		return nil, err
	}
	return answer, nil
}

func checkType(resp *http.Response, kind string) error {
	want := "application/x-" + service + "-" + kind
	if got, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); got != want {
		return garbage{fmt.Sprintf("its content type is %q", got)}
	}
	return nil
}

// exchange sends a request, with one credential after the other while the server
// asks for another, and returns an answer with status 200 or a redirect.
func (t *httpTransport) exchange(g *guard, method string, at *url.URL, body []byte) (*http.Response, error) {
	ring := t.keyring[origin(at)]
	for {
		req, err := http.NewRequestWithContext(g.ctx, method, at.String(), bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("User-Agent", agentName)
		req.Header.Set("Git-Protocol", askForVersion2)
		if method == http.MethodPost {
			req.Header.Set("Content-Type", "application/x-"+service+"-request")
			req.Header.Set("Accept", "application/x-"+service+"-result")
			req.Header["Idempotency-Key"] = nil // not sent: lets net/http repeat it when the idle connection turns out to be closed
		}
		ring.sign(req)
		var resp *http.Response
		if _, err = g.wait(func() (n int, err error) {
			resp, err = t.client.RoundTrip(req)
			return 0, err
		}); err != nil {
			if resp != nil {
				resp.Body.Close()
			}
			return nil, err
		}
		switch resp.StatusCode {
		case http.StatusOK:
			ring.accepted(g.ctx)
			return resp, nil
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
			return resp, nil
		}
		resp.Body.Close()
		challenge := resp.Header.Values("WWW-Authenticate")
		if resp.StatusCode == http.StatusUnauthorized && ring.next(g.ctx, challenge) {
			continue
		}
		return nil, &statusError{at, resp.StatusCode, resp.Header.Get("Retry-After"), ring.tried, challenge}
	}
}

// dialer bounds the time in which a connection must come about.
func (d *Dialer) dialer() *net.Dialer {
	return &net.Dialer{Timeout: d.connectTimeout(), KeepAlive: 30 * time.Second}
}

func (d *Dialer) connectTimeout() time.Duration { return d.o.Stall / 2 }
