package refs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func FuzzReadPacked(f *testing.F) {
	f.Add("")
	f.Add("1111111111111111111111111111111111111111 refs/tags/a\n^2222222222222222222222222222222222222222\n")
	f.Add("^x\n")
	f.Fuzz(func(t *testing.T, body string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, PackedFile), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
		if list, err := ReadPacked(dir); err == nil { // no digest, or a wrong one
			t.Errorf("%q was read as %v", body, list)
		}
		if _, err := parsePacked(body); err != nil && !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
	})
}

func TestPacked(t *testing.T) {
	dir := t.TempDir()
	a, b := strings.Repeat("a", 40), strings.Repeat("b", 40)
	list := []ref.GitRef{
		{Name: "HEAD", Object: a, Commit: a, Target: "refs/heads/main"},
		{Name: "refs/heads/main", Object: a, Commit: a},
		{Name: "refs/tags/CASE", Object: a, Commit: a}, // names that one file each could not hold on every disk
		{Name: "refs/tags/case", Object: b, Commit: a},
		{Name: "refs/tags/case/sub", Object: b, Commit: b},
	}
	if err := WritePacked(dir, dir,
		append(list, ref.GitRef{Name: "refs/tags/a\nb", Object: a, Commit: a})); err != nil {
		t.Fatal(err)
	}
	got, err := ReadPacked(dir)
	if err != nil || len(got) != len(list) {
		t.Fatalf("ReadPacked = %v, %v", got, err)
	}
	for i := range list {
		if got[i] != list[i] {
			t.Errorf("ReadPacked gives %v, want %v", got[i], list[i])
		}
	}
}
