package main

// A scope says in which projects a command runs when its folder is a workspace.
type scope int

const (
	_                 scope = iota
	noProject               // the command does not work on a project
	thisFolder              // the folder itself, as if it were not a workspace
	oneProject              // the folder itself when it is a member; else an error
	allMembers              // all members
	namedMembers            // members with an install that an argument names; all members without arguments
	conflictedMembers       // members in which an upgrade left conflicts
	lastMembers             // members that the last command changed, of those that can be undone
)
