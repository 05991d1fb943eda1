package wire

import (
	"cmp"
	"net"
	"net/url"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
)

// ciToken returns the token that a CI system gives a job for the host of u, from the job's environment. The token of
// a GitHub workflow is for the server that runs it, and so is the token of a GitLab job.
func ciToken(env func(string) string, u *url.URL) (credential, bool) {
	if isGitHub(env, u) {
		for _, name := range []string{"GH_TOKEN", "GITHUB_TOKEN"} {
			if token := env(name); isToken(token) {
				return credential{source: name, user: "x-access-token", password: token}, true
			}
		}
	}
	if token := env("CI_JOB_TOKEN"); isToken(token) && isGitLab(env, u) {
		return credential{source: "CI_JOB_TOKEN", user: "gitlab-ci-token", password: token}, true
	}
	return credential{}, false
}

// isToken reports whether a text can be a token: it is sent in a header field.
func isToken(text string) bool { return text != "" && !strings.ContainsAny(text, "\r\n") }

// isGitHub reports whether the tokens in GH_TOKEN and GITHUB_TOKEN are for the site of u: that of GITHUB_SERVER_URL,
// which GitHub sets for workflows, and without it https://github.com.
func isGitHub(env func(string) string, u *url.URL) bool {
	server, err := url.Parse(cmp.Or(env("GITHUB_SERVER_URL"), "https://github.com"))
	return err == nil && server.Host != "" && siteOf(server) == siteOf(u)
}

// isGitLab reports whether CI_JOB_TOKEN is for the site of u, which GitLab describes in several variables.
func isGitLab(env func(string) string, u *url.URL) bool {
	host, port, protocol := env("CI_SERVER_HOST"), env("CI_SERVER_PORT"), env("CI_SERVER_PROTOCOL")
	if server, err := url.Parse(env("CI_SERVER_URL")); err == nil && server.Host != "" {
		host = cmp.Or(host, server.Hostname())
		port, protocol = cmp.Or(port, portOf(server)), cmp.Or(protocol, server.Scheme)
	}
	server := url.URL{Scheme: cmp.Or(protocol, "https")}
	server.Host = net.JoinHostPort(hostname.Canonical(host), cmp.Or(port, portOf(&server)))
	return host != "" && siteOf(&server) == siteOf(u)
}
