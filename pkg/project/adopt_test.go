package project_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ppm "github.com/Project-Manager-With-Git/ppm"
	"github.com/Project-Manager-With-Git/ppm/pkg/catalog"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// A bench is a project with the packs inside ppm and no network.
type bench struct {
	*testing.T
	setup project.Setup
}

// do calls a verb and applies its transaction.
func (b bench) do(verb func(context.Context, *project.Project) (*project.Transaction, error)) {
	b.Helper()
	p, err := project.Open(b.Context(), b.setup, project.Write)
	if err != nil {
		b.Fatal(err)
	}
	tx, err := verb(b.Context(), p)
	if err == nil {
		err = p.Apply(b.Context(), tx, project.ApplyOptions{})
	}
	if err := errors.Join(err, p.Close()); err != nil {
		b.Fatal(err)
	}
}

// components returns the components of a release of the built-in pack.
func (b bench) components(reference string) []catalog.Component {
	b.Helper()
	packs, err := project.OpenPacks(b.setup)
	if err != nil {
		b.Fatal(err)
	}
	defer packs.Close()
	pack, err := catalog.ShowPack(b.Context(), packs, parse(b.T, reference))
	if err != nil {
		b.Fatal(err)
	}
	return pack.Components
}

func parse(t *testing.T, text string) ref.Ref {
	t.Helper()
	r, err := ref.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// reworked puts one of the user's in the place of a line in twelve, and ends lines as editors of Windows do.
func reworked(text string) string {
	var out strings.Builder
	for i, line := range strings.SplitAfter(text, "\n") {
		switch {
		case i%12 == 7:
			out.WriteString("a line of the user's\n")
		default:
			out.WriteString(strings.Replace(line, "\n", "\r\n", 1))
		}
	}
	return out.String()
}

// Every component of two releases is found again, in an edited copy and with no version named: its files, or those of
// another tag that are the same, and the keys that it was rendered with.
func TestAdoptFindsEveryComponent(t *testing.T) {
	b := bench{t, project.Setup{CacheDir: t.TempDir(), BuiltIn: ppm.Manifest, Packs: ppm.Packs(), Env: func(string) string { return "" }, Offline: true}}
	keys := []ref.KV{{Key: "source", Value: "tracer"}, {Key: "serv_name", Value: "calc"}, {Key: "app_name", Value: "my-app"}}
	tags := []string{"cp-0.0.2", "cp-0.0.1"}
	if testing.Short() {
		tags = tags[:1]
	}
	for _, tag := range tags {
		for _, c := range b.components("tp_py_grpc@" + tag) {
			b.setup.Dir = filepath.Join(t.TempDir(), "demo")
			if err := os.Mkdir(b.setup.Dir, 0o777); err != nil {
				t.Fatal(err)
			}
			var added *project.AddResult
			b.do(func(ctx context.Context, p *project.Project) (tx *project.Transaction, err error) {
				added, tx, err = p.Add(ctx, project.AddOptions{Ref: parse(t, c.Reference), Path: "app/copy", Keys: keys})
				return tx, err
			})
			forget(t, b.setup.Dir)
			var got *project.AdoptResult
			b.do(func(ctx context.Context, p *project.Project) (tx *project.Transaction, err error) {
				got, tx, err = p.Adopt(ctx, project.AdoptOptions{Ref: parse(t, "tp_py_grpc//"+c.Name), Path: "app/copy", MinSimilarity: 50})
				return tx, err
			})
			a, was := got.Adopted[0], added.Installs[0]
			same := a.Commit == was.Commit
			for _, alternative := range a.Alternatives {
				same = same || alternative.Commit == was.Commit && alternative.Similarity == a.Similarity
			}
			if !same || a.Exact || a.Similarity < 70 {
				t.Errorf("%s was taken for %s, %.1f %% alike", c.Reference, a.Source, a.Similarity)
			}
			for key, value := range a.Keys {
				if was.Keys[key] != value && key != "port" { // only the second release has a port
					t.Errorf("%s: key %q is %q, want %q", c.Reference, key, value, was.Keys[key])
				}
			}
		}
	}
}

// forget removes the records of a project, and edits all other files.
func forget(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{state.ManifestName, state.LockName, ".ppm"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(name, []byte(reworked(string(text))), 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
}
