package wire_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
)

// askpass writes a program that answers prompts and logs them, and returns its path.
func askpass(t *testing.T, dir, name, user, password string) string {
	file := write(t, dir, name, "#!/bin/sh\necho \""+name+" $1\" >>'"+filepath.Join(dir, "log")+"'\n"+
		"case $1 in Username*) echo \""+user+"\";; Password*) echo \""+password+"\";; esac\n")
	if err := os.Chmod(file, 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAskpass(t *testing.T) {
	root, _ := packs(t)
	t.Setenv("GIT_PASSWORD", good) // as Jenkins gives it to its program
	for _, c := range []struct {
		name   string
		user   string // in the URL
		helper string // password that the helper gives
		config string
		env    []string // names of variables that are set to a program of that name
		log    string   // of the programs that ran
		err    string
	}{
		{"GIT_ASKPASS first", "", "", "[core]\n\taskPass = HOME/core\n", []string{"GIT_ASKPASS", "SSH_ASKPASS"},
			"GIT_ASKPASS Username for 'SERVER': \nGIT_ASKPASS Password for 'USER': \n", ""},
		{"core.askPass second", "", "", "[core]\n\taskPass = ~/core\n", []string{"SSH_ASKPASS"},
			"core Username for 'SERVER': \ncore Password for 'USER': \n", ""},
		{"SSH_ASKPASS third", "", "", "", []string{"SSH_ASKPASS"},
			"SSH_ASKPASS Username for 'SERVER': \nSSH_ASKPASS Password for 'USER': \n", ""},
		{"for the user in the URL", "u@", "", "", []string{"GIT_ASKPASS"}, "GIT_ASKPASS Password for 'USER': \n", ""},
		{"after the helper", "", good, "", []string{"GIT_ASKPASS"}, "", ""},
		{"a wrong answer", "x@", "", "", []string{"GIT_ASKPASS"}, "GIT_ASKPASS Password for 'OTHER': \n",
			"does not accept the credentials from GIT_ASKPASS"},
		{"none", "", "", "", nil, "", "none were found"},
		{"a program that does not exist", "", "", "[core]\n\taskPass = HOME/missing\n", nil, "",
			"none were found (core.askPass gave none)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := t.TempDir()
			s := gittest.ServeHTTP(t, root, gittest.With(gittest.BasicAuth("u", good)))
			config := strings.ReplaceAll(c.config, "HOME", home)
			if c.helper != "" {
				config += helperConfig(os.DevNull, c.helper)
			}
			write(t, home, ".gitconfig", config)
			askpass(t, home, "core", "u", "$GIT_PASSWORD")
			vars := []string{"GIT_TERMINAL_PROMPT", "0"}
			for _, name := range c.env {
				vars = append(vars, name, askpass(t, home, name, "u", "$GIT_PASSWORD"))
			}
			d := newDialer(t, wire.Options{Home: home, Env: env(vars...)})
			_, _, err := get(t.Context(), d, strings.Replace(s.URL, "//", "//"+c.user, 1)+"/pack")
			if c.err != "" {
				checkFailure(t, err, failure.Network, c.err, "PPM_TOKEN_127_0_0_1")
			} else if err != nil {
				t.Error(err)
			}
			log, _ := os.ReadFile(filepath.Join(home, "log"))
			want := strings.NewReplacer("SERVER", s.URL, "USER", strings.Replace(s.URL, "//", "//u@", 1),
				"OTHER", strings.Replace(s.URL, "//", "//x@", 1)).Replace(c.log)
			if string(log) != want {
				t.Errorf("the programs were called as %q, want %q", log, want)
			}
		})
	}
}

// A program runs only when the server asks for credentials.
func TestAskpassIsNotCalledWithoutNeed(t *testing.T) {
	root, _ := packs(t)
	home := t.TempDir()
	program := askpass(t, home, "ask", "u", good)
	s := gittest.ServeHTTP(t, root)
	d := newDialer(t, wire.Options{Home: home, Env: env("GIT_ASKPASS", program)})
	if _, _, err := get(t.Context(), d, s.URL+"/pack"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(home, "log")); err == nil {
		t.Error("the program ran")
	}
}

// The credential helpers of a file that an includeIf names are used in the repositories that it is for.
func TestHelperOfConditionalInclude(t *testing.T) {
	root, _ := packs(t)
	s := gittest.ServeHTTP(t, root, gittest.With(gittest.BasicAuth("u", good)))
	home := t.TempDir()
	work := gittest.InitRepo(filepath.Join(home, "work", "project"), t.Fatalf)
	write(t, home, ".gitconfig", helperConfig(os.DevNull, bad)+"[includeIf \"gitdir:~/work/\"]\n\tpath = inc\n")
	write(t, home, "inc", "[credential]\n\thelper =\n"+helperConfig(os.DevNull, good))
	for dir, ok := range map[string]bool{work.Dir: true, home: false} {
		_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home, Dir: dir}), s.URL+"/pack")
		if (err == nil) != ok {
			t.Errorf("%s: %v, want success %v", dir, err, ok)
		}
	}
}
