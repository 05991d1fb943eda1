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

// large returns texts that look like code, with the given number of lines, and of edits on each side.
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

// shuffled returns texts with the given number of lines, in a different order on each side.
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

// BenchmarkAgainstGit merges a file of 10,000 lines with 200 edits on each side, with this package and with
// git merge-file. The metric /git is the ratio of their times.
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
			b.Fatal("git's result differs")
		}
	}
	b.ReportMetric(float64(own)/float64(git), "/git")
	b.ReportMetric(float64(own.Microseconds())/float64(b.N), "µs/merge")
}

// BenchmarkLines reports the time per line. It must not grow with the length of the text, neither when the number of
// edits grows too nor when the sides have almost no lines in order.
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
