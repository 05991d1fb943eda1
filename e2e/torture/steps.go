package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

type options struct {
	effort float64 // multiplies the counts of the steps
	fuzz   time.Duration
	only   *regexp.Regexp
	list   bool
	sample bool // pass -short to the tests
}

// A step runs tests of one package that count what they try.
type step struct {
	name  string
	dir   string
	tests string // regular expression of their names
	count string // the flag for how much they try; empty if they try everything
	usual int    // its value for an effort of 1
}

// steps are the tests that try more when they are asked to, or that try everything at every operation. A test reports
// a figure by logging "tried N WHAT".
var steps = []step{
	{"faults", "pkg/apply", "AtEveryOperation|DiskFull|Inodes|KillWithoutLinks|FailThenKill|PowerLoss", "", 0},
	{"kills", "pkg/apply", "KilledProcess", "kills", 200},
	{"cuts", "pkg/fetch/wire", "CutAtEveryByte", "", 0},
	{"trees", "pkg/fetch", "Hostile", "", 0},
	{"sequences", "pkg/project", "RandomSequences", "sequences", 300},
	{"merges", "pkg/merge", "SameAsGit", "triples", 30_000},
	{"records", "pkg/records", "LosesNothing", "rounds", 50_000},
	{"attributes", "pkg/git/attributes", "ThatOfGit", "rounds", 1000},
	{"signers", "pkg/signature", "RandomAllowedSigners", "rounds", 1000},
	{"revocations", "pkg/sshkeys", "RandomRevocationLists", "rounds", 500},
}

var (
	tried  = regexp.MustCompile(`(?m): tried ([0-9]+) (.*)$`)
	execs  = regexp.MustCompile(`(?m)^fuzz: elapsed: .*, execs: ([0-9]+) `)
	target = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
)

// torture runs the steps in the module at root and prints a line with figures for each. It runs all of them even if
// some fail.
func torture(ctx context.Context, root string, w io.Writer, o options) error {
	targets, err := fuzzTargets(root)
	if err != nil {
		return err
	}
	var failed []string
	run := func(name string, do func() (string, error)) {
		if !o.only.MatchString(name) || ctx.Err() != nil {
			return
		}
		if o.list {
			fmt.Fprintln(w, name)
			return
		}
		start := time.Now()
		figures, err := do()
		fmt.Fprintf(w, "%-45s %s in %v\n", name, figures, time.Since(start).Round(time.Second))
		if err != nil {
			failed = append(failed, name)
			fmt.Fprintln(w, err)
		}
	}
	for _, s := range steps {
		run(s.name, func() (string, error) { return s.run(ctx, root, o) })
	}
	for _, t := range targets {
		if o.fuzz > 0 {
			run(t.dir+" "+t.name, func() (string, error) { return t.run(ctx, root, o.fuzz) })
		}
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case len(failed) > 0:
		return fmt.Errorf("failed: %s", strings.Join(failed, ", "))
	}
	return nil
}

func (s step) run(ctx context.Context, root string, o options) (string, error) {
	args := []string{"-run", s.tests, "-v", "-timeout", "24h"}
	if s.count != "" {
		args = append(args, "-"+s.count, strconv.Itoa(max(1, int(float64(s.usual)*o.effort))))
	}
	if o.sample {
		args = append(args, "-short")
	}
	out, err := goTest(ctx, root, s.dir, args...)
	sums := map[string]int{}
	var order []string
	for _, m := range tried.FindAllStringSubmatch(out, -1) {
		n, _ := strconv.Atoi(m[1]) // digits
		if _, seen := sums[m[2]]; !seen {
			order = append(order, m[2])
		}
		sums[m[2]] += n
	}
	var figures []string
	for _, what := range order {
		figures = append(figures, fmt.Sprintf("%d %s", sums[what], what))
	}
	if err == nil && len(figures) == 0 {
		err = errors.New("the tests report no figure:\n" + out)
	}
	return strings.Join(figures, ", "), err
}

// A fuzzTarget is a fuzz test.
type fuzzTarget struct{ dir, name string }

// fuzzTargets returns all fuzz targets below pkg, sorted.
func fuzzTargets(root string) ([]fuzzTarget, error) {
	var out []fuzzTarget
	err := filepath.WalkDir(filepath.Join(root, "pkg"), func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		for _, m := range target.FindAllSubmatch(text, -1) {
			out = append(out, fuzzTarget{filepath.ToSlash(dir), string(m[1])})
		}
		return err
	})
	slices.SortFunc(out, func(a, b fuzzTarget) int { return strings.Compare(a.dir+" "+a.name, b.dir+" "+b.name) })
	return out, err
}

// run fuzzes the target. An input that fails is kept by the go command in testdata/fuzz, as a seed for later runs.
func (t fuzzTarget) run(ctx context.Context, root string, long time.Duration) (string, error) {
	// Without a limit, a target with large inputs spends most of its time on making them smaller.
	out, err := goTest(ctx, root, t.dir, "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", long.String(),
		"-fuzzminimizetime", "20x")
	all := execs.FindAllStringSubmatch(out, -1)
	if len(all) == 0 {
		return "", errors.Join(err, errors.New("the target ran no input:\n"+out))
	}
	return all[len(all)-1][1] + " inputs", err
}

// goTest runs the tests of a package and returns their output, which the error has, too.
func goTest(ctx context.Context, root, dir string, args ...string) (string, error) {
	test := exec.CommandContext(ctx, "go", append([]string{"test", "./" + dir}, args...)...)
	test.Dir = root
	var out bytes.Buffer
	test.Stdout, test.Stderr = &out, &out
	if err := test.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w\n%s", strings.Join(test.Args, " "), err, out.String())
	}
	return out.String(), nil
}
