package sshconfig

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
)

// Expand replaces the tokens of a value, such as %h. An unknown one is an error.
func (o *Options) Expand(text string) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		if after == "" {
			return "", fmt.Errorf("%q ends with %%", text)
		}
		value, ok := o.token(after[0])
		if !ok {
			return "", fmt.Errorf("the token %%%c is not known", after[0])
		}
		b.WriteString(value)
		text = after[1:]
	}
}

// ExpandEnv is Expand that also replaces ${NAME} by the value of a variable, which must be set.
func (o *Options) ExpandEnv(text string) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return o.Expand(b.String())
		}
		name, rest, closed := strings.Cut(after, "}")
		value := o.connection.Env(name)
		if !closed || value == "" {
			return "", fmt.Errorf("the variable ${%s} is not set", name)
		}
		b.WriteString(value)
		text = rest
	}
}

func (o *Options) token(letter byte) (string, bool) {
	c := o.connection
	port, user := cmp.Or(o.Get("port"), "22"), cmp.Or(o.Get("user"), c.LocalUser)
	short, _, _ := strings.Cut(c.LocalHost, ".")
	switch letter {
	case '%':
		return "%", true
	case 'h':
		return o.HostName(), true
	case 'n':
		return c.Host, true
	case 'p':
		return port, true
	case 'r':
		return user, true
	case 'd':
		return c.Home, true
	case 'u':
		return c.LocalUser, true
	case 'l':
		return c.LocalHost, true
	case 'L':
		return short, true
	case 'k':
		return cmp.Or(o.Get("hostkeyalias"), c.Host), true
	case 'j':
		return o.Get("proxyjump"), true
	case 'C':
		sum := sha1.Sum([]byte(c.LocalHost + o.HostName() + port + user + o.Get("proxyjump")))
		return hex.EncodeToString(sum[:]), true
	}
	return "", false
}
