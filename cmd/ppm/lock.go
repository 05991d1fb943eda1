package main

import (
	"cmp"
	"os"
	"path"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func lockCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "lock",
		Usage:       "work on ppm.lock itself",
		Description: examples("git config merge.ppm.driver 'ppm lock merge %O %A %B %P'"),
		Subcommands: []*cli.Command{lockMergeCommand(s)},
	}
}

func lockMergeCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:      "merge",
		Usage:     "merge two versions of ppm.lock or ppm.toml: git's merge driver for both",
		ArgsUsage: "BASE OURS THEIRS [NAME]",
		Description: examples(
			"git config merge.ppm.driver 'ppm lock merge %O %A %B %P'",
			"printf '%s merge=ppm\\n' ppm.lock ppm.toml >> .gitattributes",
			"ppm lock merge base.lock ours.lock theirs.lock"),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 3, 4, "three files"); err != nil {
				return err
			}
			var texts [3][]byte
			for i := range texts {
				var err error
				if texts[i], err = os.ReadFile(c.Args().Get(i)); err != nil {
					return failure.Errorf(failure.LocalIO, "merging locks: %w", err).WithHint("name three files that are there; an empty one stands for none, as git has it")
				}
			}
			merge := mergeLocks
			if path.Base(c.Args().Get(3)) == project.ManifestName {
				merge = manifest.MergeTexts
			}
			merged, err := merge(cmp.Or(c.Args().Get(3), project.LockName), texts[0], texts[1], texts[2])
			if err != nil {
				return err
			}
			// The file is git's own, and git takes what stands in it.
			if err := os.WriteFile(c.Args().Get(1), merged, 0o666); err != nil {
				return err
			}
			return s.answer(map[string]any{"file": c.Args().Get(1)})
		},
	}
}

// mergeLocks is lockfile.Merge over texts.
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
