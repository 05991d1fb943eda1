package wire

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestReadMessage(t *testing.T) {
	hide := &secrets{}
	hide.add("s3cret-word")
	long := strings.Repeat("word ", 100)
	for _, c := range []struct {
		kind, body string
		code       int
		want       string
	}{
		{"text/plain", "No such thing.\n", 404, "No such thing."},
		{"text/plain; charset=utf-8", "\n\n  First line\nSecond", 400, "First line"},
		{"text/plain", "Use v1.2, e.g. this (or that.). Then stop.", 400, "Use v1.2, e.g. this (or that.)."},
		{"text/plain", "remote: Really? Yes", 400, "Really?"},
		{"text/plain", "\x1b[1mA\u202eB\x00\xff", 400, "[1mAB"},
		{"text/plain", long, 400, strings.TrimSpace(long)[:300] + "…"},
		{"text/plain", long[:295] + "s3cret-word", 400, long[:295] + "***"},
		{"", "Plain without a type", 400, "Plain without a type"},
		{"", "<!DOCTYPE html><p>A page without a type</p>", 400, "A page without a type"},
		{"text/plain", "", 400, ""},
		{"text/plain", "404 page not found", 404, "404 page not found"},
		{"text/plain", "Not Found", 404, ""},
		{"text/plain", "404: Not Found", 403, "404: Not Found"},
		{"text/html", "<title>403 Forbidden</title><body><center><h1>403 Forbidden</h1></center>", 403, ""},
		{"text/html", "<title>T</title><script>x < 1</script><body><p>One &amp; <b>two</b>.</p><p>Three",
			500, "T"},
		{"text/html", "<script>x</script><style>y</style><p>One &amp; <b>two</b>.</p><p>Three", 500, "One & two."},
		{"text/html", "<h1>Down <i>now</i></h1><p>Later", 500, "Down"},
		{"application/json", `{"code": 1, "message": "Bad token. Sorry"}`, 400, "Bad token."},
		{"application/problem+json", `{"title": "T", "detail": "D"}`, 400, "D"},
		{"application/json", `{"errors": [{"context": null, "message": "Project is gone"}]}`, 400, "Project is gone"},
		{"application/json", `{"error": {"message": "Inner"}}`, 400, "Inner"},
		{"application/json", `{"error": [[[["too deep"]]]]}`, 400, ""},
		{"application/json", `{`, 400, ""},
		{"image/png", "\x89PNG\r\n", 400, ""},
	} {
		g := newGuard(t.Context(), &budget{}, time.Minute, time.Minute)
		body := io.NopCloser(strings.NewReader(c.body))
		resp := &http.Response{StatusCode: c.code, Header: http.Header{}, Body: body}
		if c.kind != "" {
			resp.Header.Set("Content-Type", c.kind)
		}
		if got := readMessage(g, resp, hide); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.kind, c.body, got, c.want)
		}
	}
}
