package ppm_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	manager "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// mesh is the name by which clients ask for the service; "mesh" is in no DNS.
const mesh = "mesh"

// bootstrap leads a gRPC program to its control plane.
const bootstrap = `{
  "xds_servers": [{"server_uri": %q, "channel_creds": [{"type": "insecure"}], "server_features": ["xds_v3"]}],
  "node": {"id": %q},
  "server_listener_resource_name_template": %q
}`

// serverListener is the name of the resource that tells a server how to listen.
const serverListener = "grpc/server?xds.resource.listening_address="

// controlPlane runs a control plane that knows the service at address, and returns the variable that leads to it.
func controlPlane(t *testing.T, address string) string {
	t.Helper()
	resources, err := meshResources(address)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := cache.NewSnapshot("1", resources)
	if err != nil {
		t.Fatal(err)
	}
	snapshots := cache.NewSnapshotCache(false, cache.IDHash{}, nil)
	if err := snapshots.SetSnapshot(t.Context(), mesh, snapshot); err != nil {
		t.Fatal(err)
	}
	plane := grpc.NewServer()
	discovery.RegisterAggregatedDiscoveryServiceServer(plane, server.NewServer(t.Context(), snapshots, nil))
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go plane.Serve(door)
	t.Cleanup(plane.Stop)

	file := filepath.Join(t.TempDir(), "bootstrap.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, bootstrap, door.Addr(), mesh, serverListener+"%s"), 0o666); err != nil {
		t.Fatal(err)
	}
	return "GRPC_XDS_BOOTSTRAP=" + file
}

// meshResources describes the service twice: to its server a listener, and to clients the way from the name to the address.
func meshResources(address string) (map[resource.Type][]types.Resource, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	at := &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: host, PortSpecifier: &core.SocketAddress_PortValue{PortValue: uint32(number)},
	}}}
	ads := &core.ConfigSource{
		ResourceApiVersion:    core.ApiVersion_V3,
		ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
	}

	here := &manager.HttpConnectionManager{RouteSpecifier: &manager.HttpConnectionManager_RouteConfig{
		RouteConfig: routes(&route.Route{Action: &route.Route_NonForwardingAction{NonForwardingAction: &route.NonForwardingAction{}}}),
	}}
	there := &manager.HttpConnectionManager{RouteSpecifier: &manager.HttpConnectionManager_Rds{
		Rds: &manager.Rds{ConfigSource: ads, RouteConfigName: mesh},
	}}
	var packed [2]*anypb.Any
	for i, m := range []*manager.HttpConnectionManager{here, there} {
		filter, err := anypb.New(&router.Router{})
		if err != nil {
			return nil, err
		}
		m.HttpFilters = []*manager.HttpFilter{{Name: "router", ConfigType: &manager.HttpFilter_TypedConfig{TypedConfig: filter}}}
		if packed[i], err = anypb.New(m); err != nil {
			return nil, err
		}
	}

	return map[resource.Type][]types.Resource{
		resource.ListenerType: {
			&listener.Listener{Name: serverListener + address, Address: at, FilterChains: []*listener.FilterChain{{
				Filters: []*listener.Filter{{Name: "manager", ConfigType: &listener.Filter_TypedConfig{TypedConfig: packed[0]}}},
			}}},
			&listener.Listener{Name: mesh, ApiListener: &listener.ApiListener{ApiListener: packed[1]}},
		},
		resource.RouteType: {routes(&route.Route{Action: &route.Route_Route{
			Route: &route.RouteAction{ClusterSpecifier: &route.RouteAction_Cluster{Cluster: mesh}},
		}})},
		resource.ClusterType: {&cluster.Cluster{
			Name:                 mesh,
			ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
			EdsClusterConfig:     &cluster.Cluster_EdsClusterConfig{EdsConfig: ads},
		}},
		resource.EndpointType: {&endpoint.ClusterLoadAssignment{ClusterName: mesh, Endpoints: []*endpoint.LocalityLbEndpoints{{
			Locality:            &core.Locality{Zone: "loopback"},
			LoadBalancingWeight: wrapperspb.UInt32(1),
			LbEndpoints: []*endpoint.LbEndpoint{{
				HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: at}},
			}},
		}}}},
	}, nil
}

// routes sends every call one way.
func routes(way *route.Route) *route.RouteConfiguration {
	way.Match = &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: ""}}
	return &route.RouteConfiguration{Name: mesh, VirtualHosts: []*route.VirtualHost{
		{Name: mesh, Domains: []string{"*"}, Routes: []*route.Route{way}},
	}}
}

// A synchronous service listens as the control plane says, the client finds it by a name of the mesh, and the
// interceptor at the end of the call of xds_serv times every call.
func TestServicesJoinAMesh(t *testing.T) {
	for _, template := range templates {
		if template.kind != "sync" {
			continue
		}
		t.Run(template.tag, func(t *testing.T) {
			t.Parallel()
			project := newService(t, template.tag)
			addTimer(t, project, template.kind, "self.xds_serv")
			address := freeAddress(t)
			variable := controlPlane(t, address)

			cmd := program(t, project, livePython(t), "testpygrpc", "--xds", "--address", address)
			cmd.Env = append(cmd.Env, variable)
			s := start(t, cmd, address)
			client := program(t, project, livePython(t), "-m", "testpygrpc.sdk", "--url", "xds:///"+mesh)
			client.Env = append(client.Env, variable)
			const want = "Square: 9.0\nRangeSquare: 0.0 1.0 4.0 9.0\nSumSquare: 14.0\nStreamrangeSquare: 0.0 1.0 4.0 9.0\n"
			if said := output(t, client); said != want {
				t.Errorf("the client says\n%s", said)
			}
			timed(t, s)
		})
	}
}

// What cannot join a mesh says why.
func TestServicesRefuseAMesh(t *testing.T) {
	rows := []struct {
		tag  string
		env  string
		args []string
		code int
		want string
	}{
		{"sync-0.0.1", "", []string{"testpygrpc", "--xds", "--address=127.0.0.1:0"}, 2, "testpygrpc serve: xDS needs GRPC_XDS_BOOTSTRAP, the path of its bootstrap file\n"},     // nothing leads to a control plane
		{"sync-0.0.1", "", []string{"-m", "testpygrpc.sdk", "--url", "xds:///mesh"}, 1, "testpygrpc.sdk: xds:///mesh: UNAVAILABLE: Failed to create XdsClient: "},               // nor here
		{"sync-0.0.1", "GRPC_XDS_BOOTSTRAP=", []string{"testpygrpc", "--xds", "--address=127.0.0.1:0"}, 2, "testpygrpc serve: xDS needs GRPC_XDS_BOOTSTRAP"},                    // empty is not set
		{"sync-0.0.1", "GRPC_XDS_BOOTSTRAP=nowhere.json", []string{"testpygrpc", "--xds", "--address=127.0.0.1:0"}, 2, "the xDS bootstrap cannot be read: [Errno 2]"},           // no such file
		{"sync-0.0.1", "GRPC_XDS_BOOTSTRAP_CONFIG={", []string{"testpygrpc", "--xds", "--address=127.0.0.1:0"}, 2, "the xDS bootstrap cannot be read: "},                        // not JSON
		{"sync-0.0.1", "", []string{"testpygrpc", "serve", "--no-such-flag"}, 2, "unrecognized arguments: --no-such-flag"},                                                      // wrong flags are told of first
		{"aionogen-0.0.1", "", []string{"testpygrpc", "--xds", "--address=127.0.0.1:0"}, 2, "testpygrpc serve: xDS is not available: grpc's asyncio server does not know it\n"}, // asyncio
	}
	projects := map[string]string{}
	for _, row := range rows {
		if projects[row.tag] == "" {
			projects[row.tag] = newService(t, row.tag)
		}
		cmd := program(t, projects[row.tag], livePython(t), row.args...)
		cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "GRPC_XDS_BOOTSTRAP") })
		if row.env != "" {
			cmd.Env = append(cmd.Env, row.env)
		}
		said, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != row.code || !strings.Contains(string(said), row.want) {
			t.Errorf("%s %q: exit %d\n%s", row.tag, row.args, code, said)
		}
	}
}
