package main

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// buildRepository builds a git repository in dir from a recipe. A recipe is a txtar
// archive; its comment holds one step a line:
//
//	unpack PREFIX      replace the working tree by the archive's files below PREFIX/
//	commit MESSAGE     commit the whole working tree
//	tag NAME           make a lightweight tag
//	annotate NAME      make an annotated tag
//	branch NAME        switch to a branch, new or not
//	git ARG…           anything else
//
// A file whose text begins with "#!" is executable.
func buildRepository(dir, recipe string, fatalf func(string, ...any)) {
	archive, err := txtar.ParseFile(recipe)
	if err != nil {
		fatalf("reading the recipe: %v", err)
	}
	r := gittest.InitRepo(dir, fatalf)
	for line := range strings.Lines(string(archive.Comment)) {
		step, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch step {
		case "", "#":
		case "unpack":
			unpack(r, archive, rest, fatalf)
		case "commit":
			r.Commit(rest)
		case "tag":
			r.Tag(rest)
		case "annotate":
			r.AnnotatedTag(rest, rest)
		case "branch":
			r.Branch(rest)
		case "git":
			r.Git(strings.Fields(rest)...)
		default:
			fatalf("%s: no step %q", recipe, step)
		}
	}
}

func unpack(r *gittest.Repo, archive *txtar.Archive, prefix string, fatalf func(string, ...any)) {
	old, err := os.ReadDir(r.Dir)
	if err != nil {
		fatalf("unpacking: %v", err)
	}
	for _, entry := range old {
		if entry.Name() == ".git" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(r.Dir, entry.Name())); err != nil {
			fatalf("unpacking: %v", err)
		}
	}
	for _, f := range archive.Files {
		name, ok := strings.CutPrefix(f.Name, prefix+"/")
		if !ok {
			continue
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(string(f.Data), "#!") {
			mode = 0o755
		}
		r.Write(name, string(f.Data), mode)
	}
}
