package langdeps

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// A pyVersion is a version of PEP 440.
type pyVersion struct {
	epoch   int
	release []int
	phase   int // dev, alpha, beta, candidate or final
	pre     int // number of the alpha, beta or candidate
	post    int // number of the post-release, or -1
	dev     int // number of the development release, or math.MaxInt
	local   string
}

// The phases in ascending order. dev is the phase of a development release of a final version.
const (
	dev = iota
	alpha
	beta
	candidate
	final
)

var pyVersionPattern = lazyregexp.New(`^v?(?:(\d+)!)?(\d+(?:\.\d+)*)` +
	`(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?` +
	`(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?` +
	`(?:[-_.]?(dev)[-_.]?(\d*))?` +
	`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)

var phases = map[string]int{
	"": final, "a": alpha, "alpha": alpha, "b": beta, "beta": beta,
	"c": candidate, "rc": candidate, "pre": candidate, "preview": candidate,
}

// parsePyVersion parses a version in any of the spellings that PEP 440 allows.
func parsePyVersion(text string) (v pyVersion, ok bool) {
	m := pyVersionPattern.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return v, false
	}
	ok = true
	number := func(s string) int {
		n, err := strconv.Atoi(cmp.Or(s, "0"))
		if err != nil || n == math.MaxInt {
			ok = false // too large
		}
		return n
	}
	v = pyVersion{epoch: number(m[1]), phase: phases[m[3]], pre: number(m[4]), post: -1, dev: math.MaxInt}
	for part := range strings.SplitSeq(m[2], ".") {
		v.release = append(v.release, number(part))
	}
	switch {
	case m[5] != "":
		v.post = number(m[5])
	case m[6] != "":
		v.post = number(m[7])
	}
	if m[8] != "" {
		v.dev = number(m[9])
		if v.phase == final && v.post < 0 {
			v.phase = dev
		}
	}
	v.local = strings.NewReplacer("-", ".", "_", ".").Replace(m[10])
	return v, ok
}

// compare compares versions without their local part.
func (v pyVersion) compare(w pyVersion) int {
	return cmp.Or(v.compareBase(w), cmp.Compare(v.phase, w.phase), cmp.Compare(v.pre, w.pre),
		cmp.Compare(v.post, w.post), cmp.Compare(v.dev, w.dev))
}

// compareBase compares versions by epoch and release.
func (v pyVersion) compareBase(w pyVersion) int {
	n := max(len(v.release), len(w.release))
	return cmp.Or(cmp.Compare(v.epoch, w.epoch), slices.Compare(v.padded(n), w.padded(n)))
}

// padded returns the first n numbers of the release, padded with zeros.
func (v pyVersion) padded(n int) []int {
	out := make([]int, n)
	copy(out, v.release)
	return out
}

func (v pyVersion) isPre() bool  { return v.phase != final || v.dev != math.MaxInt }
func (v pyVersion) isPost() bool { return v.post >= 0 }

// finalOf returns the final version with this release.
func (v pyVersion) finalOf(release []int) pyVersion {
	return pyVersion{epoch: v.epoch, release: release, phase: final, post: -1, dev: math.MaxInt}
}
