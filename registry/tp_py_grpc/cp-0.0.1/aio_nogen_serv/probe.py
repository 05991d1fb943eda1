"""Asks a running service for its health: for containers, which have no other tool for it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2


def main(arguments: Sequence[str], address: str, prog: str) -> int:
    """Returns 0 when the service is serving, else 1 and says why not."""
    parser = argparse.ArgumentParser(prog, description="Ask a running service for its health.")
    parser.add_argument("--url", default=address.replace("0.0.0.0", "127.0.0.1"))
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds to wait for an answer")
    parser.add_argument("--ca", type=Path, help="TLS: file of the authority of the service")
    parser.add_argument("--cert", type=Path, help="TLS: file of the certificate to show")
    parser.add_argument("--key", type=Path, help="TLS: file of its key")
    parser.add_argument("--name", help="TLS: the name in the service's certificate")
    options = parser.parse_args(arguments)
    try:
        paths = (options.ca, options.key, options.cert)
        files = [path.read_bytes() if path else None for path in paths]
    except OSError as error:
        parser.error(str(error))
    if options.ca:
        named = [("grpc.ssl_target_name_override", options.name)] if options.name else []
        channel = grpc.secure_channel(options.url, grpc.ssl_channel_credentials(*files), named)
    else:
        channel = grpc.insecure_channel(options.url)
    with channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = check(health_pb2.HealthCheckRequest(), timeout=options.timeout)
        except grpc.RpcError as error:
            print(f"{options.url}: {error.code().name}: {error.details()}", file=sys.stderr)
            return 1
    state = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    print(state)
    return 0 if answer.status == health_pb2.HealthCheckResponse.SERVING else 1
