package e2e_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
)

// buildGrpcurl takes a minute on a machine that does not have it yet, so tests call it before they start a service.
var buildGrpcurl = e2etest.GoTool("github.com/fullstorydev/grpcurl/cmd/grpcurl", "v1.9.4")

// grpcurl returns a call of a service without TLS. The flags come before the address, the other arguments after it.
func grpcurl(t *testing.T, s *service, flags []string, args ...string) *exec.Cmd {
	t.Helper()
	all := slices.Concat([]string{"-plaintext", "-max-time=20"}, flags, []string{s.address}, args)
	return e2etest.Command(t, "", buildGrpcurl(t), all...)
}

// exampleCalls holds one call of each kind.
var exampleCalls = []struct {
	comment, method, requests string
	want                      []float64
}{
	{"unary", "Square", `{"Message": 3}`, []float64{9}},
	{"stream of responses", "RangeSquare", `{"Message": 3}`, []float64{0, 1, 4, 9}},
	{"stream of requests", "SumSquare", `{"Message": 1} {"Message": 2} {"Message": 3} {}`, []float64{14}},
	{
		"both streams", "StreamrangeSquare", `{"Message": 1.5} {"Message": -2} {} {"Message": 3}`,
		[]float64{2.25, 4, 0, 9},
	},
}

// callAll calls every method of the example service. grpcurl gets the schema by reflection.
func callAll(t *testing.T, s *service) {
	t.Helper()
	for _, call := range exampleCalls {
		out := e2etest.Output(t, grpcurl(t, s, []string{"-d", call.requests}, "testpygrpc.TESTPYGRPC/"+call.method))
		var got []float64
		for dec := json.NewDecoder(strings.NewReader(out)); ; {
			var response struct{ Message float64 }
			err := dec.Decode(&response)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", call.method, err, out)
			}
			got = append(got, response.Message)
		}
		if !slices.Equal(got, call.want) {
			t.Errorf("%s (%s) returned %v, want %v", call.method, call.comment, got, call.want)
		}
	}
}

// The output of grpcurl for a service whose schema it gets by reflection.
const (
	listedServices = `grpc.health.v1.Health
grpc.reflection.v1alpha.ServerReflection
testpygrpc.TESTPYGRPC
`
	describedService = `testpygrpc.TESTPYGRPC is a service:
service TESTPYGRPC {
  rpc RangeSquare ( .testpygrpc.Message ) returns ( stream .testpygrpc.Message );
  rpc Square ( .testpygrpc.Message ) returns ( .testpygrpc.Message );
  rpc StreamrangeSquare ( stream .testpygrpc.Message ) returns ( stream .testpygrpc.Message );
  rpc SumSquare ( stream .testpygrpc.Message ) returns ( .testpygrpc.Message );
}
`
	describedMessage = `testpygrpc.Message is a message:
message Message {
  double Message = 1;
}
`
	healthy = "{\n  \"status\": \"SERVING\"\n}\n"
)

// A service made from each template supports reflection, health checks, metadata and every kind of call.
func TestServicesAnswerGrpcurl(t *testing.T) {
	e2etest.SkipInShort(t)
	buildGrpcurl(t)
	for _, template := range templates {
		t.Run(template.tag, func(t *testing.T) {
			t.Parallel()
			s := serve(t, newService(t, template.tag))
			rows := []struct {
				flags, args []string
				want        string
			}{
				{nil, []string{"list"}, listedServices},
				{nil, []string{"describe", "testpygrpc.TESTPYGRPC"}, describedService},
				{nil, []string{"describe", "testpygrpc.Message"}, describedMessage},
				{nil, []string{"grpc.health.v1.Health/Check"}, healthy},
				{
					[]string{"-d", `{"service": "testpygrpc.TESTPYGRPC"}`},
					[]string{"grpc.health.v1.Health/Check"}, healthy,
				},
			}
			for _, row := range rows {
				if got := e2etest.Output(t, grpcurl(t, s, row.flags, row.args...)); got != row.want {
					t.Errorf("%q %q prints\n%s", row.flags, row.args, got)
				}
			}
			callAll(t, s)
			checkMetadata(t, s)
			invalid := grpcurl(t, s, []string{"-d", `{"Message": -1}`}, "testpygrpc.TESTPYGRPC/RangeSquare")
			out, err := invalid.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "Code: InvalidArgument") {
				t.Errorf("a range to -1: error %v\n%s", err, out)
			}
		})
	}
}

// checkMetadata checks that a response has the metadata of its request, and the metadata that the service adds.
func checkMetadata(t *testing.T, s *service) {
	t.Helper()
	flags := []string{"-v", "-H", "x-request-id: 7", "-d", `{"Message": 3}`}
	out := e2etest.Output(t, grpcurl(t, s, flags, "testpygrpc.TESTPYGRPC/Square"))
	_, out, _ = strings.Cut(out, "Response headers received:")
	for _, metadata := range []string{"x-request-id: 7", "x-count: 1"} {
		if !strings.Contains(out, metadata) {
			t.Errorf("no %q in the metadata of the response:\n%s", metadata, out)
		}
	}
}

// addTimer installs the interceptor for a kind of service and adds it to a call in serv.py, as the pack's README says.
func addTimer(t *testing.T, project, kind, call string) {
	t.Helper()
	e2etest.PPM(t, project, "project", "add", "tp_py_grpc@cp-0.0.1//"+kind+"_serv_interceptor",
		"--located-path=testpygrpc/interceptor", "--kv=source::timer")
	name := filepath.Join(project, "testpygrpc", "serv.py")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	edited := string(text)
	for _, edit := range [][2]string{
		{"from handler import Handler\n", "from handler import Handler\nfrom interceptor.timer import Interceptor\n"},
		{call + "(self.options)", call + "(self.options, Interceptor())"},
	} {
		if strings.Count(edited, edit[0]) != 1 {
			t.Fatalf("%s does not contain %q once:\n%s", name, edit[0], text)
		}
		edited = strings.Replace(edited, edit[0], edit[1], 1)
	}
	if err := os.WriteFile(name, []byte(edited), 0o666); err != nil {
		t.Fatal(err)
	}
}

// checkTimed waits for the log line of the timer for each call of exampleCalls. A stream has four messages.
func checkTimed(t *testing.T, s *service) {
	t.Helper()
	for _, call := range []string{
		`Square peer=\S+ code=OK received=1 sent=1`,
		`RangeSquare peer=\S+ code=OK received=1 sent=4`,
		`SumSquare peer=\S+ code=OK received=4 sent=1`,
		`StreamrangeSquare peer=\S+ code=OK received=4 sent=4`,
	} {
		const method = ` interceptor\.timer method=/testpygrpc\.TESTPYGRPC/`
		s.waitForLog(t, regexp.MustCompile(method+call+` milliseconds=\d+\.\d{3}\n`))
	}
}

// With the interceptor added to serv.py, the service times every call.
func TestServicesUseAnInterceptor(t *testing.T) {
	e2etest.SkipInShort(t)
	buildGrpcurl(t)
	for _, template := range templates {
		t.Run(template.tag, func(t *testing.T) {
			t.Parallel()
			project := newService(t, template.tag)
			addTimer(t, project, template.kind, "self.common_serv")
			s := serve(t, project)
			callAll(t, s)
			checkTimed(t, s)
		})
	}
}
