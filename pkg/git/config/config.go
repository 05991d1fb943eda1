// Package config reads git's configuration: that of the system and the user, and that of a repository.
//
// The format is that of git-config(1). Settings are kept in the order in which git reads them, so that the last
// one of a name wins.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
)

// A Config holds settings. The zero value has none.
type Config struct {
	settings    []Setting
	conditional bool // some of them come from a file that an includeIf names
}

// A Setting is one value that a name is set to.
type Setting struct {
	Section, Name string // lower case
	Subsection    string
	Value         string
}

// Parse adds the settings in the text of a configuration file. Includes are not followed.
func (c *Config) Parse(text string) error {
	return parse(text, func(s Setting) error {
		c.settings = append(c.settings, s)
		return nil
	})
}

// ReadFile adds the settings of the file at path. A file that does not exist has none. Includes are not followed:
// git writes what it needs to know about a repository into the repository's own file.
func (c *Config) ReadFile(path string) error {
	data, err := configfile.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := c.Parse(string(data)); err != nil {
		return fmt.Errorf("reading %q: %w", path, err)
	}
	return nil
}

// All yields the settings of section.name in any subsection. Both names are in lower case.
func (c *Config) All(section, name string) iter.Seq[Setting] {
	return func(yield func(Setting) bool) {
		for s := range c.Section(section) {
			if s.Name == name && !yield(s) {
				return
			}
		}
	}
}

// Section yields the settings of a section, given in lower case.
func (c *Config) Section(section string) iter.Seq[Setting] {
	return func(yield func(Setting) bool) {
		for _, s := range c.settings {
			if s.Section == section && !yield(s) {
				return
			}
		}
	}
}

// Get returns the value of section.name, "" when it is not set.
func (c *Config) Get(section, name string) string {
	value := ""
	for s := range c.All(section, name) {
		if s.Subsection == "" {
			value = s.Value
		}
	}
	return value
}

// Bool returns the value of section.name, or unset when it is not set or empty.
func (c *Config) Bool(section, name string, unset bool) bool {
	value := c.Get(section, name)
	if value == "" {
		return unset
	}
	return IsTrue(value)
}

// IsTrue reports whether a value is true. An empty one is false.
func IsTrue(value string) bool {
	switch strings.ToLower(value) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}
