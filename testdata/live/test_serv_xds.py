"""The synchronous services and clients as parts of an xDS mesh, with a small control plane."""

# mypy: disable-error-code="import-untyped"
from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import address_pb2, config_source_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from envoy.config.listener.v3 import api_listener_pb2, listener_components_pb2, listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as manager_pb2,
)
from envoy.service.discovery.v3 import ads_pb2_grpc, discovery_pb2
from google.protobuf import any_pb2

from services import create, free_port, run, running

SERVED = "service at %s"  # the name of a server's listener


def packed(message: Any) -> any_pb2.Any:
    found = any_pb2.Any()
    found.Pack(message)
    return found


def address(url: str) -> address_pb2.Address:
    host, port = url.rsplit(":", 1)
    return address_pb2.Address(
        socket_address=address_pb2.SocketAddress(address=host, port_value=int(port))
    )


def manager(**action: Any) -> any_pb2.Any:
    """What to do with every call: an action of a route."""
    route = route_components_pb2.Route(match=route_components_pb2.RouteMatch(prefix=""), **action)
    host = route_components_pb2.VirtualHost(name="all", domains=["*"], routes=[route])
    router = manager_pb2.HttpFilter(name="router", typed_config=packed(router_pb2.Router()))
    return packed(
        manager_pb2.HttpConnectionManager(
            route_config=route_pb2.RouteConfiguration(name="all", virtual_hosts=[host]),
            http_filters=[router],
        )
    )


class ControlPlane(ads_pb2_grpc.AggregatedDiscoveryServiceServicer):  # type: ignore[misc]
    """Tells servers to serve, and clients that `xds:///demo` is the service at `url`."""

    def __init__(self) -> None:
        self.url = ""
        self.refused: list[str] = []

    def resource(self, kind: str, name: str) -> Any:
        if kind == "Listener" and name == SERVED % self.url:
            manage = listener_components_pb2.Filter(
                name="manager",
                typed_config=manager(
                    non_forwarding_action=route_components_pb2.NonForwardingAction()
                ),
            )
            chain = listener_components_pb2.FilterChain(filters=[manage])
            return listener_pb2.Listener(
                name=name, address=address(self.url), filter_chains=[chain]
            )
        if kind == "Listener":
            route = manager(route=route_components_pb2.RouteAction(cluster=name))
            return listener_pb2.Listener(
                name=name, api_listener=api_listener_pb2.ApiListener(api_listener=route)
            )
        if kind == "Cluster":
            ads = config_source_pb2.ConfigSource(ads=config_source_pb2.AggregatedConfigSource())
            return cluster_pb2.Cluster(
                name=name,
                type=cluster_pb2.Cluster.EDS,
                eds_cluster_config=cluster_pb2.Cluster.EdsClusterConfig(eds_config=ads),
            )
        endpoint = endpoint_components_pb2.LbEndpoint(
            endpoint=endpoint_components_pb2.Endpoint(address=address(self.url))
        )
        near = endpoint_components_pb2.LocalityLbEndpoints(lb_endpoints=[endpoint])
        near.load_balancing_weight.value = 1
        near.locality.zone = "here"
        return endpoint_pb2.ClusterLoadAssignment(cluster_name=name, endpoints=[near])

    def StreamAggregatedResources(self, requests: Any, _: Any) -> Iterator[Any]:  # noqa: N802
        answered: dict[str, list[str]] = {}
        for request in requests:
            if request.HasField("error_detail"):
                self.refused.append(request.error_detail.message)
            names = sorted(request.resource_names)
            if answered.get(request.type_url) == names:  # it only says that the answer is there
                continue
            answered[request.type_url] = names
            kind = request.type_url.rsplit(".", 1)[1]
            yield discovery_pb2.DiscoveryResponse(
                version_info="1",
                nonce="1",
                type_url=request.type_url,
                resources=[packed(self.resource(kind, name)) for name in names],
            )


@pytest.fixture
def plane() -> Iterator[tuple[ControlPlane, str]]:
    """The control plane and the bootstrap that leads to it."""
    server = grpc.server(futures.ThreadPoolExecutor(8))
    plane = ControlPlane()
    ads_pb2_grpc.add_AggregatedDiscoveryServiceServicer_to_server(plane, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    bootstrap = {
        "xds_servers": [
            {
                "server_uri": f"127.0.0.1:{port}",
                "channel_creds": [{"type": "insecure"}],
                "server_features": ["xds_v3"],
            }
        ],
        "node": {"id": "test"},
        "server_listener_resource_name_template": SERVED,
    }
    yield plane, json.dumps(bootstrap)
    server.stop(0).wait()


@pytest.mark.parametrize("template", ["sync", "syncnogen"])
def test_mesh(ppm: Path, tmp_path: Path, plane: tuple[ControlPlane, str], template: str) -> None:
    """The service waits for its listener, the client finds the service, interceptors time it."""
    control, bootstrap = plane
    project = create(ppm, tmp_path, template)
    component = "tp_py_grpc@cp-0.0.1//sync_serv_interceptor"
    run([ppm, "project", "add", component, "--kv=source::timer", "--yes"], project)
    serv = project / "testpygrpc" / "serv.py"
    text = serv.read_text().replace(
        "\nimport logs\n", "\nimport logs\nfrom interceptor.timer import Interceptor\n"
    )
    serv.write_text(re.sub(r"(self\.xds_serv\(self\.options)\)", r"\1, Interceptor())", text))
    env = os.environ | {"GRPC_XDS_BOOTSTRAP_CONFIG": bootstrap}
    control.url = f"127.0.0.1:{free_port()}"
    with running(project, "--xds", url=control.url, env=env) as service:
        command = [sys.executable, "testpygrpc", "call", "--url", "xds:///demo"]
        assert "Square: 9.0" in run(command, project, env=env)
        service.stop()
        assert service.log().count(" interceptor.timer method=/testpygrpc.TESTPYGRPC/") == 4
    assert control.refused == []
