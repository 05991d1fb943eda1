package sshconfig_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/sshconfig"
)

// configs are configurations that ssh reads, too. HOME stands for a folder.
var configs = []string{
	"",
	"Host work\n HostName 127.0.0.1\n Port 2222\n User git\n",
	"# comment\nhost=work\n\thostname = \"%h.example.com\"\n   PORT\t=\t22 # the usual\nUser x",
	"Host *.example.com !bad.example.com\n User a\nHost ba?.example.com\n User b\nHost *\n User c\n Port 99",
	"Host Work\n User upper\nHost work\n User lower\n",
	"Host work other\n IdentityFile ~/.ssh/a\n IdentityFile \"/x y/%h\"\nHost *\n" +
		" IdentityFile ~/.ssh/b\n IdentityFile ~/.ssh/a",
	"User first\nUser second\nHost *\n User third",
	"Host a !work\n User no\nHost !work *\n User no\nHost *\n User yes",
	"Match host work\n User m\nMatch host *.com,!bad.*\n User com\nMatch originalhost work user git\n Port 7",
	"Host work\n HostName git.example.com\nMatch host git.example.com\n User byname\nMatch host work\n User byalias",
	"Match originalhost work\n HostName x.example.com\nMatch originalhost work host x.example.com\n User both",
	"Match user git\n Port 1\nMatch user root,nobody\n Port 2\nMatch user *\n Port 3",
	"Match !host work\n User other\nMatch !host a,b\n User neither",
	"Match localuser USER\n Port 10\nMatch !localuser USER\n Port 11",
	"Match exec \"true\"\n User ran\nMatch exec false\n Port 1\nMatch !exec false\n Port 2",
	"Match exec \"test %n = work && test %h = work\"\n User token\n" +
		"Match host nowhere exec \"touch HOME/trap\"\n User x",
	"Match host=work\n User eq\nMatch originalhost=\"other\"\n User quoted",
	"Host work\n HostName final.example.com\nMatch final host final.example.com\n User final\nMatch all\n Port 5",
	"Match final\n User f\nMatch final all\n Port 4\nHost *\n User late\n Port 9",
	"Host work\n HostName real.example.com\nHost real.example.com\n User second\nMatch final\n Port 8",
	"Match canonical\n User canon\nMatch all\n User all",
	"Include HOME/inc/*\nHost *\n User after",
	"Host work\n Include HOME/inc/b\nHost *\n Port 44",
	"Host other\n Include HOME/inc/a\n User still-other\nHost *\n Port 44",
	"Include HOME/none\nInclude HOME/inc/a HOME/inc/b\n",
	"Host work\n ProxyJump a,b@c:22\n ProxyCommand nc %h %p\n",
	"Host work\n ProxyCommand ssh -W \"[%h]:%p\" 'jump'  # no comment\n ProxyJump a\n",
	"Host work\n ProxyCommand none\nHost *\n ProxyCommand nc %h %p",
	"Host work\n ProxyJump none\nHost *\n ProxyJump j",
	"Host work\n HostKeyAlias alias\n StrictHostKeyChecking accept-new\n UserKnownHostsFile /a \"/b\" /d\n",
	"Host *\n StrictHostKeyChecking no\n IdentitiesOnly yes\n IdentityAgent none\n CertificateFile ~/c\n" +
		" CertificateFile ~/d",
	"IdentitiesOnly no\nIdentityAgent \"/a b/sock\"\nGlobalKnownHostsFile /x /y\nUserKnownHostsFile none",
	"Host \"work\" 'other'\n User \"a b\"\n",
	"Host work\n User 'single'\n HostName wo\\rk.example.com\n",
	"  Host   work  \r\n  User crlf\r\n  Port 3\r\n",
	"IgnoreUnknown Foo*\nFooBar yes\nHost work\n Foo x\n User known\n",
}

// compared are the options that the test compares, with how ssh -G prints several values.
var compared = []string{
	"hostname", "port", "user", "identityfile", "certificatefile", "userknownhostsfile", "globalknownhostsfile",
	"hostkeyalias", "stricthostkeychecking", "proxyjump", "proxycommand", "identitiesonly", "identityagent",
}

// canonical makes the values of ssh -G and of files equal.
var canonical = map[string]string{"true": "yes", "false": "no", "off": "no"}

// The options for every host are those that ssh reads from the same file.
func TestOptionsAsSSH(t *testing.T) {
	gittest.NeedProgram(t, "ssh")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	for name, text := range map[string]string{
		"inc/a": "User from-a\nHost other\n Port 1\nHost work\n Port 2\n",
		"inc/b": "Match host work\n IdentityFile from-b\nHost *\n Port 3\n",
	} {
		file := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(home, "config")
	for _, text := range configs {
		text = strings.NewReplacer("HOME", home, "USER", me.Username).Replace(text)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, c := range []sshconfig.Connection{
			{Host: "work"}, {Host: "Work"}, {Host: "other", User: "git"}, {Host: "bad.example.com", Port: "2022"},
			{Host: "ba.example.com"}, {Host: "git.example.com", User: "root"},
		} {
			c.LocalUser, c.Home = me.Username, home
			c.Exec = func(command string) bool { return exec.Command("/bin/sh", "-c", command).Run() == nil }
			o, err := sshconfig.Read(c, file)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			for name, want := range sshReads(t, file, c) {
				got := o.All(name)
				if name == "hostname" {
					got = []string{o.HostName()}
				}
				if len(got) == 1 && canonical[got[0]] != "" {
					got = []string{canonical[got[0]]}
				}
				if strings.Join(got, "|") != strings.Join(want, "|") {
					t.Errorf("%s of %+v: %q, ssh has %q\n%s", name, c.Host, got, want, text)
				}
			}
		}
	}
	if _, err := os.Stat(filepath.Join(home, "trap")); err == nil {
		t.Error("a command ran although a condition before it did not hold")
	}
}

// sshReads returns the options that ssh has for a connection and that are not its defaults.
func sshReads(t *testing.T, file string, c sshconfig.Connection) map[string][]string {
	run := func(file string) map[string][]string {
		args := []string{"-G", "-F", file}
		if c.User != "" {
			args = append(args, "-l", c.User)
		}
		if c.Port != "" {
			args = append(args, "-p", c.Port)
		}
		out, err := exec.Command("ssh", append(args, c.Host)...).Output()
		if err != nil {
			t.Fatalf("ssh %q: %v", args, err)
		}
		options := map[string][]string{}
		for line := range strings.Lines(string(out)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			if slices.Contains(compared, name) {
				options[name] = append(options[name], value)
			}
		}
		return options
	}
	options, defaults := run(file), run(os.DevNull)
	for name, values := range options {
		if name == "hostname" || c.Port != "" && name == "port" || c.User != "" && name == "user" {
			continue
		}
		if slices.Equal(values, defaults[name]) {
			delete(options, name)
			continue
		}
		if name == "userknownhostsfile" || name == "globalknownhostsfile" {
			options[name] = strings.Fields(values[0])
		}
		if v := canonical[values[0]]; v != "" {
			options[name] = []string{v}
		}
	}
	return options
}

func TestMalformedFiles(t *testing.T) {
	home := t.TempDir()
	for text, want := range map[string]string{
		"Host \"a\n":                        "line 1: a quote is not closed",
		"User x\nMatch host\n":              `line 2: the condition "host" of Match has no value`,
		"Match\n":                           "line 1: a Match has no conditions",
		"Match exec \"x %z\"\n":             "line 1: the token %z is not known",
		"Match exec \"x %\"\n":              "ends with %",
		"Include HOME/config\n":             "nested too deeply",
		"Include HOME/[\n":                  "is not a pattern",
		"Host x\n User \"a\nHost *\nPort 1": "",
	} {
		file := filepath.Join(home, "config")
		text = strings.ReplaceAll(text, "HOME", home)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := sshconfig.Read(sshconfig.Connection{Host: "work", Home: home}, file)
		if got := fmt.Sprint(err); (err == nil) != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestExpand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	text := "HostName h.%h\nPort 7\nUser r\nHostKeyAlias k\nProxyJump j\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := sshconfig.Read(sshconfig.Connection{
		Host: "N", Home: "/home/u", LocalUser: "u", LocalHost: "l.example.com",
		Env: func(name string) string { return map[string]string{"A": "%p"}[name] },
	}, file)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"%%%h %n %p %r %d %u %l %L %k %j": "%h.n N 7 r /home/u u l.example.com l k j",
		"${A}-${A}":                       "7-7",
		"$A {A} plain":                    "$A {A} plain",
	} {
		if got, err := o.ExpandEnv(in); got != want || err != nil {
			t.Errorf("%q is %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"%z", "a%", "${B}", "${A"} {
		if got, err := o.ExpandEnv(in); err == nil {
			t.Errorf("%q is %q", in, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range configs {
		f.Add(text)
	}
	file := filepath.Join(f.TempDir(), "config")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") {
			t.Skip()
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if o, err := sshconfig.Read(sshconfig.Connection{Host: "work"}, file); err == nil {
			o.HostName()
			_, _ = o.ExpandEnv(o.Get("identityfile"))
		}
	})
}
