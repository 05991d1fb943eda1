package manifest

import (
	"bytes"
	"encoding/json"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// FromPmfp parses the defaults in pmfp's ~/.pmfprc/config.json as a layer below the user's. It ignores other settings.
func FromPmfp(data []byte) (*Manifest, error) {
	const name = "~/.pmfprc/config.json"
	var c struct {
		Host       string `json:"default_template_host"`
		Namespace  string `json:"default_template_namespace"`
		ConfigName string `json:"template_config_name"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &c); err != nil {
		return nil, failure.Errorf(failure.Usage, "reading %q: %w", name, err).
			WithHint("correct the file, or delete it: ppm works without it")
	}
	m := &Manifest{Sources: Sources{Host: c.Host, Namespace: c.Namespace, TemplateConfigName: c.ConfigName}}
	if err := checkSources(&tomldoc.Document{Name: name}, m, User); err != nil {
		return nil, err
	}
	return m, nil
}
