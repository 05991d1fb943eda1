package wire

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/kevinburke/ssh_config"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// sshConfigs are ssh configurations. The first that has a value wins.
type sshConfigs []*ssh_config.Config

func readSSHConfigs(files ...string) (sshConfigs, error) {
	var configs sshConfigs
	for _, file := range files {
		data, err := configfile.Read(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var c *ssh_config.Config
		if err == nil {
			c, err = ssh_config.Decode(strings.NewReader(withoutMatch(string(data))))
		}
		if err != nil {
			return nil, failure.Errorf(failure.Usage, "reading the ssh configuration %q: %w", file, err).
				WithHint("correct the file")
		}
		configs = append(configs, c)
	}
	return configs, nil
}

// get returns the first value of a key for a host. An Include that cannot be read has no values.
func (configs sshConfigs) get(host, key string) string {
	for _, c := range configs {
		if v, err := c.Get(host, key); err == nil && v != "" {
			return v
		}
	}
	return ""
}

// all returns the values of a key for a host.
func (configs sshConfigs) all(host, key string) (values []string) {
	for _, c := range configs {
		v, _ := c.GetAll(host, key)
		values = append(values, v...)
	}
	return values
}

// withoutMatch turns the Match blocks that are about the host alone into Host blocks. All others become blocks that
// match no host: their conditions are about programs to run, or about a user or network that ppm does not check.
func withoutMatch(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || !strings.EqualFold(words[0], "match") {
			b.WriteString(line)
			continue
		}
		patterns := "!*"
		switch criterion := strings.ToLower(words[1]); {
		case criterion == "all" && len(words) == 2:
			patterns = "*"
		case (criterion == "host" || criterion == "originalhost") && len(words) == 3:
			patterns = strings.ReplaceAll(words[2], ",", " ")
		}
		fmt.Fprintf(&b, "Host %s\n", patterns)
	}
	return b.String()
}
