package wire

import (
	"net/url"
	"testing"
)

// Tokens of CI systems are for the server that runs the job, and for no other.
func TestCITokens(t *testing.T) {
	github := map[string]string{"GITHUB_TOKEN": "t", "GITHUB_SERVER_URL": "https://github.com"}
	enterprise := map[string]string{"GITHUB_TOKEN": "t", "GITHUB_SERVER_URL": "https://Git.example.com/"}
	gitlab := map[string]string{
		"CI_JOB_TOKEN": "t", "CI_SERVER_URL": "https://gitlab.example.com:8443/gitlab", "CI_SERVER_PROTOCOL": "https",
		"CI_SERVER_HOST": "gitlab.example.com", "CI_SERVER_PORT": "8443",
	}
	for _, c := range []struct {
		env          map[string]string
		url          string
		source, user string
	}{
		{map[string]string{"GH_TOKEN": "t", "GITHUB_TOKEN": "u"}, "https://github.com/a/b", "GH_TOKEN",
			"x-access-token"},
		{github, "https://GitHub.com:443/a/b", "GITHUB_TOKEN", "x-access-token"},
		{github, "http://github.com/a/b", "", ""},
		{github, "https://github.com.example.com/a", "", ""},
		{github, "https://gist.github.com/a", "", ""},
		{github, "https://github.com:8443/a", "", ""},
		{enterprise, "https://git.example.com/a/b", "GITHUB_TOKEN", "x-access-token"},
		{enterprise, "https://github.com/a/b", "", ""},
		{map[string]string{"GITHUB_TOKEN": "t", "GITHUB_SERVER_URL": "::"}, "https://github.com/a/b", "", ""},
		{map[string]string{"GITHUB_TOKEN": "t\r\nX: y"}, "https://github.com/a/b", "", ""},
		{gitlab, "https://gitlab.example.com:8443/gitlab/a", "CI_JOB_TOKEN", "gitlab-ci-token"},
		{gitlab, "https://gitlab.example.com/a", "", ""},
		{gitlab, "http://gitlab.example.com:8443/a", "", ""},
		{gitlab, "https://gitlab.com/a", "", ""},
		{map[string]string{"CI_JOB_TOKEN": "t"}, "https://gitlab.com/a", "", ""},
		{map[string]string{"CI_JOB_TOKEN": "t", "CI_SERVER_HOST": "gitlab.com"}, "https://gitlab.com/a",
			"CI_JOB_TOKEN", "gitlab-ci-token"},
		{map[string]string{"CI_JOB_TOKEN": "t", "CI_SERVER_HOST": "gitlab.com"}, "http://gitlab.com/a", "", ""},
		{map[string]string{"CI_JOB_TOKEN": "t", "CI_SERVER_HOST": "gitlab.com"}, "https://gitlab.com:8443/a", "", ""},
		{map[string]string{"CI_JOB_TOKEN": "t", "CI_SERVER_HOST": "127.0.0.1"}, "http://127.0.0.1:1/a", "", ""},
		{map[string]string{"CI_JOB_TOKEN": "t", "CI_SERVER_HOST": "::1", "CI_SERVER_PORT": "1"}, "https://[::1]:1/a",
			"CI_JOB_TOKEN", "gitlab-ci-token"},
		{map[string]string{"CI_JOB_TOKEN": "t", "CI_SERVER_URL": "http://h:8080"}, "http://h:8080/a", "CI_JOB_TOKEN",
			"gitlab-ci-token"},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := ciToken(func(name string) string { return c.env[name] }, u)
		if ok != (c.source != "") || got.source != c.source || got.user != c.user || ok && got.password != "t" {
			t.Errorf("%v, %s: %+v", c.env, c.url, got)
		}
	}
}
