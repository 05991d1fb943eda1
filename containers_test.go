package ppm_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

var buildCompose = sync.OnceValues(func() (string, error) {
	return goTool("github.com/compose-spec/compose-go/v2/cmd", "v2.16.2")
})

// composed is what these tests read of a compose file.
type composed struct {
	Services map[string]struct {
		Platform    string
		Build       struct{ Context, Dockerfile string }
		Environment map[string]string
		Ports       []struct{ Target int }
	}
}

// compose reads the compose file of a project with the specification's own reader, which checks it by the schema.
func compose(t *testing.T, project string) composed {
	t.Helper()
	name, err := buildCompose()
	if err != nil {
		t.Fatal(err)
	}
	said, err := program(t, project, name, "-format=json", "docker-compose.yml").Output()
	if err != nil {
		t.Fatalf("docker-compose.yml: %v\n%s", err, said)
	}
	var c composed
	if err := json.Unmarshal(said, &c); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return c
}

// The files for containers hold to the rules of their kind, and fit each other.
func TestContainerFilesAreValid(t *testing.T) {
	for _, template := range templates {
		for _, platform := range []string{"", "linux/arm64"} {
			t.Run(template.tag+" "+strings.ReplaceAll(platform, "/", "_"), func(t *testing.T) {
				t.Parallel()
				project := newProject(t, template.tag, "--kv=cross_compiling::"+platform)
				hadolint := filepath.Join(filepath.Dir(livePython(t)), "hadolint")
				output(t, program(t, project, hadolint, "--no-color", "--failure-threshold=style", "dockerfile"))

				service, ok := compose(t, project).Services["testpygrpc"]
				if !ok || service.Platform != platform || len(service.Ports) != 1 || service.Ports[0].Target != 5000 {
					t.Errorf("the compose file has %+v", service)
				}
				if service.Build.Context != project || service.Build.Dockerfile != "dockerfile" {
					t.Errorf("it builds %+v", service.Build)
				}
			})
		}
	}
}

// An image is what a dockerfile makes, as far as it goes without a container: a folder of files, and the programs that run in it.
type image struct {
	root, workdir       string
	entrypoint, healthy []string
}

// buildImage does what a dockerfile says, except for users and for installing: the virtual environment of these tests
// stands in for /venv. An instruction that it does not know is an error.
func buildImage(t *testing.T, project string) *image {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project, "dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	stages := map[string]*image{"project": {root: project}}
	var stage *image
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		switch words[0] {
		case "FROM":
			stage = &image{root: t.TempDir()}
			stages[words[len(words)-1]] = stage
		case "WORKDIR":
			stage.workdir = words[1]
		case "COPY":
			from, source := "project", words[1]
			if name, ok := strings.CutPrefix(source, "--from="); ok {
				from, source = name, words[2]
			}
			if source != "/venv" {
				stage.copy(t, stages[from], source, words[len(words)-1])
			}
		case "RUN":
			if words[1] == "/venv/bin/python" {
				output(t, stage.program(t, words[1:]))
			}
		case "HEALTHCHECK":
			stage.healthy = list(t, line)
		case "ENTRYPOINT":
			stage.entrypoint = list(t, line)
		case "ENV", "USER", "EXPOSE":
		default:
			t.Fatalf("the dockerfile has %s", line)
		}
	}
	return stage
}

// list reads the command at the end of an instruction.
func list(t *testing.T, line string) []string {
	t.Helper()
	_, after, _ := strings.Cut(line, "[")
	var command []string
	if err := json.Unmarshal([]byte("["+after), &command); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return command
}

// copy brings a file, or what is in a folder, from another image.
func (i *image) copy(t *testing.T, from *image, source, target string) {
	t.Helper()
	at, to := filepath.Join(from.root, source), filepath.Join(i.root, i.workdir, target)
	info, err := os.Stat(at)
	if err != nil {
		t.Fatalf("copying into the image: %v", err)
	}
	if info.IsDir() {
		err = os.CopyFS(to, os.DirFS(at))
	} else {
		var data []byte
		if data, err = os.ReadFile(at); err == nil {
			err = os.MkdirAll(to, 0o777)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, filepath.Base(source)), data, info.Mode())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// program is a command of the image.
func (i *image) program(t *testing.T, command []string) *exec.Cmd {
	t.Helper()
	if command[0] != "/venv/bin/python" {
		t.Fatalf("%q is not the image's Python", command)
	}
	return program(t, filepath.Join(i.root, i.workdir), livePython(t), command[1:]...)
}

// The files that get into an image are enough to serve, with the environment that the compose file has, and to ask
// for the health.
func TestImagesServe(t *testing.T) {
	for _, template := range templates {
		t.Run(template.tag, func(t *testing.T) {
			t.Parallel()
			project := newProject(t, template.tag)
			built := buildImage(t, project)
			address := freeAddress(t)
			environment := []string{}
			for name, value := range compose(t, project).Services["testpygrpc"].Environment {
				environment = append(environment, name+"="+strings.Replace(value, "0.0.0.0:5000", address, 1))
			}
			cmd := built.program(t, built.entrypoint)
			cmd.Env = append(cmd.Env, environment...)
			s := start(t, cmd, address)
			s.logged(t, regexp.MustCompile(`"message": "serving at `+address+`"`))
			health := built.program(t, built.healthy)
			health.Env = append(health.Env, environment...)
			if said := output(t, health); said != "SERVING\n" {
				t.Errorf("the health check says %q", said)
			}
		})
	}
}
