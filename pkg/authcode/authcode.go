// Package authcode makes authentication codes for the files that a command leaves in a project's .ppm folder, so that
// a later command can tell whether this user wrote them in this folder. A repository, an archive or a shared folder
// can have a .ppm folder that a stranger wrote.
//
// A code is an HMAC (RFC 2104) with SHA-256. Its key is random and is in a file that only the user can read, in a
// folder of the user's and not in the project.
package authcode

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Why a text is not accepted.
var (
	// ErrForeign says that no key of this user has made the code.
	ErrForeign = errors.New("it was not written by you on this machine")
	// ErrElsewhere says that a key of this user has made the code, for another folder.
	ErrElsewhere = errors.New("it was written for another folder")
	// ErrNoKey says that this user has no key, and that none can be made.
	ErrNoKey = errors.New("ppm has no folder of yours for its key")
)

const (
	keyName = "key"
	keySize = 32
)

// Keys are the keys of a user in a list of folders. The first folder that has one or in which one can be made is used
// for new codes. Codes of every key are accepted. They are read when they are first needed. The nil value has none.
type Keys struct {
	dirs []string

	once sync.Once
	keys [][]byte
}

// New returns the keys in folders, which need not exist. It touches no disk.
func New(dirs ...string) *Keys { return &Keys{dirs: dirs} }

// load reads the keys that exist.
func (k *Keys) load() {
	k.once.Do(func() {
		for _, dir := range k.dirs {
			if key, err := readKey(filepath.Join(dir, keyName)); err == nil {
				k.keys = append(k.keys, key)
			}
		}
	})
}

// Code returns the code of a text that is written in folder, the root folder of a project, for a purpose. It is one
// line without a line break. Code makes a key when there is none; the error is ErrNoKey if that is not possible.
func (k *Keys) Code(folder, purpose string, text []byte) (string, error) {
	if k == nil {
		return "", ErrNoKey
	}
	k.load()
	if len(k.keys) == 0 {
		key, err := k.make()
		if err != nil {
			return "", err
		}
		k.keys = [][]byte{key}
	}
	return strings.Join(codes(k.keys[0], folder, purpose, text), " "), nil
}

// Check returns nil if Code returned code for these values with a key of this user, and ErrForeign, ErrElsewhere or
// ErrNoKey otherwise. The folder may have been renamed since, or may have become another folder at the same path.
func (k *Keys) Check(code, folder, purpose string, text []byte) error {
	if k == nil || len(k.dirs) == 0 {
		return ErrNoKey
	}
	k.load()
	given := strings.Split(code, " ")
	err := ErrForeign
	for _, key := range k.keys {
		want := codes(key, folder, purpose, text)
		if !equal(given, want, 0) {
			continue
		}
		if equal(given, want, 1) || equal(given, want, 2) {
			return nil
		}
		err = ErrElsewhere
	}
	return err
}

// Sign returns the code of a text for a purpose, wherever the text is written, and the id of the key that made it. It
// makes a key when there is none; the error is ErrNoKey if that is not possible.
func (k *Keys) Sign(purpose string, text []byte) (id, sum string, err error) {
	if _, err := k.Code("", purpose, text); err != nil {
		return "", "", err
	}
	return keyID(k.keys[0]), code(k.keys[0], "value", "", purpose, text), nil
}

// Verify reports whether the key of this user with that id has made a code, of which sum has at least 128 bits. It
// makes no key.
func (k *Keys) Verify(id, sum, purpose string, text []byte) bool {
	if k == nil || len(sum) < 32 {
		return false
	}
	k.load()
	for _, key := range k.keys {
		want := code(key, "value", "", purpose, text)
		if keyID(key) == id && len(sum) <= len(want) && hmac.Equal([]byte(sum), []byte(want[:len(sum)])) {
			return true
		}
	}
	return false
}

// keyID returns a text that tells keys apart and says nothing about the key.
func keyID(key []byte) string { return code(key, "id", "", "", nil)[:16] }

// equal reports whether two codes agree in part i.
func equal(a, b []string, i int) bool {
	return i < len(a) && i < len(b) && hmac.Equal([]byte(a[i]), []byte(b[i]))
}

// codes returns the parts of a code: of the text, of the text at the path of the folder, and of the text in the folder
// with this number on its disk. The last one is left out where folders have no numbers.
func codes(key []byte, folder, purpose string, text []byte) []string {
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	out := []string{code(key, "text", "", purpose, text), code(key, "path", folder, purpose, text)}
	if number := folderNumber(folder); number != 0 {
		out = append(out, code(key, "number", fmt.Sprint(number), purpose, text))
	}
	return out
}

func code(key []byte, kind, where, purpose string, text []byte) string {
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{"ppm", kind, where, purpose} {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

// make makes a key in the first folder in which that is possible.
func (k *Keys) make() ([]byte, error) {
	for _, dir := range k.dirs {
		if dir == "" || os.MkdirAll(dir, 0o700) != nil {
			continue
		}
		name := filepath.Join(dir, keyName)
		_ = makeKey(dir, name) // fails if another process has just made one
		if key, err := readKey(name); err == nil {
			return key, nil
		}
	}
	return nil, ErrNoKey
}

// makeKey writes a new key to the file name, which must not exist, durably and in one step.
func makeKey(dir, name string) error {
	f, err := os.CreateTemp(dir, keyName+"-*") // which only the user can read
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	key := make([]byte, keySize)
	rand.Read(key)
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), name); err != nil {
		if _, exists := os.Lstat(name); errors.Is(err, fs.ErrExist) || exists == nil {
			return err
		}
		if err := os.Rename(f.Name(), name); err != nil { // a disk without hard links
			return err
		}
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // not supported everywhere
		_ = d.Close()
	}
	return nil
}

// readKey reads a key. A file that another user owns, or that others can read or write, has none.
func readKey(name string) ([]byte, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || !isPrivate(info) {
		return nil, fmt.Errorf("%q is not a file that only its owner can read", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		return nil, fmt.Errorf("%q was replaced", name)
	}
	text, err := io.ReadAll(io.LimitReader(f, 4*keySize))
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err == nil && len(key) != keySize {
		err = fmt.Errorf("%q is not a key", name)
	}
	return key, err
}
