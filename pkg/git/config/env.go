package config

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// variables choose or change the configuration, besides those that GIT_CONFIG_COUNT announces.
var variables = []string{
	"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
}

// GitEnv returns the environment variables, as NAME=VALUE, with which git reads the same configuration as ReadUser
// did, although git runs outside of the repository that the user works in.
func (c *Config) GitEnv(env func(string) string) []string {
	var out []string
	set := func(name, value string) { out = append(out, name+"="+value) }
	if !c.conditional {
		for _, name := range variables {
			if v := env(name); v != "" {
				set(name, v)
			}
		}
		n, _ := countInEnv(env) // ReadUser has reported the error
		for i := range n {
			set(keyVariable(i), env(keyVariable(i)))
			set(valueVariable(i), env(valueVariable(i))) // also if empty: git wants each to be set
		}
		return out
	}
	// There, git would not follow an includeIf.
	n := 0
	for _, s := range c.settings {
		if s.Section == "include" || s.Section == "includeif" || strings.ContainsRune(s.Subsection, '\n') {
			continue
		}
		key := s.Section + "." + s.Name
		if s.Subsection != "" {
			key = s.Section + "." + s.Subsection + "." + s.Name
		}
		set(keyVariable(n), key)
		set(valueVariable(n), s.Value)
		n++
	}
	set("GIT_CONFIG_COUNT", strconv.Itoa(n))
	set("GIT_CONFIG_NOSYSTEM", "1")
	set("GIT_CONFIG_GLOBAL", os.DevNull)
	return out
}

// envSettings returns the settings of GIT_CONFIG_COUNT, which users set, and then those of GIT_CONFIG_PARAMETERS,
// which "git -c" sets for the hooks and aliases that it runs.
func envSettings(env func(string) string) ([]Setting, error) {
	n, err := countInEnv(env)
	if err != nil {
		return nil, err
	}
	var settings []Setting
	for i := range n {
		s, ok := newSetting(env(keyVariable(i)), env(valueVariable(i)))
		if !ok {
			return nil, fmt.Errorf("%s: it is not the name of a setting, SECTION.NAME", keyVariable(i))
		}
		settings = append(settings, s)
	}
	words, err := unquote(env("GIT_CONFIG_PARAMETERS"))
	if err != nil {
		return nil, fmt.Errorf("GIT_CONFIG_PARAMETERS: %w", err)
	}
	for _, w := range words {
		if s, ok := newSetting(w[0], w[1]); ok {
			settings = append(settings, s)
		}
	}
	return settings, nil
}

// newSetting returns the setting of a key SECTION.NAME or SECTION.SUBSECTION.NAME.
func newSetting(key, value string) (Setting, bool) {
	section, rest, ok := strings.Cut(key, ".")
	dot := strings.LastIndexByte(rest, '.') // -1 without a subsection
	return Setting{
		Section: strings.ToLower(section), Name: strings.ToLower(rest[dot+1:]),
		Subsection: rest[:max(dot, 0)],
		Value:      value,
	}, ok
}

func keyVariable(i int) string   { return fmt.Sprintf("GIT_CONFIG_KEY_%d", i) }
func valueVariable(i int) string { return fmt.Sprintf("GIT_CONFIG_VALUE_%d", i) }

// countInEnv returns how many settings the environment holds. As for git, a count that is not a number is an error.
func countInEnv(env func(string) string) (int, error) {
	const most = 1000
	text := env("GIT_CONFIG_COUNT")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("GIT_CONFIG_COUNT: it is not a number from 0 to %d", most)
	}
	return n, nil
}

var errQuotes = errors.New("it is not quoted as git does it")

// unquote reads keys and values in the form of GIT_CONFIG_PARAMETERS: 'KEY'='VALUE', 'KEY' for true or, before git
// 2.31, 'KEY=VALUE', with spaces in between.
func unquote(text string) (settings [][2]string, err error) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		var key, value string
		if key, text, err = unquoteWord(text); err != nil {
			return nil, err
		}
		switch rest, ok := strings.CutPrefix(text, "="); {
		case ok && strings.HasPrefix(rest, "'"):
			if value, text, err = unquoteWord(rest); err != nil {
				return nil, err
			}
		case ok: // 'KEY'= is the empty value
			text = rest
		default:
			if key, value, ok = strings.Cut(key, "="); !ok {
				value = "true"
			}
		}
		settings = append(settings, [2]string{key, value})
	}
	return settings, nil
}

// unquoteWord reads a word in single quotes, in which \' and \! stand between two quoted parts.
func unquoteWord(text string) (word, rest string, err error) {
	for {
		quoted, ok := strings.CutPrefix(text, "'")
		part, after, closed := strings.Cut(quoted, "'")
		if !ok || !closed {
			return "", "", errQuotes
		}
		word, text = word+part, after
		if len(text) < 3 || text[0] != '\\' || text[1] != '\'' && text[1] != '!' || text[2] != '\'' {
			return word, text, nil
		}
		word, text = word+text[1:2], text[2:]
	}
}
