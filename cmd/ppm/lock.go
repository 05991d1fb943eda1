package main

import (
	"context"
	"os"
	"path"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

func lockCommand() *command {
	return &command{
		name:     "lock",
		usage:    "merge lockfiles",
		examples: []string{"git config merge.ppm.driver 'ppm lock merge %O %A %B %P'"},
		commands: []*command{lockMergeCommand()},
	}
}

func lockMergeCommand() *command {
	return &command{
		name:  "merge",
		usage: "merge two versions of ppm.lock or ppm.toml, as a merge driver of git",
		examples: []string{
			"git config merge.ppm.driver 'ppm lock merge %O %A %B %P'",
			"printf '%s merge=ppm\\n' ppm.lock ppm.toml >> .gitattributes",
			"ppm lock merge base.lock ours.lock theirs.lock",
		},
		args:     &arguments{usage: "BASE OURS THEIRS [NAME]", least: 3, most: 4, missing: "three files"},
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runLockMerge,
	}
}

func runLockMerge(_ context.Context, in *invocation) (any, error) {
	var texts [3][]byte
	for i := range texts {
		var err error
		if texts[i], err = os.ReadFile(in.args[i]); err != nil {
			return nil, failure.Errorf(failure.LocalIO, "merging locks: %w", err).
				WithHint("name three files that exist; an empty file means that there is no version, as in git")
		}
	}
	name, merge := state.LockName, mergeLocks
	if len(in.args) > 3 && in.args[3] != "" {
		name = in.args[3]
	}
	if path.Base(name) == state.ManifestName {
		merge = manifest.MergeTexts
	}
	merged, err := merge(name, texts[0], texts[1], texts[2])
	if err != nil {
		return nil, err
	}
	// The file is a temporary one of git, which reads the result from it.
	if err := os.WriteFile(in.args[1], merged, 0o666); err != nil {
		return nil, err
	}
	return map[string]any{"file": in.args[1]}, nil
}

// mergeLocks is lockfile.Merge for texts.
func mergeLocks(name string, base, ours, theirs []byte) ([]byte, error) {
	var locks [3]*lockfile.Lock
	for i, text := range [][]byte{base, ours, theirs} {
		locks[i] = &lockfile.Lock{}
		if len(text) == 0 {
			continue
		}
		var err error
		if locks[i], err = lockfile.Parse(name, text); err != nil {
			return nil, err
		}
	}
	merged, err := lockfile.Merge(locks[0], locks[1], locks[2])
	if err != nil {
		return nil, err
	}
	return merged.Format(), nil
}
