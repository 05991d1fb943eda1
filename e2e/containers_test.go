package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
)

// buildCompose builds the parser of the Compose specification, which checks a file against the schema.
var buildCompose = e2etest.GoTool("github.com/compose-spec/compose-go/v2/cmd", "v2.16.2")

// composeFile holds the fields of a Compose file that these tests read.
type composeFile struct {
	Services map[string]struct {
		Platform    string
		Build       struct{ Context, Dockerfile string }
		Environment map[string]string
		Ports       []struct{ Target int }
	}
}

// readCompose parses the Compose file of a project.
func readCompose(t *testing.T, project string) composeFile {
	t.Helper()
	out, err := e2etest.Command(t, project, buildCompose(t), "-format=json", "docker-compose.yml").Output()
	if err != nil {
		t.Fatalf("docker-compose.yml: %v\n%s", err, out)
	}
	var c composeFile
	if err := json.Unmarshal(out, &c); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return c
}

// The dockerfile and the Compose file are valid, and agree with each other.
func TestContainerFilesAreValid(t *testing.T) {
	e2etest.SkipInShort(t)
	for _, template := range templates {
		for _, platform := range []string{"", "linux/arm64"} {
			t.Run(template.tag+" "+strings.ReplaceAll(platform, "/", "_"), func(t *testing.T) {
				t.Parallel()
				project := newProject(t, template.tag, "--kv=cross_compiling::"+platform)
				hadolint := []string{"--no-color", "--failure-threshold=style", "dockerfile"}
				e2etest.Output(t, e2etest.Command(t, project, e2etest.Tool(t, "hadolint"), hadolint...))

				service, ok := readCompose(t, project).Services["testpygrpc"]
				if !ok || service.Platform != platform || len(service.Ports) != 1 || service.Ports[0].Target != 5000 {
					t.Errorf("the Compose file has the service %+v", service)
				}
				if service.Build.Context != project || service.Build.Dockerfile != "dockerfile" {
					t.Errorf("the service builds %+v", service.Build)
				}
			})
		}
	}
}

// image imitates the image of a dockerfile without a container: a folder of files, and commands to run in it.
type image struct {
	root, workdir           string
	entrypoint, healthcheck []string
}

// buildImage executes a dockerfile, except for users and installation: the virtual environment of these tests
// replaces /venv. An unknown instruction fails the test.
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
				e2etest.Output(t, stage.command(t, words[1:]))
			}
		case "HEALTHCHECK":
			stage.healthcheck = execForm(t, line)
		case "ENTRYPOINT":
			stage.entrypoint = execForm(t, line)
		case "ENV", "USER", "EXPOSE":
		default:
			t.Fatalf("unknown instruction in the dockerfile: %s", line)
		}
	}
	return stage
}

// execForm parses the command of an instruction in the exec form: a JSON list at the end of the line.
func execForm(t *testing.T, line string) []string {
	t.Helper()
	_, after, _ := strings.Cut(line, "[")
	var command []string
	if err := json.Unmarshal([]byte("["+after), &command); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return command
}

// copy copies a file, or the contents of a folder, from another image.
func (i *image) copy(t *testing.T, from *image, source, target string) {
	t.Helper()
	src, dst := filepath.Join(from.root, source), filepath.Join(i.root, i.workdir, target)
	info, err := os.Stat(src)
	if err != nil {
		t.Fatalf("copying into the image: %v", err)
	}
	if info.IsDir() {
		err = os.CopyFS(dst, os.DirFS(src))
	} else {
		var data []byte
		if data, err = os.ReadFile(src); err == nil {
			err = os.MkdirAll(dst, 0o777)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dst, filepath.Base(source)), data, info.Mode())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// command returns a command that runs in the image. Its program must be the Python of the image.
func (i *image) command(t *testing.T, command []string) *exec.Cmd {
	t.Helper()
	if command[0] != "/venv/bin/python" {
		t.Fatalf("%q does not run the Python of the image", command)
	}
	return e2etest.Command(t, filepath.Join(i.root, i.workdir), e2etest.Python(t), command[1:]...)
}

// The files in an image are enough to serve, with the environment of the Compose file, and to check the health.
func TestImagesServe(t *testing.T) {
	e2etest.SkipInShort(t)
	for _, template := range templates {
		t.Run(template.tag, func(t *testing.T) {
			t.Parallel()
			project := newProject(t, template.tag)
			built := buildImage(t, project)
			address := freeAddress(t)
			environment := []string{}
			for name, value := range readCompose(t, project).Services["testpygrpc"].Environment {
				environment = append(environment, name+"="+strings.Replace(value, "0.0.0.0:5000", address, 1))
			}
			cmd := built.command(t, built.entrypoint)
			cmd.Env = append(cmd.Env, environment...)
			s := start(t, cmd, address)
			s.waitForLog(t, regexp.MustCompile(`"message": "serving at `+address+`"`))
			healthcheck := built.command(t, built.healthcheck)
			healthcheck.Env = append(healthcheck.Env, environment...)
			if out := e2etest.Output(t, healthcheck); out != "SERVING\n" {
				t.Errorf("the health check prints %q", out)
			}
		})
	}
}
