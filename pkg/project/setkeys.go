package project

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// setsKeysOfAll reports whether values are given without the names of installs. They are then for those installs that
// use the keys and for which the user has not chosen other values. All other installs stay as they are.
func (o UpgradeOptions) setsKeysOfAll() bool { return len(o.Names) == 0 && len(o.Keys) > 0 }

// A keySelection collects which keys the installs of a project use, and which of the given ones are among them.
type keySelection struct {
	used  []string // by any install
	found []string // given keys that an install uses
}

// keysOf returns those of the given values that are for an install at a version.
func (p *Project) keysOf(
	ctx context.Context, old lockfile.Component, version ref.Version, o UpgradeOptions, s *keySelection,
) ([]ref.KV, error) {
	want := p.Wanted(old)
	r := want.Source
	r.Version = version
	var chain install.Chain
	var err error
	if o.To == Current && want.Source == old.Typed() {
		chain, err = p.packs.Retrace(ctx, old)
	} else {
		chain, err = p.packs.Follow(ctx, r)
	}
	if err != nil {
		return nil, err
	}
	source, err := chain.Last().Source(ctx)
	if err != nil {
		return nil, err
	}
	used := install.UsedKeys(chain, source.Files, source.Dir)
	s.used = append(s.used, used...)
	var out []ref.KV
	for _, kv := range o.Keys {
		if !slices.Contains(used, chain.Declares(kv.Key)) {
			continue
		}
		s.found = append(s.found, kv.Key)
		chosen, isChosen := want.Keys[kv.Key]
		if locked := old.Keys[kv.Key]; isChosen && chosen != any(kv.Value) && !isValue(locked, kv.Value) {
			p.setup.Notify(fmt.Sprintf("%s keeps %s = %q, which was chosen for it; to change that, too, run "+
				"ppm project upgrade %s --kv %s", old.Path, kv.Key, fmt.Sprint(chosen), shell.Quote(old.Path),
				shell.Quote(kv.Key+"::"+kv.Value)))
			continue
		}
		out = append(out, kv)
	}
	return out, nil
}

// check returns an error about a given key that no install uses. In a workspace, another member may use it.
func (s keySelection) check(p *Project, keys []ref.KV) error {
	slices.Sort(s.used)
	for _, kv := range keys {
		if slices.Contains(s.found, kv.Key) {
			continue
		}
		if p.setup.RunID != "" {
			p.setup.Notify(fmt.Sprintf("no install uses the key %q", kv.Key))
			continue
		}
		err := failure.Errorf(failure.Usage, "no install uses the key %q", kv.Key)
		known := slices.Compact(s.used)
		switch similar := suggest.Words(kv.Key, known); {
		case len(known) == 0:
			return err.WithHint("no install has keys; omit --kv")
		case len(similar) > 0:
			return err.WithHint("%s The keys are %s", suggest.DidYouMean(similar), strings.Join(known, ", "))
		}
		return err.WithHint("the keys are %s", strings.Join(known, ", "))
	}
	return nil
}
