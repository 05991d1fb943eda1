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

// An offlineProject is a project with the built-in packs and without a network.
type offlineProject struct {
	*testing.T
	setup project.Setup
}

// do calls a verb and applies its transaction.
func (o offlineProject) do(verb func(context.Context, *project.Project) (*project.Transaction, error)) {
	o.Helper()
	p, err := project.Open(o.Context(), o.setup, project.Write)
	if err != nil {
		o.Fatal(err)
	}
	tx, err := verb(o.Context(), p)
	if err == nil {
		err = p.Apply(o.Context(), tx, project.ApplyOptions{})
	}
	if err := errors.Join(err, p.Close()); err != nil {
		o.Fatal(err)
	}
}

// components returns the components of a release of the built-in pack.
func (o offlineProject) components(reference string) []catalog.Component {
	o.Helper()
	packs, err := project.OpenPacks(o.setup)
	if err != nil {
		o.Fatal(err)
	}
	defer packs.Close()
	pack, err := catalog.ShowPack(o.Context(), packs, parse(o.T, reference))
	if err != nil {
		o.Fatal(err)
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

// editText replaces one line in twelve, and changes the line endings to CRLF.
func editText(text string) string {
	var out strings.Builder
	for i, line := range strings.SplitAfter(text, "\n") {
		switch {
		case i%12 == 7:
			out.WriteString("a line of the user\n")
		default:
			out.WriteString(strings.Replace(line, "\n", "\r\n", 1))
		}
	}
	return out.String()
}

// TestAdoptFindsEveryComponent adopts an edited copy of every component of two releases without a version. It checks
// that adopt finds the version, or one with the same files, and the keys.
func TestAdoptFindsEveryComponent(t *testing.T) {
	demo := offlineProject{t, project.Setup{
		CacheDir: t.TempDir(), BuiltIn: ppm.Manifest, Packs: ppm.Packs(), Env: func(string) string { return "" },
		Offline: true,
	}}
	keys := []ref.KV{
		{Key: "source", Value: "tracer"}, {Key: "serv_name", Value: "calc"}, {Key: "app_name", Value: "my-app"},
	}
	tags := []string{"cp-0.0.2", "cp-0.0.1"}
	if testing.Short() {
		tags = tags[:1]
	}
	for _, tag := range tags {
		for _, c := range demo.components("tp_py_grpc@" + tag) {
			demo.setup.Dir = filepath.Join(t.TempDir(), "demo")
			if err := os.Mkdir(demo.setup.Dir, 0o777); err != nil {
				t.Fatal(err)
			}
			var added *project.AddResult
			demo.do(func(ctx context.Context, p *project.Project) (tx *project.Transaction, err error) {
				o := project.AddOptions{Ref: parse(t, c.Reference), Path: "app/copy", Keys: keys}
				added, tx, err = p.Add(ctx, o)
				return tx, err
			})
			removeRecords(t, demo.setup.Dir)
			var got *project.AdoptResult
			demo.do(func(ctx context.Context, p *project.Project) (tx *project.Transaction, err error) {
				o := project.AdoptOptions{Ref: parse(t, "tp_py_grpc//"+c.Name), Path: "app/copy", MinSimilarity: 50}
				got, tx, err = p.Adopt(ctx, o)
				return tx, err
			})
			a, want := got.Adopted[0], added.Installs[0]
			same := a.Commit == want.Commit
			for _, alternative := range a.Alternatives {
				same = same || alternative.Commit == want.Commit && alternative.Similarity == a.Similarity
			}
			if !same || a.Exact || a.Similarity < 70 {
				t.Errorf("%s was adopted as %s with a similarity of %.1f %%", c.Reference, a.Source, a.Similarity)
			}
			for key, value := range a.Keys {
				if want.Keys[key] != value && key != "port" { // only the second release has a port
					t.Errorf("%s: key %q is %q, want %q", c.Reference, key, value, want.Keys[key])
				}
			}
		}
	}
}

// removeRecords removes the records and the history of a project, and edits all other files.
func removeRecords(t *testing.T, dir string) {
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
		return os.WriteFile(name, []byte(editText(string(text))), 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
}
