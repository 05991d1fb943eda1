package e2e_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
)

var buildControlPlane = e2etest.Build("controlplane", ".")

// startControlPlane runs a control plane that knows the service at address. It returns the environment
// variable that makes a gRPC program use it.
func startControlPlane(t *testing.T, address string) string {
	t.Helper()
	bootstrap := filepath.Join(t.TempDir(), "bootstrap.json")
	start(t, e2etest.Command(t, "", buildControlPlane(t), address, bootstrap), address)
	return "GRPC_XDS_BOOTSTRAP=" + bootstrap
}

// A synchronous service listens as the control plane says, and a client finds it by its name in the mesh.
// An interceptor that is added to the call of xds_serv times every call.
func TestServicesJoinAMesh(t *testing.T) {
	e2etest.SkipInShort(t)
	buildControlPlane(t) // the first build on a machine takes a minute
	for _, template := range templates {
		if template.kind != "sync" {
			continue
		}
		t.Run(template.tag, func(t *testing.T) {
			t.Parallel()
			project := newService(t, template.tag)
			addTimer(t, project, template.kind, "self.xds_serv")
			address := freeAddress(t)
			variable := startControlPlane(t, address)

			cmd := e2etest.Command(t, project, e2etest.Python(t), "testpygrpc", "--xds", "--address", address)
			cmd.Env = append(cmd.Env, variable)
			s := start(t, cmd, address)
			client := e2etest.Command(t, project, e2etest.Python(t), "-m", "testpygrpc.sdk", "--url", "xds:///mesh")
			client.Env = append(client.Env, variable)
			const want = "Square: 9.0\n" +
				"RangeSquare: 0.0 1.0 4.0 9.0\n" +
				"SumSquare: 14.0\n" +
				"StreamrangeSquare: 0.0 1.0 4.0 9.0\n"
			if out := e2etest.Output(t, client); out != want {
				t.Errorf("the client prints\n%s", out)
			}
			checkTimed(t, s)
		})
	}
}

// A program that cannot join a mesh says why.
func TestServicesRefuseAMesh(t *testing.T) {
	e2etest.SkipInShort(t)
	const noBootstrap = "testpygrpc serve: xDS needs GRPC_XDS_BOOTSTRAP, the path of its bootstrap file\n"
	service := []string{"testpygrpc", "--xds", "--address=127.0.0.1:0"}
	client := []string{"-m", "testpygrpc.sdk", "--url", "xds:///mesh"}
	rows := []struct {
		comment string
		tag     string
		env     string
		args    []string
		code    int
		want    string
	}{
		{"service without a bootstrap file", "sync-0.0.1", "", service, 2, noBootstrap},
		{
			"client without a bootstrap file", "sync-0.0.1", "", client, 1,
			"testpygrpc.sdk: xds:///mesh: UNAVAILABLE: Failed to create XdsClient: ",
		},
		{
			"empty variable", "sync-0.0.1", "GRPC_XDS_BOOTSTRAP=", service, 2,
			"testpygrpc serve: xDS needs GRPC_XDS_BOOTSTRAP",
		},
		{
			"missing file", "sync-0.0.1", "GRPC_XDS_BOOTSTRAP=nowhere.json", service, 2,
			"the xDS bootstrap cannot be read: [Errno 2]",
		},
		{
			"invalid JSON", "sync-0.0.1", "GRPC_XDS_BOOTSTRAP_CONFIG={", service, 2,
			"the xDS bootstrap cannot be read: ",
		},
		{
			"wrong flags are reported first", "sync-0.0.1", "", []string{"testpygrpc", "serve", "--no-such-flag"}, 2,
			"unrecognized arguments: --no-such-flag",
		},
		{
			"asyncio", "aionogen-0.0.1", "", service, 2,
			"testpygrpc serve: xDS is not available: grpc's asyncio server does not know it\n",
		},
	}
	projects := map[string]string{}
	for _, row := range rows {
		if projects[row.tag] == "" {
			projects[row.tag] = newService(t, row.tag)
		}
		cmd := e2etest.Command(t, projects[row.tag], e2etest.Python(t), row.args...)
		cmd.Env = slices.DeleteFunc(cmd.Env, func(variable string) bool {
			return strings.HasPrefix(variable, "GRPC_XDS_BOOTSTRAP")
		})
		if row.env != "" {
			cmd.Env = append(cmd.Env, row.env)
		}
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != row.code || !strings.Contains(string(out), row.want) {
			t.Errorf("%s: exit code %d\n%s", row.comment, code, out)
		}
	}
}
