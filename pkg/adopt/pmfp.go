package adopt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// PmfpName is the file in which pmfp records what it added to a project.
const PmfpName = "pmfprc.json"

// ParsePmfp returns the components that pmfp's file lists. The problems are about entries that cannot be adopted. Nil
// data means that there is no file, which is an error of kind Usage.
func ParsePmfp(data []byte) (targets []Target, problems []error, err error) {
	if data == nil {
		return nil, nil, failure.Errorf(failure.Usage, "adopting what pmfp installed: there is no %s", PmfpName).
			WithHint("to adopt one path, run ppm project adopt --ref REFERENCE PATH")
	}
	var file struct {
		Added map[string]string `json:"added_components"` // path by reference
	}
	err = json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &file)
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		err = fmt.Errorf("unexpected JSON %s", wrong.Value)
	}
	if err != nil {
		return nil, nil, failure.Errorf(failure.Usage, "reading %q: %w", PmfpName, err).
			WithHint("it holds paths by reference, as in \"added_components\": {\"pack@v1//part\": \"app/part\"}")
	}
	seen := map[string]bool{}
	for _, listed := range slices.Sorted(maps.Keys(file.Added)) {
		target, err := pmfpTarget(listed, file.Added[listed], seen)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		seen[target.Path] = true
		targets = append(targets, target)
	}
	return targets, problems, nil
}

// pmfpTarget returns the target of an entry. A path in seen is an error.
func pmfpTarget(listed, path string, seen map[string]bool) (Target, error) {
	path = strings.TrimSuffix(strings.ReplaceAll(path, `\`, "/"), "/") // pmfp writes paths as the system does
	target := Target{Listed: listed, TryFirst: true}
	var err error
	if target.Ref, err = ref.Parse(listed); err == nil {
		target.Path, err = install.Placement(path, true, "")
	}
	switch {
	case path == "":
		return target, failure.Errorf(failure.Usage, "%q: %s has no path for it", listed, PmfpName).
			WithHint("remove the entry")
	case err != nil:
		return target, err
	case seen[target.Path]:
		return target, failure.Errorf(failure.Usage, "%q: %s lists it twice", target.Path, PmfpName).
			WithHint("remove one entry")
	}
	return target, nil
}
