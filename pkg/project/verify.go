package project

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A VerifyResult says what could be proven of each install.
type VerifyResult struct {
	Installs []VerifiedInstall `json:"installs"`
}

// A VerifiedInstall is an install whose files were rendered again.
type VerifiedInstall struct {
	InstallStatus
	Problem string `json:"problem,omitempty"` // why the lockfile cannot be right
}

// Verify proves each install: that the locked commit, rendered with the locked keys,
// gives exactly the files that the lockfile lists. What the user edited since is
// reported and no failure; a file that is missing is one of kind Differs, and an
// install that cannot be proven one of kind Integrity, which names the first.
func (s *Session) Verify(ctx context.Context) (result *VerifyResult, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	status, err := s.compare(ctx, s.lock.Components)
	if err != nil {
		return nil, err
	}
	result = &VerifyResult{Installs: []VerifiedInstall{}}
	var broken, missing error
	for i, c := range s.lock.Components {
		in := VerifiedInstall{InstallStatus: status.Installs[i]}
		switch _, err := s.base(ctx, c); {
		case err == nil:
		case failure.KindOf(err) != failure.Integrity:
			return nil, err
		default:
			in.Problem = err.Error()
			broken = firstError(broken, err)
		}
		for _, f := range in.Files {
			if f.State == "missing" || f.State == "replaced" {
				missing = firstError(missing, failure.Errorf(failure.Differs, "%q of %s is %s", f.Path, c.Source, f.State).
					WithHint("bring it back with ppm project sync, or take the install out with ppm project remove %s", shellQuote(c.Path)))
			}
		}
		result.Installs = append(result.Installs, in)
	}
	return result, firstError(broken, missing)
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
