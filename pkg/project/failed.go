package project

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
)

// A Failed is one of several installs for which a command failed. The command leaves it as it is, and does its work
// for the others.
type Failed struct {
	Path     string `json:"path"`
	Source   string `json:"source"` // as the manifest has it
	Error    string `json:"error"`
	Hint     string `json:"hint"`
	ExitCode int    `json:"exit_code"` // of the command if this were the only install

	err error
}

// Failures are the installs for which a command failed. An unreachable server is asked once.
type Failures struct {
	list        []Failed
	unreachable map[string]error // by URL
}

// of calls f for an install and records its error. It returns false when f failed. Only an interruption is returned:
// it ends the whole command.
func (f *Failures) of(c lockfile.Component, source string, do func() error) (ok bool, err error) {
	failed, known := f.unreachable[c.URL]
	if !known {
		failed = do()
	}
	if failed == nil || failure.KindOf(failed) == failure.Interrupted {
		return failed == nil, failed
	}
	f.add(c.Path, source, failed)
	if failure.KindOf(failed) == failure.Network && c.URL != "" {
		if f.unreachable == nil {
			f.unreachable = map[string]error{}
		}
		f.unreachable[c.URL] = failed
	}
	return false, nil
}

func (f *Failures) add(path, source string, err error) {
	if slices.ContainsFunc(f.list, func(other Failed) bool { return other.Path == path }) {
		return
	}
	f.list = append(f.list, Failed{
		Path: path, Source: source, Error: err.Error(), Hint: failure.Hint(err),
		ExitCode: int(failure.KindOf(err)), err: err,
	})
}

// all returns the failures for a result.
func (f *Failures) all() []Failed { return append([]Failed{}, f.list...) }

// FailedError returns the error of a command that failed for some of the installs that it was for, or nil. Its exit
// code is the smallest one of theirs.
func FailedError(failed []Failed) error {
	if len(failed) == 0 {
		return nil
	}
	kind := failure.Interrupted
	var paths []string
	for _, f := range failed {
		kind = min(kind, failure.Kind(f.ExitCode))
		paths = append(paths, f.Path)
	}
	what := "1 install"
	if len(failed) > 1 {
		what = fmt.Sprintf("%d installs", len(failed))
	}
	return failure.Errorf(kind, "failed for %s: %s", what, strings.Join(paths, ", ")).
		WithHint("see the messages above, or \"failed\" in the output of --json")
}

// only returns the error of the one install that a command was for.
func (f *Failures) only(installs int) error {
	if installs == 1 && len(f.list) == 1 {
		return f.list[0].err
	}
	return nil
}

// proposeEach returns the transaction for a request with groups of components, without the groups that cannot be part
// of it. errs has the error of each of these, in the order of groups.
func (p *Project) proposeEach(
	ctx context.Context, r request, groups [][]install.Component,
) (t *Transaction, errs []error, err error) {
	errs = make([]error, len(groups))
	r.components = slices.Concat(groups...)
	if t, err = p.propose(ctx, r); err == nil || failure.KindOf(err) == failure.Interrupted {
		return t, errs, err
	}
	r.components = nil
	if t, err = p.propose(ctx, r); err != nil { // the rest of the request fails
		return nil, nil, err
	}
	for i, group := range groups {
		with := r
		with.components = append(slices.Clip(r.components), group...)
		next, err := p.propose(ctx, with)
		switch {
		case err == nil:
			t, r = next, with
		case failure.KindOf(err) == failure.Interrupted:
			return nil, nil, err
		default:
			errs[i] = err
		}
	}
	return t, errs, nil
}
