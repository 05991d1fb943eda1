package apply

import (
	"errors"
	"io/fs"
	"runtime"
	"syscall"

	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// keepsModes reports whether the file system keeps the executable bit of files. FAT shows all files alike. Network
// file systems and those of other systems often show all files as executable, also those that ppm never makes so.
func (p *Project) keepsModes() bool {
	if runtime.GOOS == "windows" || isFAT(p.root.Name()) {
		return false
	}
	for _, name := range []string{ignoreName, plan.Lock} {
		if info, err := p.root.Lstat(name); err == nil && info.Mode().IsRegular() {
			return info.Mode()&0o100 == 0
		}
	}
	return true
}

// A modelessDisk is a disk on which modes have no meaning. Its refusal to change one is not an error.
type modelessDisk struct{ disk }

func (d modelessDisk) Create(name string, perm fs.FileMode) (file, error) {
	f, err := d.disk.Create(name, perm)
	if err != nil {
		return nil, err
	}
	return modelessFile{f}, nil
}

func (d modelessDisk) Chmod(name string, perm fs.FileMode) error {
	return ignoreRefusal(d.disk.Chmod(name, perm))
}

type modelessFile struct{ file }

func (f modelessFile) Chmod(perm fs.FileMode) error { return ignoreRefusal(f.file.Chmod(perm)) }

// ignoreRefusal drops the errors with which file systems refuse modes that they cannot keep.
func ignoreRefusal(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}
