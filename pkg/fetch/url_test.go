package fetch

import "testing"

func TestSplitURL(t *testing.T) {
	for _, c := range []struct{ url, host, namespace, repo string }{
		{"https://git.example/team/pack.git", "git.example", "team", "pack"},
		{"https://git.example:8443/a/b/pack", "git.example:8443", "a/b", "pack"},
		{"ssh://git@git.example/team/pack.git", "git.example", "team", "pack"},
		{"git@git.example:team/pack.git", "git.example", "team", "pack"},
		{"builtin:pack", "", "", "pack"},
		{"https://git.example/pack", "git.example", "", "pack"},
		{"/srv/team/pack.git", "", "srv/team", "pack"},
		{"file:///srv/team/pack.git", "", "srv/team", "pack"},
		{"C:/team/pack", "", "C:/team", "pack"}, // a drive, not a host
	} {
		if host, namespace, repo := splitURL(c.url); host != c.host || namespace != c.namespace || repo != c.repo {
			t.Errorf("splitURL(%q) = %q, %q, %q", c.url, host, namespace, repo)
		}
	}
}
