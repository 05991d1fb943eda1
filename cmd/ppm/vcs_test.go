package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/tools/txtar"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

var buildingRepository sync.Mutex

// copyRepository makes dir a copy of the repository that testdata/vcs/NAME.txtar describes.
// The repository itself is built once for all tests. fatalf must not return.
func copyRepository(dir, name string, fatalf func(string, ...any)) {
	if err := os.CopyFS(dir, os.DirFS(builtRepository(name, fatalf))); err != nil {
		fatalf("copying the repository %s: %v", name, err)
	}
}

func builtRepository(name string, fatalf func(string, ...any)) string {
	buildingRepository.Lock()
	defer buildingRepository.Unlock()
	built := filepath.Join(repositories, name)
	if _, err := os.Stat(built); !errors.Is(err, fs.ErrNotExist) {
		return built
	}
	unfinished := built + ".unfinished"
	buildRepository(unfinished, filepath.Join("..", "..", "testdata", "vcs", name+".txtar"), fatalf)
	if err := os.Rename(unfinished, built); err != nil {
		fatalf("building the repository %s: %v", name, err)
	}
	return built
}

// recipeSteps are the steps of a recipe that testdata/script/README describes.
var recipeSteps = map[string]func(r *gittest.Repo, files *txtar.Archive, arg string) error{
	"annotate": func(r *gittest.Repo, _ *txtar.Archive, name string) error { r.AnnotatedTag(name, name); return nil },
	"branch":   func(r *gittest.Repo, _ *txtar.Archive, name string) error { r.Branch(name); return nil },
	"commit":   func(r *gittest.Repo, _ *txtar.Archive, message string) error { r.Commit(message); return nil },
	"git":      func(r *gittest.Repo, _ *txtar.Archive, args string) error { r.Git(strings.Fields(args)...); return nil },
	"tag":      func(r *gittest.Repo, _ *txtar.Archive, name string) error { r.Tag(name); return nil },
	"unpack":   unpack,
}

// buildRepository makes a git repository in dir by the steps in the comment of the txtar file recipe.
func buildRepository(dir, recipe string, fatalf func(string, ...any)) {
	archive, err := txtar.ParseFile(recipe)
	if err != nil {
		fatalf("reading the recipe: %v", err)
	}
	r := gittest.InitRepo(dir, fatalf)
	for line := range strings.Lines(string(archive.Comment)) {
		name, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" || name == "#" {
			continue
		}
		step := recipeSteps[name]
		if step == nil {
			fatalf("%s: no step %q", recipe, name)
		}
		if err := step(r, archive, arg); err != nil {
			fatalf("%s: %s: %v", recipe, strings.TrimSpace(line), err)
		}
	}
}

// unpack replaces the working tree by the files below prefix.
func unpack(r *gittest.Repo, archive *txtar.Archive, prefix string) error {
	old, err := os.ReadDir(r.Dir)
	if err != nil {
		return err
	}
	for _, entry := range old {
		if entry.Name() == ".git" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(r.Dir, entry.Name())); err != nil {
			return err
		}
	}
	for _, f := range archive.Files {
		name, ok := strings.CutPrefix(f.Name, prefix+"/")
		if !ok {
			continue
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(string(f.Data), "#!") {
			mode = 0o755
		}
		r.Write(name, string(f.Data), mode)
	}
	return nil
}
