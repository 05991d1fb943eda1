// Package sshconfig reads the configuration of OpenSSH's client, ssh_config(5): which options its Host and Match
// blocks set for a connection. It does not know what the options are for, and unknown ones are no error.
package sshconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// maxIncludes is ssh's own limit on nested Include options.
const maxIncludes = 16

// A Connection is what the user wants to connect to.
type Connection struct {
	Host string // as typed: a host or an alias of one
	User string // as typed; may be empty
	Port string // as typed; may be empty

	Home      string              // the user's home folder
	LocalUser string              // the name of the user on this machine
	LocalHost string              // the name of this machine
	Env       func(string) string // the environment
	// Exec reports whether a command of Match exec succeeds; nil when commands must not run.
	Exec func(command string) bool
}

// Options are the options for one connection.
type Options struct {
	connection Connection
	values     map[string][]string // by name in lower case
}

// Files are the configuration files, in the order in which ssh reads them. Relative paths that the files include are
// below the folders that the files are in.
func Files(home string) []string {
	return []string{configfile.InHome(home, ".ssh", "config"), "/etc/ssh/ssh_config"}
}

// Read returns the options that files set for a connection. Files that do not exist set none. Errors are of kind Usage
// for a malformed file, else those of configfile.Read.
func Read(c Connection, files ...string) (*Options, error) {
	if c.Env == nil {
		c.Env = func(string) string { return "" }
	}
	o := &Options{c, map[string][]string{}}
	if c.User != "" {
		o.values["user"] = []string{c.User}
	}
	if c.Port != "" {
		o.values["port"] = []string{c.Port}
	}
	r := &reader{options: o, host: c.Host}
	if err := r.readAll(files); err != nil || !r.wantFinal {
		return o, err
	}
	host := o.HostName()
	o.values["hostname"] = []string{strings.ReplaceAll(host, "%", "%%")}
	final := &reader{options: o, host: host, final: true}
	return o, final.readAll(files)
}

// Get returns the value of an option, given in lower case, or "" when it is not set.
func (o *Options) Get(name string) string { return strings.Join(o.values[name], " ") }

// All returns the values of an option that can have several, given in lower case.
func (o *Options) All(name string) []string { return o.values[name] }

// HostName returns the host to connect to.
func (o *Options) HostName() string {
	name := o.connection.Host
	if v := o.values["hostname"]; len(v) > 0 {
		name = strings.NewReplacer("%%", "%", "%h", name).Replace(v[0])
	}
	return strings.ToLower(name)
}

// A reader reads the configuration once, from its start to its end.
type reader struct {
	options   *Options
	host      string // that Host blocks are about
	final     bool   // this is the second reading, for Match final
	wantFinal bool   // there was a Match final
}

func (r *reader) readAll(files []string) error {
	for _, f := range files {
		if f == "" {
			continue
		}
		if err := r.readFile(f, filepath.Dir(f), true, 0); err != nil {
			return err
		}
	}
	return nil
}

// readFile reads a file. Where it is included in a block that does not match, no block in it matches either.
func (r *reader) readFile(file, dir string, active bool, depth int) error {
	data, err := configfile.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	never := !active
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if active, err = r.readLine(line, dir, active, never, depth); err != nil {
			var inner *failure.Error // of an included file
			if errors.As(err, &inner) {
				return err
			}
			return failure.Errorf(failure.Usage, "reading the ssh configuration %q: line %d: %w", file, n, err).
				WithHint("correct the file")
		}
	}
	return nil
}

// readLine reads a line and reports whether the next one applies to the connection.
func (r *reader) readLine(line, dir string, active, never bool, depth int) (bool, error) {
	name, rest := cutKeyword(line)
	if name == "" {
		return active, nil
	}
	if name == "proxycommand" { // a shell command, whose quotes are for the shell
		if active {
			r.options.set(name, []string{rest})
		}
		return active, nil
	}
	args, err := splitWords(rest)
	switch {
	case err != nil && !active:
		return active, nil
	case err != nil:
		return active, err
	case name == "host":
		return !never && matchHost(args, r.host), nil
	case name == "match":
		if len(args) == 0 {
			return active, errors.New("a Match has no conditions")
		}
		ok, err := r.match(args, never)
		return ok && !never, err
	case name == "include":
		for _, pattern := range args {
			if err := r.include(pattern, dir, active, depth); err != nil {
				return active, err
			}
		}
	case active && len(args) > 0:
		r.options.set(name, args)
	}
	return active, nil
}

// set sets an option. The first value of an option wins, except for those that can have several. Of ProxyCommand and
// ProxyJump, the one that comes first wins.
func (o *Options) set(name string, args []string) {
	switch name {
	case "identityfile", "certificatefile":
		if !slices.Contains(o.values[name], args[0]) {
			o.values[name] = append(o.values[name], args[0])
		}
		return
	case "proxycommand", "proxyjump":
		if o.values["proxycommand"] != nil || o.values["proxyjump"] != nil {
			return
		}
	case "hostname", "port", "user":
		args = args[:1]
	}
	if o.values[name] == nil {
		o.values[name] = args
	}
}

// include reads the files that a pattern of Include names.
func (r *reader) include(pattern, dir string, active bool, depth int) error {
	if depth == maxIncludes {
		return errors.New("an Include is nested too deeply")
	}
	pattern = configfile.ExpandHome(pattern, r.options.connection.Home)
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(dir, pattern)
	}
	files, err := filepath.Glob(pattern)
	if err != nil {
		return fmt.Errorf("%q is not a pattern", pattern)
	}
	for _, f := range files { // in order
		if err := r.readFile(f, dir, active, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// cutKeyword splits a line into its keyword, in lower case, and its arguments. The keyword is "" in a line without an
// option.
func cutKeyword(line string) (keyword, rest string) {
	line = strings.Trim(line, " \t\r\n\f")
	if line == "" || line[0] == '#' {
		return "", ""
	}
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		return strings.ToLower(line), ""
	}
	keyword, rest = line[:end], strings.TrimLeft(line[end:], " \t")
	if after, ok := strings.CutPrefix(rest, "="); ok {
		rest = strings.TrimLeft(after, " \t")
	}
	return strings.ToLower(strings.Trim(keyword, `"`)), rest
}

// splitWords splits arguments at spaces, without their quotes, up to a comment. A backslash escapes quotes and itself,
// and a space outside of quotes.
func splitWords(text string) (words []string, err error) {
	var word strings.Builder
	inWord, quote := false, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text) && strings.IndexByte(`\'"`, text[i+1]) >= 0,
			c == '\\' && i+1 < len(text) && text[i+1] == ' ' && quote == 0:
			i++
			word.WriteByte(text[i])
			inWord = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, inWord = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		case quote == 0 && c == '#' && !inWord:
			return words, nil
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
