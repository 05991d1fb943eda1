package project

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
)

// setupCommand returns the command line that installs the required packages, or "".
func setupCommand(language string, requires []string) string {
	command := langdeps.Installer(language)
	if command == "" || len(requires) == 0 {
		return ""
	}
	for _, r := range requires {
		command += " " + shellQuote(r)
	}
	return command
}

// shellQuote quotes a word for a POSIX shell if it has to be: "grpcio>=1.60" would write a file.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./_-", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// agree reports a pack that is for another language or environment than the project.
func agree(p *pack.Pack, told metadata.Info) error {
	for _, c := range []struct{ what, pack string }{{"language", p.Language}, {"env", p.Env}} {
		project, _ := told[c.what].(string)
		if c.pack != "" && project != "" && c.pack != project {
			return failure.Errorf(failure.Usage, "the pack's %s is %q, the project's is %q", c.what, c.pack, project).
				WithHint("take a pack for %s, or change %s in %s [project]", project, c.what, ManifestName)
		}
	}
	return nil
}

// readOptional reads a file outside the project, or nothing when there is none.
func readOptional(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	data, err := configfile.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}
