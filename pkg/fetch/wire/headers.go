package wire

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// extraHeaders are header fields that the user wants to be sent, from http.extraHeader and http.URL.extraHeader of
// git's configuration. Their values may be secrets.
type extraHeaders struct {
	fields        []headerField
	authorization string // the value of the field Authorization, which is not among the fields
}

type headerField struct{ name, value string }

// newExtraHeaders returns the header fields for a site. A site that a redirect leads to gets only those that are for
// its URL.
func newExtraHeaders(c gitConfig, u *url.URL, redirected bool) (*extraHeaders, error) {
	h := &extraHeaders{}
	for _, source := range []struct {
		config  *config.Config
		general bool // settings for every URL apply
	}{{c.Config, !redirected}, {c.repository, false}} {
		for s := range source.config.ForURL("http", "extraheader", u) {
			if s.Subsection == "" && !source.general {
				continue
			}
			if err := h.add(s.Value); err != nil {
				key := "http.extraHeader"
				if s.Subsection != "" {
					key = "http." + secreturl.Clean(s.Subsection) + ".extraHeader"
				}
				return nil, failure.Errorf(failure.Usage, "reading git's configuration: %s: %w", key, err).
					WithHint("write NAME: VALUE")
			}
		}
	}
	return h, nil
}

// add adds a field of the form "NAME: VALUE". An empty text removes those before it.
func (h *extraHeaders) add(text string) error {
	if text == "" {
		*h = extraHeaders{}
		return nil
	}
	name, value, ok := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
		return errors.New("a value is not a header field") // it may be a secret
	}
	if strings.EqualFold(name, "Authorization") {
		h.authorization = value
		return nil
	}
	h.fields = append(h.fields, headerField{http.CanonicalHeaderKey(name), value})
	return nil
}

// set adds the fields to a request, in place of its own of the same names. As in curl, a field without a value only
// removes the request's own.
func (h *extraHeaders) set(r *http.Request) {
	for _, f := range h.fields {
		r.Header.Del(f.name)
	}
	for _, f := range h.fields {
		switch {
		case f.name == "Host":
			r.Host = f.value
		case f.value != "":
			r.Header.Add(f.name, f.value)
		}
	}
}

// secrets returns what no message may contain.
func (h *extraHeaders) secrets() []string {
	list := []string{h.authorization}
	for _, f := range h.fields {
		list = append(list, f.value)
	}
	if _, encoded, ok := strings.Cut(h.authorization, " "); ok {
		list = append(list, strings.TrimSpace(encoded))
		if data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded)); err == nil {
			_, password, _ := strings.Cut(string(data), ":")
			list = append(list, password)
		}
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}
