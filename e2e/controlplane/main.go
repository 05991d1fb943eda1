// Command controlplane is an xDS control plane for the end-to-end tests. It knows one service.
//
// It is a module of its own, so that gRPC and Envoy's API are not requirements of ppm.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"

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

// mesh is the name under which clients find the service. No DNS server knows it.
const mesh = "mesh"

// bootstrap is the bootstrap file that makes a gRPC program use this control plane.
const bootstrap = `{
  "xds_servers": [{"server_uri": %q, "channel_creds": [{"type": "insecure"}], "server_features": ["xds_v3"]}],
  "node": {"id": %q},
  "server_listener_resource_name_template": %q
}`

// serverListener is the prefix of the name of the resource that tells a server how to listen on an address.
const serverListener = "grpc/server?xds.resource.listening_address="

// usage: controlplane ADDRESS BOOTSTRAP
//
// ADDRESS is the address of the service. The bootstrap file is written before "serving at" is printed.
func main() {
	log.SetFlags(0)
	log.SetPrefix("controlplane: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: controlplane ADDRESS BOOTSTRAP")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(address, bootstrapFile string) error {
	resources, err := meshResources(address)
	if err != nil {
		return err
	}
	snapshot, err := cache.NewSnapshot("1", resources)
	if err != nil {
		return err
	}
	ctx := context.Background()
	snapshots := cache.NewSnapshotCache(false, cache.IDHash{}, nil)
	if err := snapshots.SetSnapshot(ctx, mesh, snapshot); err != nil {
		return err
	}
	plane := grpc.NewServer()
	discovery.RegisterAggregatedDiscoveryServiceServer(plane, server.NewServer(ctx, snapshots, nil))
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	text := fmt.Appendf(nil, bootstrap, socket.Addr(), mesh, serverListener+"%s")
	if err := os.WriteFile(bootstrapFile, text, 0o666); err != nil {
		return err
	}
	fmt.Printf("serving at %s\n", socket.Addr())
	return plane.Serve(socket)
}

// meshResources describes the service twice: as a listener for its server, and as a route from mesh to
// the address for clients.
func meshResources(address string) (map[resource.Type][]types.Resource, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, err
	}
	socket := &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: host, PortSpecifier: &core.SocketAddress_PortValue{PortValue: uint32(number)},
	}}}
	ads := &core.ConfigSource{
		ResourceApiVersion:    core.ApiVersion_V3,
		ConfigSourceSpecifier: &core.ConfigSource_Ads{Ads: &core.AggregatedConfigSource{}},
	}
	forServer, err := pack(&manager.HttpConnectionManager{RouteSpecifier: &manager.HttpConnectionManager_RouteConfig{
		RouteConfig: routes(&route.Route{
			Action: &route.Route_NonForwardingAction{NonForwardingAction: &route.NonForwardingAction{}},
		}),
	}})
	if err != nil {
		return nil, err
	}
	forClient, err := pack(&manager.HttpConnectionManager{RouteSpecifier: &manager.HttpConnectionManager_Rds{
		Rds: &manager.Rds{ConfigSource: ads, RouteConfigName: mesh},
	}})
	if err != nil {
		return nil, err
	}
	return map[resource.Type][]types.Resource{
		resource.ListenerType: {
			&listener.Listener{Name: serverListener + address, Address: socket, FilterChains: []*listener.FilterChain{{
				Filters: []*listener.Filter{{
					Name: "manager", ConfigType: &listener.Filter_TypedConfig{TypedConfig: forServer},
				}},
			}}},
			&listener.Listener{Name: mesh, ApiListener: &listener.ApiListener{ApiListener: forClient}},
		},
		resource.RouteType: {routes(&route.Route{Action: &route.Route_Route{
			Route: &route.RouteAction{ClusterSpecifier: &route.RouteAction_Cluster{Cluster: mesh}},
		}})},
		resource.ClusterType: {&cluster.Cluster{
			Name:                 mesh,
			ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_EDS},
			EdsClusterConfig:     &cluster.Cluster_EdsClusterConfig{EdsConfig: ads},
		}},
		resource.EndpointType: {&endpoint.ClusterLoadAssignment{
			ClusterName: mesh,
			Endpoints: []*endpoint.LocalityLbEndpoints{{
				Locality:            &core.Locality{Zone: "loopback"},
				LoadBalancingWeight: wrapperspb.UInt32(1),
				LbEndpoints: []*endpoint.LbEndpoint{{
					HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: socket}},
				}},
			}},
		}},
	}, nil
}

// pack adds the router filter to a connection manager and wraps it for a listener.
func pack(m *manager.HttpConnectionManager) (*anypb.Any, error) {
	filter, err := anypb.New(&router.Router{})
	if err != nil {
		return nil, err
	}
	m.HttpFilters = []*manager.HttpFilter{{
		Name: "router", ConfigType: &manager.HttpFilter_TypedConfig{TypedConfig: filter},
	}}
	return anypb.New(m)
}

// routes returns a configuration in which all calls take one route.
func routes(r *route.Route) *route.RouteConfiguration {
	r.Match = &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: ""}}
	return &route.RouteConfiguration{Name: mesh, VirtualHosts: []*route.VirtualHost{
		{Name: mesh, Domains: []string{"*"}, Routes: []*route.Route{r}},
	}}
}
