package project

import (
	"context"
	"errors"
	"fmt"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
)

// TrustResult is what Trust accepts.
type TrustResult struct {
	Files     []TrustedFile `json:"files"`
	Recovered string        `json:"recovered,omitempty"` // what was done about a command that was interrupted
	DryRun    bool          `json:"dry_run"`
}

// A TrustedFile is a file in .ppm that another user wrote, or this user in another folder or on another machine.
type TrustedFile struct {
	File        string `json:"file"`
	Reason      string `json:"reason"`
	Command     string `json:"command,omitempty"` // that the file has the changes of
	Changes     int    `json:"changes,omitempty"` // how many files it writes or removes
	Interrupted bool   `json:"interrupted,omitempty"`
}

// Trust accepts what others have left in the .ppm folder of setup.Dir: a command that was interrupted is completed or
// rolled back, and the commands in the history can be undone. The project need not have a manifest. changed reports
// whether a file was changed.
func Trust(ctx context.Context, setup Setup, dryRun bool) (result *TrustResult, changed bool, err error) {
	o := apply.Options{
		LockTimeout: setup.LockWait, IgnoreModes: setup.ignoresModes(), Keys: setup.keys(),
		Trust: true, ReadOnly: true,
	}
	store, err := apply.Open(ctx, setup.Dir, o)
	if err != nil {
		return nil, false, err
	}
	foreign, err := store.ForeignFiles()
	if err = errors.Join(err, store.Close()); err != nil {
		return nil, false, err
	}
	result = &TrustResult{Files: []TrustedFile{}, DryRun: dryRun}
	keyless := false
	for _, f := range foreign {
		keyless = keyless || errors.Is(f.Reason, authcode.ErrNoKey)
		result.Files = append(result.Files, TrustedFile{
			File: f.Name, Reason: reasonOf(f.Reason), Command: f.Command, Changes: f.Changes, Interrupted: f.Pending,
		})
	}
	if dryRun || len(foreign) == 0 {
		return result, false, nil
	}
	o.ReadOnly = false
	if store, err = apply.Open(ctx, setup.Dir, o); err != nil {
		return nil, false, err
	}
	if recovered := store.Recovered(); recovered != nil {
		result.Recovered = describeRecovery(recovered)
	}
	if keyless {
		setup.Notify("there is no folder for a key of yours, so the history is not trusted after this command: set " +
			"HOME or PPM_STATE_DIR to a folder that only you can write")
	}
	if err := store.Close(); err != nil {
		setup.Notify(fmt.Sprintf("closing the project failed: %v", err))
	}
	return result, true, nil
}

// reasonOf returns why a file is foreign.
func reasonOf(err error) string {
	for _, reason := range []error{authcode.ErrElsewhere, authcode.ErrNoKey, authcode.ErrForeign} {
		if errors.Is(err, reason) {
			return reason.Error()
		}
	}
	return err.Error()
}

// Untrusted returns why a journal in the project was left alone, or nil.
func (p *Project) Untrusted() error { return p.tree.Untrusted() }

// stateDir is the folder of the project's state.
const stateDir = apply.StateDir

// WarnOfTracked reports that git tracks files of the project's state, which then come to every clone.
func (p *Project) WarnOfTracked() {
	if p.tracked().HasBelow(stateDir) {
		p.setup.Warn("git tracks files in " + stateDir + ", which belongs to one folder on one machine: run " +
			"git rm -r --cached " + stateDir + ", and commit that")
	}
}
