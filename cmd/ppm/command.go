package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// A command is the declaration of a command or, when it has commands, of a group. A group that cannot be run itself
// has no args, search, scope, plan and run. The zero values of args, search, scope, plan and complete are invalid:
// every command states what it means.
type command struct {
	name     string
	aliases  []string
	heading  string // of the command in the help of its group
	usage    string // one line: a verb and its object
	details  string // paragraphs of the help, before the examples
	examples []string

	args     *arguments
	flags    []flag
	search   search
	scope    scope
	plan     planning
	complete completion
	run      func(context.Context, *invocation) (result any, err error)

	// join prints one text about all members of a workspace in place of one for each; nil for most commands.
	join func(in *invocation, runs []*memberRun) error
	// joins reports whether join is used.
	joins func(in *invocation) bool

	commands []*command
	fallback *command // one of commands, which is meant when none is named; nil when one must be named
	planned  *command // what a command below "project plan" plans; nil for all others
	path     string   // the full name without "ppm"; link sets it
}

// arguments are what a command takes besides flags.
type arguments struct {
	usage   string // such as "OLD NEW"
	least   int
	most    int    // -1 means no limit
	missing string // what ppm says that the command needs when there are too few
}

func noArguments() *arguments { return &arguments{} }

// planning says whether ppm project plan takes a command.
type planning int

const (
	_ planning = iota
	plannable
	notPlannable
)

// link gives a command and those below it their paths and the flags that all commands share.
func (c *command) link(parent *command) {
	if parent != nil {
		c.path = strings.TrimSpace(parent.path + " " + c.name)
	}
	if c.planned != nil {
		c.path = parent.path
	}
	c.flags = withSharedFlags(c.flags)
	for _, sub := range c.commands {
		sub.link(c)
	}
}

// find returns the command of a group that has a name or an alias, or nil.
func (c *command) find(name string) *command {
	for _, sub := range c.commands {
		if sub.name == name || slices.Contains(sub.aliases, name) {
			return sub
		}
	}
	return nil
}

// fullName returns what a user types to run the command.
func (c *command) fullName() string {
	return strings.TrimSpace("ppm " + cmp.Or(c.planned, c).path)
}

// usageLine returns how the command is written.
func (c *command) usageLine() string {
	args := "COMMAND"
	if c.args != nil {
		args = c.args.usage
	}
	return strings.Join(strings.Fields(c.fullName()+" "+args+" [FLAGS]"), " ")
}

// call runs the command once, in the folder of the invocation.
func (c *command) call(ctx context.Context, in *invocation) (err error) {
	if err := in.checkArguments(c.args.least, c.args.most, c.args.missing); err != nil {
		return err
	}
	in.report.result, err = c.run(ctx, in)
	if closed := in.close(); closed != nil { // what the command has done does not depend on it
		in.note(fmt.Sprintf("closing the project failed: %v; the system releases its lock when ppm ends", closed))
	}
	return err
}
