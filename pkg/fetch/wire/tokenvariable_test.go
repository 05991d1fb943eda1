package wire

import (
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestTokenVariable(t *testing.T) {
	for site, want := range map[string]string{
		"https://github.com":             "PPM_TOKEN_GITHUB_COM",
		"https://github.com:443":         "PPM_TOKEN_GITHUB_COM",
		"https://github.com:0443":        "PPM_TOKEN_GITHUB_COM",
		"https://github.com:8443":        "PPM_TOKEN_GITHUB_COM_8443",
		"http://github.com":              "PPM_TOKEN_GITHUB_COM_80",
		"http://github.com:443":          "PPM_TOKEN_GITHUB_COM_443", // not the variable of https
		"https://Git.Example.":           "PPM_TOKEN_GIT_EXAMPLE",
		"https://git-example":            "PPM_TOKEN_GIT__EXAMPLE",
		"https://bücher.example":         "PPM_TOKEN_XN____BCHER__KVA_EXAMPLE",
		"https://127.0.0.1":              "PPM_TOKEN_127_0_0_1",
		"http://127.0.0.1:8080":          "PPM_TOKEN_127_0_0_1_8080",
		"http://localhost:80":            "PPM_TOKEN_LOCALHOST_80",
		"https://[::ffff:127.0.0.1]":     "PPM_TOKEN_127_0_0_1",
		"https://[::1]":                  "",
		"https://[fe80::1%25eth0]":       "",
		"https://git_example":            "", // it would be the variable of git.example
		"https://git..example":           "",
		"https://git-.example":           "",
		"https://git.-example":           "",
		"https://github.com.8443":        "", // it would be the variable of port 8443
		"https://127.0.0.1.8080":         "",
		"https://127.1":                  "",
		"https://8080":                   "",
		"https://git.example.com%C2%A0x": "",
	} {
		if got := tokenVariable(parseURL(t, site)); got != want {
			t.Errorf("tokenVariable(%s) = %q, want %q", site, got, want)
		}
	}
}

// No variable is for two sites of one scheme. The hosts are made of few letters, so that many of them are similar.
func TestTokenVariablesAreForOneSite(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	owner := map[string]string{}
	named := 0
	for range 200_000 {
		host := make([]byte, 1+random.IntN(7))
		for i := range host {
			host[i] = "ab1.-_"[random.IntN(6)]
		}
		text := []string{"https", "http"}[random.IntN(2)] + "://" + string(host)
		if random.IntN(2) == 0 {
			text += ":" + strconv.Itoa([]int{1, 11, 80, 443}[random.IntN(4)])
		}
		u, err := url.Parse(text)
		if err != nil {
			continue
		}
		variable := tokenVariable(u)
		if variable == "" {
			continue
		}
		named++
		site := siteOf(u)
		_, site, _ = strings.Cut(site, "://")
		if other := owner[variable]; other != "" && other != site {
			t.Errorf("%s is for %s and for %s", variable, site, other)
		}
		owner[variable] = site
		secure := url.URL{Scheme: "https", Host: string(host)}
		if u.Scheme == "http" && variable == tokenVariable(&secure) {
			t.Errorf("%s is sent to %s without encryption", variable, text)
		}
	}
	if named < 10_000 || len(owner) < 1000 {
		t.Errorf("only %d sites have %d variables", named, len(owner))
	}
}
