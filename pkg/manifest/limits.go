package manifest

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// Limits change how much ppm takes in. A field that is not set has its default. A size is a number of bytes with a
// unit, such as "512 MiB".
type Limits struct {
	Refs          int    `toml:"refs"`           // refs that a repository lists
	PackSize      string `toml:"pack_size"`      // of one response of a server
	Files         int    `toml:"files"`          // files and folders of one component
	FileSize      string `toml:"file_size"`      // of one file of a pack
	ComponentSize string `toml:"component_size"` // of all files of one component
	CommandSize   string `toml:"command_size"`   // of all files that one command renders
	// FetchTime is the time that one command waits for the server of one repository, such as "30 min".
	FetchTime string `toml:"fetch_time"`
}

var units = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// ParseSize returns the number of bytes that a size such as "512 MiB" means, and 0 for "".
func ParseSize(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	for _, u := range units {
		number, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSuffix(number, " "), 10, 64)
		if err == nil && 0 < n && n <= math.MaxInt64/u.bytes {
			return n * u.bytes, nil
		}
	}
	return 0, failure.Errorf(failure.Usage, "%q is not a size", s).
		WithHint("write a positive number and KiB, MiB or GiB, such as \"512 MiB\"")
}

// ParseTime returns the duration that a time such as "30 min" means, and 0 for "".
func ParseTime(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	number, unit, _ := strings.Cut(s, " ")
	factor := map[string]time.Duration{"s": time.Second, "min": time.Minute, "h": time.Hour}[unit]
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n <= 0 || factor == 0 || n > math.MaxInt64/int64(factor) {
		return 0, failure.Errorf(failure.Usage, "%q is not a time", s).
			WithHint("write a positive number and s, min or h, such as \"30 min\"")
	}
	return time.Duration(n) * factor, nil
}

// sizes returns the fields that are sizes, by name.
func (l *Limits) sizes() map[string]*string {
	return map[string]*string{
		"pack_size": &l.PackSize, "file_size": &l.FileSize, "component_size": &l.ComponentSize,
		"command_size": &l.CommandSize,
	}
}

// counts returns the fields that are numbers, by name.
func (l *Limits) counts() map[string]*int { return map[string]*int{"refs": &l.Refs, "files": &l.Files} }

// checkLimits checks the values of [limits].
func checkLimits(doc *tomldoc.Document, m *Manifest, _ Layer) error {
	counts, sizes := m.Limits.counts(), m.Limits.sizes()
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if n := *counts[name]; n < 0 {
			return doc.Errorf("limits."+name, "%d is not a limit", n).WithHint("write a positive number")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		if _, err := ParseSize(*sizes[name]); err != nil {
			return doc.Errorf("limits."+name, "%w", err)
		}
	}
	if _, err := ParseTime(m.Limits.FetchTime); err != nil {
		return doc.Errorf("limits.fetch_time", "%w", err)
	}
	return nil
}

// mergeLimits returns the lower limit of each field that a layer sets: nobody can raise what the machine's layer
// allows.
func mergeLimits(base, over Limits) Limits {
	out := over
	counts, sizes := base.counts(), base.sizes()
	for name, n := range out.counts() {
		if *n == 0 || *counts[name] != 0 && *counts[name] < *n {
			*n = *counts[name]
		}
	}
	for name, size := range out.sizes() {
		a, _ := ParseSize(*size)        // checked when it was read
		b, _ := ParseSize(*sizes[name]) // the same
		if a == 0 || b != 0 && b < a {
			*size = *sizes[name]
		}
	}
	a, _ := ParseTime(out.FetchTime)  // checked when it was read
	b, _ := ParseTime(base.FetchTime) // the same
	if a == 0 || b != 0 && b < a {
		out.FetchTime = base.FetchTime
	}
	return out
}
