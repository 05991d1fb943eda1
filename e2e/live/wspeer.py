"""WebSocket servers for the tests, correct ones and broken ones."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Callable, Protocol

from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.sync.server import ServerConnection, serve


class Listen(Protocol):
    """Start a server with a handler and options of websockets, and return its address."""

    def __call__(self, handler: Callable[[ServerConnection], None], **options: Any) -> str: ...


@contextlib.contextmanager
def listening(handler: Callable[[ServerConnection], None], **options: Any) -> Iterator[str]:
    sock = options.pop("sock", None) or socket.create_server(("127.0.0.1", 0))
    with serve(handler, sock=sock, max_size=None, close_timeout=1, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        scheme = "wss" if options.get("ssl") else "ws"
        yield f"{scheme}://127.0.0.1:{server.socket.getsockname()[1]}"
    thread.join()


def cut(connection: ServerConnection) -> None:
    """End the connection without a closing handshake."""
    connection.socket.shutdown(socket.SHUT_RDWR)


def behave(connection: ServerConnection) -> None:
    """Behave as the path of the request says."""
    request = connection.request
    assert request is not None
    path = request.path
    if path == "/echo":
        for message in connection:
            connection.send(message)
    elif path == "/bytes":
        connection.send(b"\x00\xff")
    elif path == "/cut":
        cut(connection)
    elif path == "/ping":
        answered = connection.ping().wait(timeout=5)
        connection.send("pong" if answered else "nothing")
    elif path == "/headers":
        connection.send(json.dumps(dict(request.headers.raw_items())))
    elif path == "/silence":
        connection.recv(timeout=20)
    elif path.startswith("/close/"):
        connection.close(int(path.rpartition("/")[2]), "so long")


def refuse(connection: ServerConnection, request: Request) -> Response | None:
    if not request.path.startswith("/refuse/"):
        return None
    return connection.respond(HTTPStatus(int(request.path.rpartition("/")[2])), "no\n")


CLOSE = b"\x88\x00"


def raw_server(reply: bytes) -> tuple[str, threading.Thread]:
    """Serve one handshake, send these bytes, and then send nothing until the client closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with listener, listener.accept()[0] as peer:
            protocol = ServerProtocol()
            protocol.receive_data(peer.recv(65536))
            request = protocol.events_received()[0]
            assert isinstance(request, Request)
            protocol.send_response(protocol.accept(request))
            peer.sendall(b"".join(protocol.data_to_send()) + reply)
            peer.settimeout(15)
            with contextlib.suppress(OSError):
                while peer.recv(65536)[:1] not in (b"", CLOSE[:1]):
                    pass

    thread = threading.Thread(target=accept)
    thread.start()
    return f"ws://127.0.0.1:{listener.getsockname()[1]}", thread
