//go:build unix

package fetch

import (
	"io/fs"
	"os"
	"syscall"
	"testing"
)

// An ownedFile is a file with another owner.
type ownedFile struct {
	fs.FileInfo
	uid int
}

func (f ownedFile) Sys() any { return &syscall.Stat_t{Uid: uint32(f.uid)} }

func TestOtherOwner(t *testing.T) {
	info, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if uid, is := otherOwner(info); is {
		t.Errorf("a folder of this user belongs to %d", uid)
	}
	for uid, want := range map[int]bool{0: false, os.Geteuid(): false, os.Geteuid() + 1: true} {
		if got, is := otherOwner(ownedFile{info, uid}); is != want || got != uid {
			t.Errorf("a file of user %d: %d, %v", uid, got, is)
		}
	}
}
