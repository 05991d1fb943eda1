package apply

import (
	"errors"
	"io"
	"io/fs"
)

// WriteState keeps data under a name in the project's state, in one step and durable; nil forgets it. It is for what a
// command wants to know of an earlier one, and no part of a transaction or of the history.
func (p *Project) WriteState(name string, data []byte) error {
	file := stateDir + "/" + name
	if data == nil {
		if err := p.disk.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return ioError("removing", file, err)
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
	return ioError("writing", file, err)
}

// ReadState returns what is remembered under a name; nil when nothing is, or nothing that can be read.
func (p *Project) ReadState(name string) []byte {
	data, err := p.ReadFile(stateDir + "/" + name)
	if err != nil {
		return nil
	}
	return data
}
