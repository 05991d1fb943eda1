package install

import (
	"cmp"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

// maxCommandBytes bounds the rendered files of one command, in bytes: they are in memory until it ends.
const maxCommandBytes = 4 << 30

// fetchLimits returns the limits of fetches that the manifest sets.
func fetchLimits(l manifest.Limits) fetch.Limits {
	size := func(s string, standard int64) int64 {
		n, _ := manifest.ParseSize(s) // checked when it was read
		return cmp.Or(n, standard)
	}
	out := fetch.DefaultLimits
	out.Refs, out.Files = cmp.Or(l.Refs, out.Refs), cmp.Or(l.Files, out.Files)
	wait, _ := manifest.ParseTime(l.FetchTime) // checked when it was read
	out.Time = cmp.Or(wait, out.Time)
	out.PackBytes = size(l.PackSize, out.PackBytes)
	out.FileBytes = size(l.FileSize, out.FileBytes)
	out.TotalBytes = size(l.ComponentSize, out.TotalBytes)
	return out
}

// addRendered counts the files of a component, and refuses it if the files of all components are too large.
func (p *Packs) addRendered(files fileset.Set) error {
	var n int64
	for _, f := range files {
		n += int64(len(f.Data))
	}
	limit, _ := manifest.ParseSize(p.o.Layers.Limits.CommandSize) // checked when it was read
	limit = cmp.Or(limit, maxCommandBytes)
	if total := p.rendered.Add(n); total > limit {
		return failure.Errorf(failure.Refused,
			"the files of the command have %d bytes; the limit is %d", total, limit).
			WithHint("name fewer installs, or raise command_size in [limits] of your own ppm.toml")
	}
	return nil
}
