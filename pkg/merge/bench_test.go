package merge

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// large returns a file of so many lines, much like code, with so many edits on each side.
func large(lines, edits int) triple {
	g := generator{rand.New(rand.NewPCG(3, 4))}
	base := make([]string, lines)
	for i := range base {
		if i%3 == 0 {
			base[i] = g.line(3, "\n")
		} else {
			base[i] = fmt.Sprintf("\treturn value_%d(of, the, line)\n", g.IntN(lines))
		}
	}
	side := func() []byte {
		out := slices.Clone(base)
		for range edits {
			switch at := g.IntN(len(out)); g.IntN(3) {
			case 0:
				out[at] = ""
			case 1:
				out[at] += g.line(lines, "\n")
			default:
				out[at] = g.line(lines, "\n")
			}
		}
		return []byte(strings.Join(out, ""))
	}
	return triple{[]byte(strings.Join(base, "")), side(), side()}
}

// shuffled returns a file of so many lines, which each side has in an order of its own.
func shuffled(lines int) triple {
	x := large(lines, 0)
	g := rand.New(rand.NewPCG(9, 10))
	for _, side := range []*[]byte{&x.ours, &x.theirs} {
		all := slices.Collect(bytes.Lines(*side))
		g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		*side = bytes.Join(all, nil)
	}
	return x
}

// One merge of a file with 10,000 lines and 200 edits on each side, and the same by git merge-file;
// /git is the share of git's time that it takes.
func BenchmarkAgainstGit(b *testing.B) {
	x := large(10_000, 200)
	dir := b.TempDir()
	write(b, filepath.Join(dir, "base"), x.base)
	write(b, filepath.Join(dir, "ours"), x.ours)
	write(b, filepath.Join(dir, "theirs"), x.theirs)
	var own, git time.Duration
	for b.Loop() {
		start := time.Now()
		r := ThreeWay(x.base, x.ours, x.theirs, Options{Labels: Labels{"base", "ours", "theirs"}})
		err := r.CheckLossless(x.base, x.ours, x.theirs)
		own += time.Since(start)
		if err != nil {
			b.Fatal(err)
		}
		start = time.Now()
		cmd := exec.Command("git", "merge-file", "-p", "ours", "base", "theirs")
		cmd.Dir = dir
		out, _ := cmd.Output() // the exit code is the number of conflicts
		git += time.Since(start)
		if !bytes.Equal(out, r.Text) {
			b.Fatal("git merges these in another way")
		}
	}
	b.ReportMetric(float64(own)/float64(git), "/git")
	b.ReportMetric(float64(own.Microseconds())/float64(b.N), "µs/merge")
}

// The time for a line stays the same, however long the text is, when edits grow with it and when sides have hardly a line in order.
func BenchmarkLines(b *testing.B) {
	for _, lines := range []int{1_000, 10_000, 100_000} {
		for _, c := range []struct {
			name string
			triple
		}{{"edited", large(lines, lines/50)}, {"shuffled", shuffled(lines)}} {
			b.Run(fmt.Sprintf("%s/%d", c.name, lines), func(b *testing.B) {
				for b.Loop() {
					ThreeWay(c.base, c.ours, c.theirs, Options{})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(lines), "ns/line")
			})
		}
	}
}
