package project

import "errors"

// errNoInstall is wrapped by the error about a name that means no install.
var errNoInstall = errors.New("no install")

// Owned returns those of the names that mean an install of this project, or a file of one.
func (p *Project) Owned(names []string) []string {
	var owned []string
	for _, name := range names {
		if _, _, err := p.concerned([]string{name}); !errors.Is(err, errNoInstall) {
			owned = append(owned, name)
		}
	}
	return owned
}

// HasConflicts reports whether an upgrade left conflicts that are not resolved yet.
func (p *Project) HasConflicts() bool { return len(p.Lock.Conflicts()) > 0 }
