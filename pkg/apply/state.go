package apply

import (
	"errors"
	"io"
	"io/fs"
)

// WriteState durably and atomically stores data under a name in .ppm; nil data removes it. It is for what one command
// leaves to a later one. It is not part of a transaction or of the history. The file has an authentication code.
func (p *Project) WriteState(name string, data []byte) error {
	file := stateDir + "/" + name
	if data == nil {
		if err := p.disk.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errIO("removing", file, err)
		}
		return nil
	}
	return errIO("writing", file, p.writeState(file, data))
}

func (p *Project) writeState(file string, data []byte) error {
	code, _ := p.keys.Code(p.root.Name(), file, data) // without a key, the user has to trust the file
	temp := stateDir + "/" + tempPrefix + "state"
	if err := p.disk.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) { // of an interrupted attempt
		return err
	}
	err := write(p.disk, temp, 0o666, false, func(w io.Writer) error {
		_, err := w.Write(append([]byte(code+"\n"), data...))
		return err
	})
	if err == nil {
		err = p.disk.Rename(temp, file)
	}
	if err == nil {
		err = p.disk.Sync(stateDir)
	}
	return err
}

// ReadState returns the data that WriteState stored under a name, or nil if there is none or it cannot be read. The
// error is of kind Integrity if this user did not write it in this folder.
func (p *Project) ReadState(name string) ([]byte, error) {
	data, err := p.readState(stateDir + "/" + name)
	switch {
	case err == nil || p.trust:
		return data, nil
	case isForeign(err):
		return nil, errForeign(stateDir+"/"+name, err)
	}
	return nil, nil
}

// readState returns the data in a file. With an error that satisfies isForeign, the data is somebody else's.
func (p *Project) readState(file string) ([]byte, error) {
	text, err := p.ReadFile(file)
	if err != nil {
		return nil, err
	}
	code, data := splitState(text)
	return data, p.keys.Check(string(code), p.root.Name(), file, data)
}
