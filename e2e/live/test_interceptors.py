"""The interceptors in all eight variants: they time every kind of call and do not change it."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from conftest import Place
from fourkinds import (
    ASK,
    DEADLINE,
    ENDS,
    KINDS,
    PAUSE,
    AioWays,
    AioWriteWays,
    Caller,
    Outcome,
    SyncWays,
    Ways,
    caller_aio,
    caller_sync,
    handler,
    method,
    serve_aio,
    serve_sync,
)

Timer = Callable[[str], ModuleType]
PLACES = [
    f"{style}_{side}_interceptor{one}"
    for style in ("sync", "aio")
    for side in ("serv", "sdk")
    for one in ("", "_source")
]


def put(place: Place, component: str, source: str = "timer") -> Path:
    """Place a component where the pack's README places it, and return the interceptor's file."""
    folder = "demo/sdk/interceptor" if "_sdk_" in component else "demo/interceptor"
    if component.endswith("_source"):
        return place(component, f"{folder}/{source}.py", source=source)
    return place(component, folder, source=source) / f"{source}.py"


@pytest.fixture(scope="session")
def timer(place: Place, load: Callable[[Path], ModuleType]) -> Timer:
    """Return the module of the interceptor of a component."""
    return cache(lambda component: load(put(place, component)))


class Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def many(self, count: int) -> list[dict[str, str]]:
        """Return the fields of the log lines. There must be exactly ``count`` lines."""
        end = time.monotonic() + 10
        while len(self.records) < count and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(0.01)  # for a line too many
        assert len(self.records) == count, [record.getMessage() for record in self.records]
        records, self.records = self.records, []
        return [
            dict(field.split("=", 1) for field in record.getMessage().split(" "))
            for record in records
        ]

    def one(self) -> dict[str, str]:
        return self.many(1)[0]


@pytest.fixture
def log() -> Iterator[Log]:
    handler = Log()
    logger = logging.getLogger("timer")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)


# --- every variant, every kind, every end

CODES = {
    "ok": "OK",
    "abort": "NOT_FOUND",
    "raise": "UNKNOWN",
    "cancel": "CANCELLED",
    "hang": "DEADLINE_EXCEEDED",
}
SERVICES: dict[str, tuple[Any, Callable[[], Ways]]] = {
    "sync": (serve_sync, SyncWays),
    "aio": (serve_aio, AioWays),
    "aio_source": (serve_aio, AioWriteWays),
}
CALLERS: dict[str, Callable[..., Caller]] = {
    "sync": caller_sync,
    "aio": caller_aio,
    "aio_source": partial(caller_aio, write=True),
}


def style_of(component: str) -> str:
    style = component.split("_", 1)[0]
    return "aio_source" if style == "aio" and component.endswith("_source") else style


@cache
def unwatched(service: str, caller: str, kind: str, end: str) -> Outcome:
    """Return the outcome of the same call without an interceptor."""
    serve, ways = SERVICES[service][0], SERVICES[service][1]()
    with serve(handler(ways)) as address:
        return CALLERS[caller](address)(ways, kind, end)


def check(fields: dict[str, str], kind: str, end: str, asking: str, answering: str) -> None:
    """Check the log line of a call. asking and answering name the counts of its directions."""
    requests = 1 if kind.startswith("unary") else 3
    responses = (3 if end == "ok" else 2) if kind.endswith("stream") else int(end == "ok")
    assert fields["method"] == f"/t.T/{kind}"
    assert fields["code"] == CODES[end]
    assert (fields[asking], fields[answering]) == (str(requests), str(responses))
    least = max(requests, responses) * PAUSE if end == "ok" else 0
    # The clock of a service starts when the call arrives, which may be late.
    if end == "hang" and asking == "sent":
        least = DEADLINE - 0.05
    assert float(fields["milliseconds"]) >= least * 1000


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("component", [name for name in PLACES if "_serv_" in name])
def test_server(timer: Timer, log: Log, component: str, kind: str, end: str) -> None:
    style = style_of(component)
    serve, ways = SERVICES[style][0], SERVICES[style][1]()
    expected = unwatched(style, "sync", kind, end)
    assert expected.code.name == CODES[end]
    with serve(handler(ways), timer(component).Interceptor()) as address:
        assert caller_sync(address)(ways, kind, end) == expected
        fields = log.one()
    assert fields["peer"].startswith("ipv4:127.0.0.1:")
    if end == "hang" and fields["code"] == "CANCELLED":  # the caller gave up first
        fields["code"] = "DEADLINE_EXCEEDED"
    check(fields, kind, end, "received", "sent")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("component", [name for name in PLACES if "_sdk_" in name])
def test_client(timer: Timer, log: Log, component: str, kind: str, end: str) -> None:
    style, ways = style_of(component), SyncWays()
    expected = unwatched("sync", style, kind, end)
    assert expected.code.name == CODES[end]
    with serve_sync(handler(ways)) as address:
        interceptor = timer(component).Interceptor(address)
        assert CALLERS[style](address, interceptor)(ways, kind, end) == expected
        fields = log.one()
    assert fields["peer"] == address
    check(fields, kind, end, "sent", "received")


# --- the files


@pytest.mark.parametrize("component", PLACES)
def test_names(timer: Timer, component: str) -> None:
    assert timer(component).Interceptor is timer(component).TimerInterceptor


@pytest.mark.parametrize("component", PLACES[::2])
def test_style(place: Place, check_style: Callable[[Path], None], component: str) -> None:
    check_style(put(place, component).parent)


def test_source_is_the_file_of_the_folder(place: Place) -> None:
    for component in PLACES[::2]:
        assert put(place, component).read_text() == put(place, f"{component}_source").read_text()


def test_name_of_two_words(place: Place, load: Callable[[Path], ModuleType]) -> None:
    module = load(put(place, "sync_serv_interceptor", "my_timer"))
    assert module.Interceptor is module.My_timerInterceptor


@pytest.mark.parametrize("source", ["my-timer", "2fast", "ö", "a.b", ""])
def test_name_that_is_none(place: Place, source: str) -> None:
    with pytest.raises(AssertionError, match="source"):
        put(place, "sync_serv_interceptor_source", source)


# --- unusual calls

SERVERS = [("sync_serv_interceptor", serve_sync), ("aio_serv_interceptor", serve_aio)]
both_servers = pytest.mark.parametrize(("component", "serve"), SERVERS, ids=["sync", "aio"])


def failing(_: Any) -> bytes:
    raise ValueError("no such shape")


def call(address: str, kind: str, request: Any) -> grpc.StatusCode:
    with grpc.insecure_channel(address) as channel:
        answer = method(channel, kind)
        try:
            if kind.endswith("stream"):
                list(answer(request, metadata=ASK))
            else:
                answer(request, metadata=ASK)
        except grpc.RpcError as error:
            return error.code()
    return grpc.StatusCode.OK


@both_servers
def test_no_such_method(timer: Timer, component: str, serve: Any) -> None:
    ways = SyncWays() if serve is serve_sync else AioWays()
    with (
        serve(handler(ways), timer(component).Interceptor()) as address,
        grpc.insecure_channel(address) as channel,
        pytest.raises(grpc.RpcError) as error,
    ):
        method(channel, "unary_unary", "nothing")(b"")
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


@both_servers
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("codec", ["request_deserializer", "response_serializer"])
def test_message_that_cannot_be_coded(
    timer: Timer, log: Log, component: str, serve: Any, kind: str, codec: str
) -> None:
    ways = SyncWays() if serve is serve_sync else AioWays()
    request: Any = b"ok" if kind.startswith("unary") else iter([b"ok"])
    with serve(handler(ways, **{codec: failing}), timer(component).Interceptor()) as address:
        code = call(address, kind, request)
        if codec == "request_deserializer" and kind.startswith("unary"):
            assert log.records == []  # the call did not reach a handler
        else:
            assert log.one()["code"] == code.name
    assert code in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}


def test_handler_that_answers_by_callback(timer: Timer, log: Log) -> None:
    """Watch of the health service takes no thread, so one thread is enough for two calls."""
    interceptor = timer("sync_serv_interceptor").Interceptor()
    server = grpc.server(futures.ThreadPoolExecutor(1), interceptors=[interceptor])
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        assert stub.Check(health_pb2.HealthCheckRequest(), timeout=5).status
        assert log.one()["method"] == "/grpc.health.v1.Health/Check"
        servicer.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()
        fields = log.one()
    server.stop(0).wait()
    assert (fields["code"], fields["received"], fields["sent"]) == ("CANCELLED", "1", "2")


def test_threaded_handler_on_asyncio_is_left_alone(timer: Timer, log: Log) -> None:
    class Threaded(AioWays):
        def unary_unary(self, request: bytes, _: Any) -> bytes:  # type: ignore[override]
            return request

    interceptor = timer("aio_serv_interceptor").Interceptor()
    with serve_aio(handler(Threaded()), interceptor) as address:
        assert call(address, "unary_unary", b"ok") is grpc.StatusCode.OK
    assert log.records == []


class Flood:
    """Streams of messages without a pause."""

    def __init__(self) -> None:
        self.left = threading.Event()

    def unary_unary(self, request: bytes, _: Any) -> bytes:
        return request

    def unary_stream(self, _: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        context.add_callback(self.left.set)
        for _number in range(2000):
            yield bytes(1000)  # more than the buffers hold while the caller does not read

    def stream_unary(self, requests: Iterator[bytes], _: Any) -> bytes:
        return b"%d" % len(list(requests))

    def stream_stream(self, requests: Iterator[bytes], _: Any) -> Iterator[bytes]:
        return requests


@pytest.mark.parametrize("rest", [1999, 0], ids=["all", "all but the end"])
def test_caller_that_takes_its_time(timer: Timer, log: Log, rest: int) -> None:
    """Every message is counted, even when the caller stops reading after the last one."""
    with (
        serve_sync(handler(Flood())) as address,
        grpc.insecure_channel(address) as channel,
    ):
        interceptor = timer("sync_sdk_interceptor").Interceptor(address)
        watched = grpc.intercept_channel(channel, interceptor)
        responses = method(watched, "unary_stream")(b"")
        next(responses)
        time.sleep(0.1)
        assert log.records == []
        for _ in range(1999):
            next(responses)
        if rest:
            assert list(responses) == []
        fields = log.one()
    assert (fields["code"], fields["received"]) == ("OK", "2000")
    assert float(fields["milliseconds"]) >= 100


@pytest.mark.parametrize("rest", [1999, 0], ids=["all", "all but the end"])
async def test_asyncio_caller_that_takes_its_time(timer: Timer, log: Log, rest: int) -> None:
    with serve_sync(handler(Flood())) as address:
        interceptors = [*timer("aio_sdk_interceptor").Interceptor(address)]
        async with grpc.aio.insecure_channel(address, interceptors=interceptors) as channel:
            responses = method(channel, "unary_stream")(b"").__aiter__()
            await responses.__anext__()
            await asyncio.sleep(0.1)
            assert log.records == []
            for _ in range(1999):
                await responses.__anext__()
            if rest:
                assert [response async for response in responses] == []
            await asyncio.sleep(0.1)
            fields = log.one()
    assert (fields["code"], fields["received"]) == ("OK", "2000")
    assert float(fields["milliseconds"]) >= 100


def test_caller_that_drops_a_stream(timer: Timer, log: Log) -> None:
    """A stream without references is cancelled, as it is without an interceptor."""
    flood = Flood()
    with (
        serve_sync(handler(flood)) as address,
        grpc.insecure_channel(address) as channel,
    ):
        interceptor = timer("sync_sdk_interceptor").Interceptor(address)
        watched = grpc.intercept_channel(channel, interceptor)
        responses = method(watched, "unary_stream")(b"")
        next(responses)
        del responses
        gc.collect()
        assert flood.left.wait(10)
        fields = log.one()
    assert (fields["code"], fields["received"]) == ("CANCELLED", "1")


async def test_asyncio_caller_that_fails_before_the_call(timer: Timer, log: Log) -> None:
    """An exception of another interceptor is passed on, and the call is timed."""

    class Refusing(grpc.aio.UnaryUnaryClientInterceptor):
        async def intercept_unary_unary(self, *_: Any) -> Any:
            raise grpc.aio.AioRpcError(
                grpc.StatusCode.UNAUTHENTICATED, grpc.aio.Metadata(), grpc.aio.Metadata()
            )

    interceptors = [*timer("aio_sdk_interceptor").Interceptor(), Refusing()]
    async with grpc.aio.insecure_channel("127.0.0.1:1", interceptors=interceptors) as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await method(channel, "unary_unary")(b"")
    fields = log.one()
    assert (fields["code"], fields["peer"]) == ("UNAUTHENTICATED", "-")


@both_servers
def test_many_calls_at_once(timer: Timer, log: Log, component: str, serve: Any) -> None:
    """With two interceptors on each side, no log line is lost or mixed up."""
    ways = SyncWays() if serve is serve_sync else AioWays()
    server, client = timer(component).Interceptor, timer("sync_sdk_interceptor").Interceptor
    with (
        serve(handler(ways), server(), server()) as address,
        grpc.insecure_channel(address) as channel,
        futures.ThreadPoolExecutor(16) as callers,
    ):
        watched = grpc.intercept_channel(channel, client(address), client(address))
        call = method(watched, "stream_stream")
        counts = [number % 5 for number in range(100)]

        def stream(count: int) -> int:
            return len(list(call(iter([b"ok"] * count), metadata=ASK)))

        assert list(callers.map(stream, counts)) == counts
        lines = log.many(4 * len(counts))
    seen = sorted(int(line["sent"]) for line in lines)
    assert seen == sorted(count for count in counts for _ in range(4))
    assert all(line["sent"] == line["received"] for line in lines)
