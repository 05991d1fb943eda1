package e2e_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
)

// sarifSchema installs a package of Microsoft that has the schema of SARIF 2.1.0.
var sarifSchema = e2etest.NodeTool("@microsoft/jest-sarif", "1.0.0-beta.0")

// What ppm audit prints as SARIF is valid by the schema of SARIF, with findings of all kinds of positions and without
// findings.
func TestAuditIsValidSARIF(t *testing.T) {
	if testing.Short() {
		t.Skip("installs an npm package")
	}
	name := filepath.Join(sarifSchema(t), "lib", "schemas", "sarif-2.1.0-rtm.5.json")
	schema, err := jsonschema.NewCompiler().Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ppm := func(args ...string) *exec.Cmd {
		cmd := e2etest.Command(t, dir, e2etest.Binary(t), args...)
		cmd.Env = append(cmd.Env, "PPM_CACHE_DIR="+t.TempDir(), "PPM_STATE_DIR="+t.TempDir())
		return cmd
	}
	e2etest.Output(t, ppm("add", "tp_py_grpc@cp-0.0.1//wscli", "--located-path", "a b/[wscli] ü.py", "-q"))
	validate := func(want int) {
		t.Helper()
		out, err := ppm("audit", "--format", "sarif", "-q").Output()
		var exit *exec.ExitError
		if code := 0; errors.As(err, &exit) {
			code = exit.ExitCode()
			if code != want {
				t.Fatalf("exit code %d, want %d\n%s", code, want, exit.Stderr)
			}
		} else if err != nil || want != 0 {
			t.Fatalf("%v, want exit code %d", err, want)
		}
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(out)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%v in\n%s", err, out)
		}
		if want != 0 && !strings.Contains(string(out), `"uri": "a%20b/%5Bwscli%5D%20%C3%BC.py"`) {
			t.Errorf("the path of the file is not a URI in\n%s", out)
		}
	}
	validate(0)
	file := filepath.Join(dir, "a b", "[wscli] ü.py")
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(text, "# \u202e\u0007 組 \u200b\n"...), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	validate(9)
}
