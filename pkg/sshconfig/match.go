package sshconfig

import (
	"cmp"
	"fmt"
	"strings"
)

// matchHost reports whether a Host block with these patterns is about a host.
func matchHost(patterns []string, host string) bool {
	found := false
	for _, p := range patterns {
		p, negated := strings.CutPrefix(p, "!")
		if !MatchPattern(p, host) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// MatchList reports whether a text matches a list of patterns with commas in between, as ssh_config(5) describes it
// under PATTERNS: one of them, and none that begins with "!".
func MatchList(list, text string) bool { return matchHost(strings.Split(list, ","), text) }

// MatchPattern reports whether a text matches a pattern, with "*" for any characters and "?" for one.
func MatchPattern(pattern, text string) bool {
	star, from := -1, 0 // the last "*", and where it stops
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// match reports whether the conditions of a Match block hold. A command runs only if the conditions before it do.
func (r *reader) match(args []string, never bool) (bool, error) {
	o, c := r.options, r.options.connection
	ok := !never
	for len(args) > 0 {
		word, value, hasValue := strings.Cut(args[0], "=")
		args = args[1:]
		name, negated := strings.CutPrefix(strings.ToLower(word), "!")
		switch name {
		case "all":
			ok = ok && !negated
			continue
		case "canonical", "final":
			r.wantFinal = r.wantFinal || name == "final"
			ok = ok && r.final != negated
			continue
		}
		if !hasValue {
			if len(args) == 0 {
				return false, fmt.Errorf("the condition %q of Match has no value", name)
			}
			value, args = args[0], args[1:]
		}
		holds := false
		switch name {
		case "host":
			host := r.host
			if o.values["hostname"] != nil {
				host = o.HostName()
			}
			holds = MatchList(strings.ToLower(value), strings.ToLower(host))
		case "originalhost":
			holds = MatchList(strings.ToLower(value), strings.ToLower(c.Host))
		case "user":
			holds = MatchList(value, cmp.Or(o.Get("user"), c.LocalUser))
		case "localuser":
			holds = MatchList(value, c.LocalUser)
		case "tagged":
			holds = MatchList(value, o.Get("tag"))
		case "exec":
			if ok {
				command, err := o.Expand(value)
				if err != nil {
					return false, err
				}
				holds = c.Exec != nil && c.Exec(command)
			}
		default: // such as localnetwork, which depends on more than the connection
			ok = false
		}
		ok = ok && holds != negated
	}
	return ok, nil
}
