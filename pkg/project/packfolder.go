package project

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// writePack writes the pack into its folder as one transaction, or says what is in the way.
func (s *Session) writePack(ctx context.Context, folder string, p *pack.Pack, content fileset.Set, o AsTemplateOptions) (changes []Change, err error) {
	text := p.TOML()
	data, err := p.JSON()
	if err != nil {
		return nil, err
	}
	for name, written := range map[string][]byte{pack.Native: text, pack.Pmfp: data} {
		read := func(asked string) ([]byte, error) {
			if asked != name {
				return nil, fs.ErrNotExist
			}
			return written, nil
		}
		if _, err := pack.Load(folder, read); err != nil {
			return nil, fmt.Errorf("making a pack: %w", err)
		}
	}
	files, err := fileset.New(append(slices.Clone(content), fileset.File{Path: pack.Pmfp, Mode: fileset.Regular, Data: data}))
	if err != nil {
		return nil, err
	}
	leave, err := s.enter(ctx, folder, o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(leave, &err)
	pl, err := s.planPack(ctx, files, text)
	if err == nil {
		err = pl.Err()
	}
	if err != nil {
		return nil, failure.Errorf(failure.KindOf(err), "making a pack in %q: %w", folder, err).
			WithHint("name another folder with -t, or move away what is in the way")
	}
	return s.carryOut(ctx, pl, apply.Meta{Command: "as_temp " + o.Type}, o.DryRun)
}

// planPack compares the pack with what stands in its folder, which the session has entered.
func (s *Session) planPack(ctx context.Context, files fileset.Set, text []byte) (plan.Plan, error) {
	in := plan.Input{Theirs: files}
	var old []byte
	if s.store != nil {
		var err error
		if in.Disk, err = s.store.Scan(ctx, paths(files)); err != nil {
			return plan.Plan{}, err
		}
		if old, err = s.optional(ManifestName); err != nil {
			return plan.Plan{}, err
		}
	}
	p, err := plan.Make(in)
	if err != nil {
		return p, err
	}
	if old != nil && !bytes.Equal(old, text) {
		p.Changes = append(p.Changes, plan.Change{Path: ManifestName, Action: plan.Conflict, Reason: "is a file with other content"})
		return p, nil
	}
	p.Write(ManifestName, old, text)
	return p, nil
}

// enter makes folder the one that the session works in, and creates it unless it is a dry run, which needs
// none. What it returns goes back to the project, and removes what was created when it is still empty.
func (s *Session) enter(ctx context.Context, folder string, dryRun bool) (leave func() error, err error) {
	project := s.store
	_, err = os.Stat(folder)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing && dryRun {
		s.store = nil
		return func() error { s.store = project; return nil }, nil
	}
	var created []string // the innermost first
	for dir := folder; missing; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		created = append(created, dir)
	}
	tidy := func() {
		for _, dir := range created {
			os.Remove(dir) // fails where there is something in it by now
		}
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		tidy()
		return nil, failure.Errorf(failure.LocalIO, "making the folder of the pack: %w", err).WithHint("name another folder with -t")
	}
	store, err := apply.Open(ctx, folder, apply.Options{LockTimeout: s.setup.LockWait, ReadOnly: dryRun})
	if err != nil {
		tidy()
		return nil, err
	}
	s.store = store
	return func() error {
		s.store = project
		err := store.Close()
		tidy()
		return err
	}, nil
}
