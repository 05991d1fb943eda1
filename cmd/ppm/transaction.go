package main

import (
	"context"
	"errors"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// finishTransaction consumes the transaction of a command and prints its result. A command that leaves conflicts
// returns a result and an error.
func finishTransaction[R any](
	ctx context.Context, in *invocation, t *project.Transaction, result R, print func(*invocation, R),
) (any, error) {
	err := in.consume(ctx, t)
	if err != nil && !errors.Is(err, failure.Conflicts) {
		return nil, err
	}
	if !t.Empty() {
		in.noteCreated()
	}
	print(in, result)
	return result, err
}

// consume applies a transaction, saves it for a command that is planned, or does neither in a dry run.
func (in *invocation) consume(ctx context.Context, t *project.Transaction) (err error) {
	switch {
	case in.planned != nil:
		in.planned.transaction = t
		in.planned.text, err = in.project.Save(t)
		return err
	case in.dryRun():
		return in.project.Preview(ctx, t)
	}
	release := in.signals.hold()
	err = in.project.Apply(ctx, t, project.ApplyOptions{NoIndex: in.flags.Bool("no-index")})
	code := exitCode(ctx, err, in.project.Changed())
	isLast := in.member == "" && !in.flags.Bool("install")
	release(isLast && isDone(code) && in.project.Changed(), code)
	return err
}
