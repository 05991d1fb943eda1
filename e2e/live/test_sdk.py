"""The four clients: as programs against the four services, as modules against a local peer."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import queue
import sys
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

import grpc
import grpc.aio
import pytest
import trustme

from conftest import Place
from services import SERVICE, TEMPLATES, Message, Running, create, run, running

Projects = dict[str, Path]
GENERATED, PARSED = ["sync", "aio"], ["syncnogen", "aionogen"]


@pytest.fixture(scope="module")
def projects(ppm: Path, tmp_path_factory: pytest.TempPathFactory) -> Projects:
    return {name: create(ppm, tmp_path_factory.mktemp(name), name) for name in TEMPLATES}


# --- programs


@pytest.fixture(scope="module", params=TEMPLATES)
def service(projects: Projects, request: pytest.FixtureRequest) -> Iterator[tuple[str, Running]]:
    with running(projects[request.param]) as service:
        yield request.param, service


@pytest.mark.parametrize("style", [0, 1], ids=["by sync", "by aio"])
def test_program(projects: Projects, service: tuple[str, Running], style: int) -> None:
    template, at = service
    client = (GENERATED if template in GENERATED else PARSED)[style]
    command = [sys.executable, "-m", "testpygrpc.sdk", "--url", at.url, "--x=2"]
    assert run(command, projects[client]).splitlines() == [
        "Square: 4.0",
        "RangeSquare: 0.0 1.0 4.0",
        "SumSquare: 5.0",
        "StreamrangeSquare: 0.0 1.0 4.0",
    ]


@pytest.mark.parametrize(
    ("flags", "code", "output"),
    [
        (["--url=127.0.0.1:1"], 1, "testpygrpc.sdk: 127.0.0.1:1: UNAVAILABLE: "),  # no server
        (["--url=127.0.0.1:1,localhost:2"], 2, "must be IP addresses"),
        (["--ca=nowhere.pem"], 2, "nowhere.pem"),
        (["--x=nothing"], 2, "--x"),
    ],
)
@pytest.mark.parametrize("template", GENERATED)
def test_program_that_fails(
    projects: Projects, template: str, flags: list[str], code: int, output: str
) -> None:
    answer = run([sys.executable, "-m", "testpygrpc.sdk", *flags], projects[template], code=code)
    assert output in answer
    assert "Traceback" not in answer


# --- modules; a call of an asyncio client is run until it completes


class Caller:
    """The four calls of a client with threads or asyncio, as plain functions."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.aio = hasattr(module.Client, "__aenter__")

    def call(self, name: str, x: Any, url: str, options: Any = None, **how: Any) -> Any:
        options = options or {}
        if self.aio:
            return asyncio.run(self._call(name, x, url, options, how))
        with self.module.Client(url, **options) as client:
            answer = getattr(client, name)(x, **how)
            return list(answer) if "range" in name else answer

    async def _call(self, name: str, x: Any, url: str, options: Any, how: Any) -> Any:
        async with self.module.Client(url, **options) as client:
            answer = getattr(client, name)(x, **how)
            return [y async for y in answer] if "range" in name else await answer


@pytest.fixture(scope="module", params=TEMPLATES)
def caller(projects: Projects, request: pytest.FixtureRequest) -> Caller:
    folder = projects[request.param] / "testpygrpc" / "sdk"
    name = f"sdk_{request.param}"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return Caller(module)


class Peer:
    """A service of the schema that records its requests."""

    def __init__(self, credentials: grpc.ServerCredentials | None = None) -> None:
        self.metadata: list[tuple[str, Any]] = []
        self.calls = 0
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        kinds = {
            "Square": grpc.unary_unary_rpc_method_handler,
            "RangeSquare": grpc.unary_stream_rpc_method_handler,
            "SumSquare": grpc.stream_unary_rpc_method_handler,
            "StreamrangeSquare": grpc.stream_stream_rpc_method_handler,
        }
        handlers = {
            name: kind(
                getattr(self, name),
                request_deserializer=Message.FromString,
                response_serializer=Message.SerializeToString,
            )
            for name, kind in kinds.items()
        }
        generic = grpc.method_handlers_generic_handler(SERVICE, handlers)
        self.server.add_generic_rpc_handlers([generic])
        if credentials:
            port = self.server.add_secure_port("localhost:0", credentials)
        else:
            port = self.server.add_insecure_port("127.0.0.1:0")
        self.url = f"{'localhost' if credentials else '127.0.0.1'}:{port}"

    def _note(self, context: grpc.ServicerContext) -> None:
        self.calls += 1
        self.metadata = [*context.invocation_metadata()]

    def Square(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._note(context)
        return Message(Message=request.Message**2)

    def RangeSquare(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._note(context)
        return (Message(Message=x**2) for x in range(int(request.Message) + 1))

    def SumSquare(self, requests: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._note(context)
        return Message(Message=sum(request.Message**2 for request in requests))

    def StreamrangeSquare(self, requests: Any, context: Any) -> Any:  # noqa: N802
        self._note(context)
        return (Message(Message=request.Message**2) for request in requests)


@contextmanager
def peer(credentials: grpc.ServerCredentials | None = None) -> Iterator[Peer]:
    one = Peer(credentials)
    one.server.start()
    try:
        yield one
    finally:
        one.server.stop(0).wait()


CALLS: list[tuple[str, Any, Any]] = [
    ("square", 3.0, 9.0),
    ("range_square", 3.0, [0.0, 1.0, 4.0, 9.0]),
    ("sum_square", [1.0, 2.0, 3.0], 14.0),
    ("streamrange_square", [1.0, 2.0, 3.0], [1.0, 4.0, 9.0]),
]


@pytest.mark.parametrize(("name", "x", "answer"), CALLS)
def test_call(caller: Caller, name: str, x: Any, answer: Any) -> None:
    with peer() as one:
        assert caller.call(name, x, one.url, metadata=(("x-request-id", "7"),)) == answer
        assert ("x-request-id", "7") in one.metadata


def test_asyncio_requests_as_they_come(caller: Caller) -> None:
    async def slowly() -> Any:
        for x in (1.0, 2.0):
            await asyncio.sleep(0.01)
            yield x

    if caller.aio:
        with peer() as one:
            assert caller.call("sum_square", slowly(), one.url) == 5
            assert caller.call("streamrange_square", slowly(), one.url) == [1, 4]


@pytest.mark.parametrize("how", [{}, {"timeout": 0.1}], ids=["client's", "call's"])
def test_deadline(caller: Caller, how: dict[str, float]) -> None:
    """The client has a timeout for all calls, which a call can override."""
    never: queue.SimpleQueue[Any] = queue.SimpleQueue()

    async def aio_never() -> Any:
        yield await asyncio.get_running_loop().create_future()

    options = {"timeout": 30 if how else 0.1}
    with peer() as one:
        requests = aio_never() if caller.aio else iter(never.get, None)
        with pytest.raises(grpc.RpcError) as error:
            caller.call("sum_square", requests, one.url, options, **how)
    never.put(None)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_closed_client(caller: Caller) -> None:
    async def use() -> None:
        client = caller.module.Client("127.0.0.1:1")
        await client.close()
        await client.square(1)

    def use_sync() -> None:
        client = caller.module.Client("127.0.0.1:1")
        client.close()
        client.square(1)

    with pytest.raises((ValueError, grpc.aio.UsageError), match="closed"):
        asyncio.run(use()) if caller.aio else use_sync()


def test_channel_options(caller: Caller) -> None:
    options = {
        "options": {"grpc.max_send_message_length": 4},
        "compression": grpc.Compression.Gzip,
    }
    with peer() as one:
        with pytest.raises(grpc.RpcError) as error:
            caller.call("square", 3.0, one.url, options)
        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        del options["options"]
        assert caller.call("square", 3.0, one.url, options) == 9


def test_several_addresses(caller: Caller) -> None:
    """Addresses are called in turn. One that has stopped is skipped."""
    with peer() as one, peer() as two:
        url = f"{one.url}, {two.url}"
        _repeat(caller, url, lambda: bool(one.calls and two.calls))
        two.server.stop(0).wait()
        # Channels of one process share connections, and a call on one that the server closes
        # fails. This client has connections of its own.
        options = {"options": {"grpc.use_local_subchannel_pool": 1}}
        assert caller.call("square", 3.0, url, options) == 9


def _repeat(caller: Caller, url: str, enough: Callable[[], bool]) -> None:
    """Call with one client until all addresses have answered: they do not connect at once."""

    async def use() -> None:
        async with caller.module.Client(url) as client:
            for _ in range(500):
                assert await client.square(3.0) == 9
                if enough():
                    return

    if caller.aio:
        asyncio.run(use())
    else:
        with caller.module.Client(url) as client:
            for _ in range(500):
                assert client.square(3.0) == 9
                if enough():
                    break
    assert enough()


def test_name_to_look_up(caller: Caller) -> None:
    with peer() as one:
        port = one.url.rsplit(":", 1)[1]
        assert caller.call("square", 3.0, f"dns:localhost:{port}") == 9


@pytest.mark.parametrize("url", ["a:1,b:2", "127.0.0.1:1,[::1]:2", "127.0.0.1,127.0.0.2", ","])
def test_addresses_that_do_not_go_together(caller: Caller, url: str) -> None:
    with pytest.raises(ValueError, match="several addresses must be IP addresses"):
        caller.call("square", 3.0, url)


@pytest.mark.parametrize("mutual", [False, True], ids=["tls", "mutual tls"])
def test_tls(caller: Caller, tmp_path: Path, mutual: bool) -> None:
    authority = trustme.CA()
    ca, own = str(tmp_path / "ca.pem"), str(tmp_path / "own.pem")
    authority.cert_pem.write_to_path(ca)
    authority.issue_cert("client.test").private_key_and_cert_chain_pem.write_to_path(own)
    service = authority.issue_cert("localhost")
    chain = b"".join(certificate.bytes() for certificate in service.cert_chain_pems)
    credentials = grpc.ssl_server_credentials(
        [(service.private_key_pem.bytes(), chain)], authority.cert_pem.bytes(), mutual
    )
    tls = caller.module.tls
    with peer(credentials) as one:
        right = tls(ca, own, own) if mutual else tls(ca)
        assert caller.call("square", 3.0, one.url, {"credentials": right}) == 9
        wrong = tls(ca) if mutual else tls(own)
        with pytest.raises(grpc.RpcError) as error:
            caller.call("square", 3.0, one.url, {"credentials": wrong}, timeout=5)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
    with pytest.raises(FileNotFoundError):
        tls(str(tmp_path / "nowhere.pem"))


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.methods: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.methods.append(record.method)  # type: ignore[attr-defined]


def test_interceptors(place: Place, load: Callable[[Path], ModuleType], caller: Caller) -> None:
    """One interceptor instance is enough for all four kinds of calls, also with asyncio."""
    style = "aio" if caller.aio else "sync"
    timer = load(place(f"{style}_sdk_interceptor_source", "sdk/timer.py", source="timer"))
    lines = Lines()
    timer.logger.addHandler(lines)
    timer.logger.setLevel(logging.INFO)
    try:
        with peer() as one:
            for name, x, answer in CALLS:
                options = {"interceptors": [timer.Interceptor(one.url)]}
                assert caller.call(name, x, one.url, options) == answer
    finally:
        timer.logger.removeHandler(lines)
    names = ["Square", "RangeSquare", "SumSquare", "StreamrangeSquare"]
    assert lines.methods == [f"/{SERVICE}/{name}" for name in names]
