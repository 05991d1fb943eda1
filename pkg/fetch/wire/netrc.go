package wire

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
)

// fromNetrc returns the credential for a host in the user's .netrc file.
func fromNetrc(o Options, host, user string) (credential, bool) {
	file := o.Env("NETRC")
	if file == "" {
		file = configfile.InHome(o.Home, ".netrc")
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) && runtime.GOOS == "windows" {
			file = configfile.InHome(o.Home, "_netrc")
		}
	}
	data, err := configfile.Read(file)
	if err != nil {
		return credential{}, false
	}
	login, password, ok := lookupNetrc(string(data), host, user)
	return credential{source: file, user: login, password: password}, ok
}

// lookupNetrc finds the login and password of the first machine of that name, with that login when user is not empty.
// The default entry is ignored: it is not for every host that a redirect may lead to.
func lookupNetrc(text, host, user string) (login, password string, ok bool) {
	fields := netrcFields(text)
	here := false
	for i := 0; i < len(fields); i++ {
		word, value := fields[i], ""
		if word == "default" || word == "machine" {
			if here && password != "" && (user == "" || user == login) {
				break
			}
			here, login, password = false, "", ""
		}
		if word == "default" {
			continue
		}
		if i++; i < len(fields) {
			value = fields[i]
		}
		switch word {
		case "machine":
			here = hostname.Canonical(value) == hostname.Canonical(host)
		case "login":
			login = value
		case "password":
			password = value
		}
	}
	return login, password, here && password != "" && (user == "" || user == login)
}

// netrcFields splits the text into words, without comment lines and macros.
func netrcFields(text string) []string {
	var fields []string
	inMacro := false
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
			inMacro = false
		case inMacro, strings.HasPrefix(words[0], "#"):
		case words[0] == "macdef":
			inMacro = true
		default:
			fields = append(fields, words...)
		}
	}
	return fields
}
