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
	r := buildRepository(unfinished, filepath.Join("..", "..", "testdata", "vcs", name+".txtar"), fatalf)
	// A repository of few files is copied quickly.
	r.Git("repack", "-a", "-d", "-q")
	for _, unused := range []string{"COMMIT_EDITMSG", "branches", "description", "hooks", "info", "logs"} {
		if err := os.RemoveAll(filepath.Join(unfinished, ".git", unused)); err != nil {
			fatalf("building the repository %s: %v", name, err)
		}
	}
	if err := os.Rename(unfinished, built); err != nil {
		fatalf("building the repository %s: %v", name, err)
	}
	return built
}

// A recipeStep is one step of a recipe, with the files of the recipe and the argument of the step.
type recipeStep func(r *gittest.Repo, files []txtar.File, arg string) error

// recipeSteps are the steps that testdata/script/README describes.
var recipeSteps = map[string]recipeStep{
	"annotate": stepAnnotate,
	"branch":   stepBranch,
	"commit":   stepCommit,
	"git":      stepGit,
	"tag":      stepTag,
	"unpack":   stepUnpack,
}

func stepAnnotate(r *gittest.Repo, _ []txtar.File, name string) error {
	r.AnnotatedTag(name, name)
	return nil
}

func stepBranch(r *gittest.Repo, _ []txtar.File, name string) error {
	r.Branch(name)
	return nil
}

func stepCommit(r *gittest.Repo, _ []txtar.File, message string) error {
	r.Commit(message)
	return nil
}

func stepGit(r *gittest.Repo, _ []txtar.File, args string) error {
	r.Git(strings.Fields(args)...)
	return nil
}

func stepTag(r *gittest.Repo, _ []txtar.File, name string) error {
	r.Tag(name)
	return nil
}

// stepUnpack replaces the working tree by the files below prefix.
func stepUnpack(r *gittest.Repo, files []txtar.File, prefix string) error {
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
	for _, f := range files {
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

// buildRepository makes a git repository in dir by the steps in the comment of the txtar file recipe.
func buildRepository(dir, recipe string, fatalf func(string, ...any)) *gittest.Repo {
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
		if err := step(r, archive.Files, arg); err != nil {
			fatalf("%s: %s: %v", recipe, strings.TrimSpace(line), err)
		}
	}
	return r
}
