package apply

import (
	"errors"
	"io"
	"io/fs"
)

// WriteState durably and atomically stores data under a name in .ppm; nil data removes it. It is for what one command
// leaves to a later one. It is not part of a transaction or of the history.
func (p *Project) WriteState(name string, data []byte) error {
	file := stateDir + "/" + name
	if data == nil {
		if err := p.disk.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errIO("removing", file, err)
		}
		return nil
	}
	temp := stateDir + "/" + tempPrefix + name
	err := write(p.disk, temp, 0o666, false, func(w io.Writer) error { _, err := w.Write(data); return err })
	if err == nil {
		err = p.disk.Rename(temp, file)
	}
	if err == nil {
		err = p.disk.Sync(stateDir)
	}
	return errIO("writing", file, err)
}

// ReadState returns the data that WriteState stored under a name, or nil if there is none or it cannot be read.
func (p *Project) ReadState(name string) []byte {
	data, err := p.ReadFile(stateDir + "/" + name)
	if err != nil {
		return nil
	}
	return data
}
