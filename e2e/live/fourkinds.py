"""A service of raw bytes whose calls end in every way, and callers that record every result.

The service answers in three ways (threads, asyncio with ``yield``, asyncio with ``context.write``)
and is called in three ways (threads, asyncio with iterators, asyncio with ``call.write``).
A request ``ok`` is answered, any other one ends the call in the way that it names.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent import futures
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable

import grpc
import grpc.aio

KINDS = ["unary_unary", "unary_stream", "stream_unary", "stream_stream"]
ENDS = ["ok", "abort", "raise", "cancel", "hang"]  # hang exceeds the caller's deadline
PAUSE = 0.01  # seconds that a response takes
DEADLINE = 0.5  # long enough for a call to arrive on a busy machine
ASK = (("ask", "what"),)

Metadata = tuple[tuple[str, "str | bytes"], ...]


class Ways:
    """Base of the handlers. ``hanging`` tells the caller that it can cancel."""

    def __init__(self) -> None:
        self.hanging = threading.Event()

    def metadata(self, context: Any) -> Metadata:
        asked = dict(context.invocation_metadata())["ask"]
        return (("answer", asked), ("answer-bin", b"\x00\xff"))


class SyncWays(Ways):
    def _open(self, context: grpc.ServicerContext) -> None:
        context.send_initial_metadata(self.metadata(context))
        context.set_trailing_metadata(self.metadata(context))

    def _answer(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        if request == b"abort":
            context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
        if request == b"raise":
            raise ValueError("no such value")
        if request in {b"hang", b"cancel"}:
            self.hanging.set()
            while context.is_active():
                time.sleep(0.002)
        time.sleep(PAUSE)
        return b"re:" + request

    def unary_unary(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self._open(context)
        return self._answer(request, context)

    def unary_stream(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        self._open(context)
        for message in (b"ok", b"ok", request):
            yield self._answer(message, context)

    def stream_unary(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        self._open(context)
        return b"".join([self._answer(request, context) for request in requests])

    def stream_stream(
        self, requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        self._open(context)
        for request in requests:
            yield self._answer(request, context)


class AioWays(Ways):
    async def _open(self, context: Any) -> None:
        await context.send_initial_metadata(self.metadata(context))
        context.set_trailing_metadata(self.metadata(context))

    async def _answer(self, request: bytes, context: Any) -> bytes:
        if request == b"abort":
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")
        if request == b"raise":
            raise ValueError("no such value")
        if request in {b"hang", b"cancel"}:
            self.hanging.set()
            await asyncio.sleep(60)
        await asyncio.sleep(PAUSE)
        return b"re:" + request

    async def unary_unary(self, request: bytes, context: Any) -> bytes:
        await self._open(context)
        return await self._answer(request, context)

    async def unary_stream(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        await self._open(context)
        for message in (b"ok", b"ok", request):
            yield await self._answer(message, context)

    async def stream_unary(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        await self._open(context)
        return b"".join([await self._answer(request, context) async for request in requests])

    async def stream_stream(
        self, requests: AsyncIterator[bytes], context: Any
    ) -> AsyncIterator[bytes]:
        await self._open(context)
        async for request in requests:
            yield await self._answer(request, context)


class AioWriteWays(AioWays):
    async def unary_stream(self, request: bytes, context: Any) -> None:  # type: ignore[override]
        await self._open(context)
        for message in (b"ok", b"ok", request):
            await context.write(await self._answer(message, context))

    async def stream_unary(self, _: Any, context: Any) -> bytes:
        await self._open(context)
        answers = []
        while (request := await context.read()) is not grpc.aio.EOF:
            answers.append(await self._answer(request, context))
        return b"".join(answers)

    async def stream_stream(self, _: Any, context: Any) -> None:  # type: ignore[override]
        await self._open(context)
        while (request := await context.read()) is not grpc.aio.EOF:
            await context.write(await self._answer(request, context))


def handler(ways: object, **codecs: Callable[[Any], Any]) -> grpc.GenericRpcHandler:
    """The methods ``/t.T/KIND``. codecs are the serializers; bytes need none."""
    methods = {
        kind: getattr(grpc, f"{kind}_rpc_method_handler")(getattr(ways, kind), **codecs)
        for kind in KINDS
    }
    return grpc.method_handlers_generic_handler("t.T", methods)


@contextmanager
def serve_sync(handler: grpc.GenericRpcHandler, *interceptors: Any) -> Iterator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(8), [handler], list(interceptors))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


@contextmanager
def serve_aio(handler: grpc.GenericRpcHandler, *interceptors: Any) -> Iterator[str]:
    """Run the server in a thread with its own event loop."""
    started: futures.Future[tuple[str, Callable[[], object]]] = futures.Future()

    async def run() -> None:
        server = grpc.aio.server(handlers=[handler], interceptors=list(interceptors))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        started.set_result((f"127.0.0.1:{port}", partial(loop.call_soon_threadsafe, stop.set)))
        await stop.wait()
        await server.stop(0)

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    address, stop = started.result(10)
    try:
        yield address
    finally:
        stop()
        thread.join()


@dataclass(frozen=True)
class Outcome:
    """Everything that a caller sees of a call."""

    code: grpc.StatusCode
    details: str
    responses: list[bytes]
    initial: list[Any]
    trailing: list[Any]

    def __post_init__(self) -> None:
        if self.code is grpc.StatusCode.DEADLINE_EXCEEDED:  # the wording varies
            object.__setattr__(self, "details", "")


def method(channel: Any, kind: str, name: str = "") -> Any:
    return getattr(channel, kind)(f"/t.T/{name or kind}")


def requests_of(kind: str, end: str) -> list[bytes]:
    return [end.encode()] if kind.startswith("unary") else [b"ok", b"ok", end.encode()]


def call_sync(channel: grpc.Channel, ways: Ways, kind: str, end: str) -> Outcome:
    messages = requests_of(kind, end)
    request = messages[0] if kind.startswith("unary") else iter(messages)
    options = {"metadata": ASK, "timeout": DEADLINE if end == "hang" else 30}
    responses: list[bytes] = []
    call: Any
    try:
        if kind.endswith("stream"):
            call = method(channel, kind)(request, **options)
            if end == "cancel":
                responses += [next(call), next(call)]
                ways.hanging.wait(10)
                call.cancel()
            responses.extend(call)
        elif end == "cancel":
            call = method(channel, kind).future(request, **options)
            ways.hanging.wait(10)
            call.cancel()
        else:
            response, call = method(channel, kind).with_call(request, **options)
            responses.append(response)
    except grpc.RpcError as error:
        call = error
    return Outcome(
        call.code(),
        call.details(),
        responses,
        list(call.initial_metadata() or ()),
        list(call.trailing_metadata() or ()),
    )


async def responses_of(call: Any, kind: str, write: bool) -> AsyncIterator[bytes]:
    if not kind.endswith("stream"):
        yield await call
    elif write:
        while (response := await call.read()) is not grpc.aio.EOF:
            yield response
    else:
        async for response in call:
            yield response


async def call_aio(
    channel: grpc.aio.Channel, ways: Ways, kind: str, end: str, write: bool
) -> Outcome:
    messages = requests_of(kind, end)
    iterate = iter(messages) if not write else None
    call = method(channel, kind)(
        messages[0] if kind.startswith("unary") else iterate,
        metadata=ASK,
        timeout=DEADLINE if end == "hang" else 30,
    )
    before_cancel = 0 if end != "cancel" else 2 if kind.endswith("stream") else -1
    responses: list[bytes] = []
    with suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
        if write and kind.startswith("stream"):
            for message in messages:
                await call.write(message)
            await call.done_writing()
        if before_cancel < 0:
            await asyncio.to_thread(ways.hanging.wait, 10)
            call.cancel()
        async for response in responses_of(call, kind, write):
            responses.append(response)
            if len(responses) == before_cancel:
                await asyncio.to_thread(ways.hanging.wait, 10)
                call.cancel()
    return Outcome(
        await call.code(),
        await call.details(),
        responses,
        list(await call.initial_metadata() or ()),
        list(await call.trailing_metadata() or ()),
    )


Caller = Callable[[Ways, str, str], Outcome]


def caller_sync(address: str, *interceptors: Any) -> Caller:
    def call(ways: Ways, kind: str, end: str) -> Outcome:
        with grpc.insecure_channel(address) as channel:
            return call_sync(grpc.intercept_channel(channel, *interceptors), ways, kind, end)

    return call


def caller_aio(address: str, *interceptors: Any, write: bool = False) -> Caller:
    async def run(ways: Ways, kind: str, end: str) -> Outcome:
        each = [one for interceptor in interceptors for one in interceptor]
        async with grpc.aio.insecure_channel(address, interceptors=each) as channel:
            return await call_aio(channel, ways, kind, end, write)

    return lambda ways, kind, end: asyncio.run(run(ways, kind, end))
