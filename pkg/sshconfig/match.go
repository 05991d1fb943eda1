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
		if !matchPattern(p, host) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// matchList is matchHost for patterns with commas in between.
func matchList(list, text string) bool { return matchHost(strings.Split(list, ","), text) }

// matchPattern matches with "*" for any characters and "?" for one.
func matchPattern(pattern, text string) bool {
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
			holds = matchList(strings.ToLower(value), strings.ToLower(host))
		case "originalhost":
			holds = matchList(strings.ToLower(value), strings.ToLower(c.Host))
		case "user":
			holds = matchList(value, cmp.Or(o.Get("user"), c.LocalUser))
		case "localuser":
			holds = matchList(value, c.LocalUser)
		case "tagged":
			holds = matchList(value, o.Get("tag"))
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
