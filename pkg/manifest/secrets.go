package manifest

import (
	"fmt"

	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// checkSecrets checks the references of [secrets].
func checkSecrets(doc *tomldoc.Document, m *Manifest, _ Layer) error {
	for i, text := range m.Secrets.Allow {
		if _, err := secret.Parse(text); err != nil {
			return doc.Errorf(fmt.Sprintf("secrets.allow[%d]", i), "%w", err)
		}
	}
	return nil
}
