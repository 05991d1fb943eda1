package main

import (
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// finishFailed prints the installs for which a command failed, and returns the error of the whole command. done is the
// error with which it ended for the others: conflicts, or what a check found.
func finishFailed(in *invocation, failed []project.Failed, done error) error {
	err := project.FailedError(failed)
	if err == nil {
		return done
	}
	if !in.options.json {
		for _, f := range failed {
			in.terminal.message("error", f.Path+": "+oneLine(f.Error))
			if f.Hint != "" {
				in.terminal.message("hint", f.Hint)
			}
		}
	}
	if done == nil {
		return err
	}
	if failure.KindOf(done) < failure.KindOf(err) {
		done, err = err, done
	}
	text := oneLine(done.Error())
	if hint := failure.Hint(done); hint != "" {
		text += "; " + hint
	}
	in.note(text)
	return err
}
