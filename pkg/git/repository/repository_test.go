package repository_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/repository"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func TestOpen(t *testing.T) {
	r := gittest.NewRepo(t)
	r.Write("a", "a\n", 0o644)
	commit := r.Commit("first")
	tag := r.AnnotatedTag("v1", "one")
	r.Git("tag", "blob", "HEAD:a") // not a tag of a commit
	bare, worktree := filepath.Join(t.TempDir(), "bare"), filepath.Join(t.TempDir(), "worktree")
	r.Git("clone", "-q", "--mirror", ".", bare)
	r.Git("worktree", "add", "-q", "--detach", worktree)
	for _, dir := range []string{r.Dir, filepath.Join(r.Dir, ".git"), bare, worktree} {
		repo, err := repository.Open(dir)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		list, err := repo.Refs(t.Context())
		want := ref.GitRef{Name: "refs/tags/v1", Object: tag, Commit: commit}
		if err != nil || len(list) != 3 || list[0].Name != "HEAD" || list[0].Commit != commit || list[2] != want {
			t.Errorf("%s: refs %v, %v", dir, list, err)
		}
		if ok, err := repo.Objects().HasCommit(commit); !ok || err != nil {
			t.Errorf("%s: the commit is there: %v, %v", dir, ok, err)
		}
		if err := repo.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenChecksFormat(t *testing.T) {
	if _, err := repository.Open(t.TempDir()); !errors.Is(err, repository.ErrNone) {
		t.Errorf("an empty folder: %v", err)
	}
	for version, want := range map[string]error{
		"2": repository.ErrFormat,
		"1\n[extensions]\n\tobjectformat = sha256":                     repository.ErrSHA256,
		"1\n[extensions]\n\tobjectformat = sha1\n\trefstorage = files": nil,
		"1\n[extensions]\n\trefstorage = reftable":                     repository.ErrFormat,
		"0\n[extensions]\n\tunknown = true":                            repository.ErrFormat,
	} {
		r := gittest.NewRepo(t)
		config := "[core]\n\trepositoryformatversion = " + version + "\n"
		if err := os.WriteFile(filepath.Join(r.Dir, ".git", "config"), []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
		repo, err := repository.Open(r.Dir)
		if !errors.Is(err, want) {
			t.Errorf("version %q: %v, want %v", version, err, want)
		}
		if err == nil {
			repo.Close()
		}
	}
}
