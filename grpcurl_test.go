package ppm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

var buildGrpcurl = sync.OnceValues(func() (string, error) {
	return goTool("github.com/fullstorydev/grpcurl/cmd/grpcurl", "v1.9.4")
})

// goTool builds a program of another module in the user's cache folder, once, and returns its path.
func goTool(path, version string) (string, error) {
	name := filepath.Base(path)
	dir, err := cached(name+"@"+version, func(dir string) error {
		cmd := exec.Command("go", "install", path+"@"+version)
		cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "GOOS=", "GOARCH=")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", path, err, out)
		}
		return nil
	})
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name), err
}

// haveGrpcurl returns the path of grpcurl. The first call on a machine takes a minute, so it comes before any service starts.
func haveGrpcurl(t *testing.T) string {
	t.Helper()
	name, err := buildGrpcurl()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// grpcurl asks a service without TLS: the address stands after the flags.
func grpcurl(t *testing.T, s *service, flags []string, args ...string) *exec.Cmd {
	t.Helper()
	return program(t, "", haveGrpcurl(t), slices.Concat([]string{"-plaintext", "-max-time=20"}, flags, []string{s.address}, args)...)
}

// exampleCalls holds a call of each kind.
var exampleCalls = []struct {
	method, requests string
	want             []float64
}{
	{"Square", `{"Message": 3}`, []float64{9}},                                                            // unary
	{"RangeSquare", `{"Message": 3}`, []float64{0, 1, 4, 9}},                                              // stream of responses
	{"SumSquare", `{"Message": 1} {"Message": 2} {"Message": 3} {}`, []float64{14}},                       // stream of requests
	{"StreamrangeSquare", `{"Message": 1.5} {"Message": -2} {} {"Message": 3}`, []float64{2.25, 4, 0, 9}}, // stream of both
}

// callAll calls every method of the example service by reflection.
func callAll(t *testing.T, s *service) {
	t.Helper()
	for _, call := range exampleCalls {
		said := output(t, grpcurl(t, s, []string{"-d", call.requests}, "testpygrpc.TESTPYGRPC/"+call.method))
		var got []float64
		for dec := json.NewDecoder(strings.NewReader(said)); ; {
			var answer struct{ Message float64 }
			err := dec.Decode(&answer)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", call.method, err, said)
			}
			got = append(got, answer.Message)
		}
		if !slices.Equal(got, call.want) {
			t.Errorf("%s answered %v, want %v", call.method, got, call.want)
		}
	}
}

// What grpcurl says of a service without having its schema.
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
)

// A service out of each template says to grpcurl what it has, and answers.
func TestTemplatesAnswerGrpcurl(t *testing.T) {
	haveGrpcurl(t)
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
				{nil, []string{"grpc.health.v1.Health/Check"}, "{\n  \"status\": \"SERVING\"\n}\n"},                                                    // of the server
				{[]string{"-d", `{"service": "testpygrpc.TESTPYGRPC"}`}, []string{"grpc.health.v1.Health/Check"}, "{\n  \"status\": \"SERVING\"\n}\n"}, // of the service
			}
			for _, row := range rows {
				if got := output(t, grpcurl(t, s, row.flags, row.args...)); got != row.want {
					t.Errorf("%q %q says\n%s", row.flags, row.args, got)
				}
			}
			callAll(t, s)
			said := output(t, grpcurl(t, s, []string{"-v", "-H", "x-request-id: 7", "-d", `{"Message": 3}`}, "testpygrpc.TESTPYGRPC/Square"))
			_, said, _ = strings.Cut(said, "Response headers received:")
			for _, metadata := range []string{"x-request-id: 7", "x-count: 1"} {
				if !strings.Contains(said, metadata) {
					t.Errorf("no %q in the metadata of the response:\n%s", metadata, said)
				}
			}
			refused := grpcurl(t, s, []string{"-d", `{"Message": -1}`}, "testpygrpc.TESTPYGRPC/RangeSquare")
			if out, err := refused.CombinedOutput(); err == nil || !strings.Contains(string(out), "Code: InvalidArgument") {
				t.Errorf("a range to -1: error %v\n%s", err, out)
			}
		})
	}
}

// addTimer adds the interceptor of the service's kind and appends it to a call in serv.py, as the pack's text says.
func addTimer(t *testing.T, project, kind, call string) {
	t.Helper()
	ppmIn(t, project, "project", "add", "tp_py_grpc@cp-0.0.1//"+kind+"_serv_interceptor",
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
			t.Fatalf("%s does not have %q once:\n%s", name, edit[0], text)
		}
		edited = strings.Replace(edited, edit[0], edit[1], 1)
	}
	if err := os.WriteFile(name, []byte(edited), 0o666); err != nil {
		t.Fatal(err)
	}
}

// timed waits for a line of the log for each of the four calls, of which a stream has four messages.
func timed(t *testing.T, s *service) {
	t.Helper()
	for _, call := range []string{
		`Square peer=\S+ code=OK received=1 sent=1`,
		`RangeSquare peer=\S+ code=OK received=1 sent=4`,
		`SumSquare peer=\S+ code=OK received=4 sent=1`,
		`StreamrangeSquare peer=\S+ code=OK received=4 sent=4`,
	} {
		s.logged(t, regexp.MustCompile(` interceptor\.timer method=/testpygrpc\.TESTPYGRPC/`+call+` milliseconds=\d+\.\d{3}\n`))
	}
}

// Two edits of serv.py make every call timed.
func TestServicesUseAnInterceptor(t *testing.T) {
	haveGrpcurl(t)
	for _, template := range templates {
		t.Run(template.tag, func(t *testing.T) {
			t.Parallel()
			project := newService(t, template.tag)
			addTimer(t, project, template.kind, "self.common_serv")
			s := serve(t, project)
			callAll(t, s)
			timed(t, s)
		})
	}
}
