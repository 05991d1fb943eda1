"""The clients for server-sent events, ssecli and aiossecli, against a real aiohttp server."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import os
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Callable, NamedTuple, Protocol

import pytest
from aiohttp import web

from conftest import Certificates, Place

ENVIRONMENT = {**os.environ, "NO_PROXY": "*", "PYTHONUNBUFFERED": "1"}
STREAM = "text/event-stream"


class Done(NamedTuple):
    code: int | None
    output: str
    errors: str


class Run(Protocol):
    """Run the client with these arguments until it exits."""

    def __call__(self, *args: str) -> Awaitable[Done]: ...


class Reply(NamedTuple):
    """A response of the server: the chunks one by one, and then ``last``.

    ``last`` is "end" for a good end, "cut" for a broken connection, "hang" for silence.
    """

    chunks: Sequence[bytes] = ()
    last: str = "end"
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({"Content-Type": STREAM})
    pause: float = 0.02


class Request(NamedTuple):
    method: str
    headers: dict[str, str]
    body: bytes
    time: float


@dataclass
class Server:
    """A server that answers each request with the next reply, and then with 204."""

    replies: Iterator[Reply]
    url: str = ""
    requests: list[Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.title(): value for name, value in request.headers.items()}
        body = await request.read()
        self.requests.append(Request(request.method, headers, body, time.monotonic()))
        reply = next(self.replies, Reply(status=204, headers={}))
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        if reply.headers.get("Content-Encoding") == "gzip":
            response.enable_compression(web.ContentCoding.gzip)
        await response.prepare(request)
        for chunk in reply.chunks:
            await response.write(chunk)
            await asyncio.sleep(reply.pause)
        if reply.last == "hang":
            await asyncio.sleep(20)
        if reply.last == "cut":
            assert request.transport is not None
            request.transport.abort()
        return response

    @property
    def last_ids(self) -> list[str | None]:
        return [request.headers.get("Last-Event-Id") for request in self.requests]


class Serve(Protocol):
    """Start a server with these replies."""

    def __call__(self, *replies: Reply, tls: ssl.SSLContext | None = None) -> Awaitable[Server]: ...


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Servers that live as long as one test."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(*replies: Reply, tls: ssl.SSLContext | None = None) -> Server:
            server = Server(iter(replies))
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", server.answer)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
            server.url = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}/events"
            return server

        yield start


@pytest.fixture(scope="module", params=["ssecli", "aiossecli"])
def script(request: pytest.FixtureRequest, place: Place) -> Path:
    return place(request.param, f"{request.param}.py")


@pytest.fixture(scope="module")
def client(script: Path, load: Callable[[Path], ModuleType]) -> ModuleType:
    return load(script)


async def start(script: Path, *args: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        *args,
        env=ENVIRONMENT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.fixture
def run(script: Path) -> Run:
    async def run_script(*args: str) -> Done:
        process = await start(script, *args)
        output, errors = await asyncio.wait_for(process.communicate(), 30)
        assert b"Traceback" not in errors, errors.decode()
        return Done(process.returncode, output.decode(), errors.decode())

    return run_script


def test_style(script: Path, check_style: Callable[[Path], None]) -> None:
    check_style(script)


async def test_help_tells_the_exit_codes_in_both_languages(run: Run) -> None:
    assert "--timeout is over / 超时" in (await run("--help")).output


# Each row: the case, the chunks as they are sent, and the events that are printed.
STREAMS = [
    ("several lines", [b"data: a\ndata: b\n\n"], "data: a\ndata: b\n\n"),
    ("type and id", [b"id: 7\nevent: add\ndata: a\n\n"], "id: 7\nevent: add\ndata: a\n\n"),
    ("an id that stays", [b"id: 7\n\ndata: a\n\n"], "id: 7\ndata: a\n\n"),
    ("comments", [b": ping\n\n", b"data: a\n: x\n\n"], "data: a\n\n"),
    ("BOM in pieces", [b"\xef", b"\xbb", b"\xbfdata: a\n\n"], "data: a\n\n"),
    ("CRLF in pieces", [b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"], "data: a\ndata: b\n\n"),
    ("CR", [b"data: a\r", b"\rdata: b\r\r"], "data: a\n\ndata: b\n\n"),
    ("CR, then LF", [b"data: a\r", b"\n\n"], "data: a\n\n"),
    ("a character in pieces", [b"data: \xe4", b"\xbd", b"\xa0\n\n"], "data: 你\n\n"),
    ("broken UTF-8", [b"data: \xe4", b"a\n\n"], "data: \ufffda\n\n"),
    ("a field in pieces", [b"da", b"ta", b":", b" a", b"\n", b"\n"], "data: a\n\n"),
    ("an event cut short", [b"data: a\n\ndata: b\n"], "data: a\n\n"),
    ("many events", [b"data: a\n\n" * 2000], "data: a\n\n" * 2000),
    ("a large event", [b"data: ", *[b"x" * 500_000] * 4, b"\n\n"], f"data: {'x' * 2_000_000}\n\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("chunks", "expected"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS]
)
async def test_streams(
    client: ModuleType, serve: Serve, chunks: list[bytes], expected: str
) -> None:
    events = client.Client((await serve(Reply(chunks))).url).events()
    if isinstance(events, AsyncIterator):
        received = [event async for event in events]
    else:
        received = await asyncio.to_thread(list, events)
    assert "".join(client.render(event, as_json=False) + "\n" for event in received) == expected


async def test_printing(run: Run, serve: Serve) -> None:
    event = "id: ü\nevent: add\ndata: a\ndata: 你\n\n"
    server = await serve(*[Reply([event.encode(), b"data\n\n"])] * 2)
    text = await run(server.url)
    assert text.output == event + "id: ü\ndata: \n\n"
    lines = await run(server.url, "--json-lines")
    assert lines.output.splitlines() == [
        '{"event": "add", "data": "a\\n你", "id": "ü"}',
        '{"event": "message", "data": "", "id": "ü"}',
    ]


async def test_a_compressed_stream(run: Run, serve: Serve) -> None:
    headers = {"Content-Type": STREAM, "Content-Encoding": "gzip"}
    done = await run((await serve(Reply([b"data: a\n\n"], headers=headers))).url)
    assert (done.code, done.output) == (0, "data: a\n\n"), done.errors


EVENT = b"data: a\n\n"
# Each row: the case, the replies, the arguments, the exit code, and the message.
ENDINGS = [
    ("the end", [Reply([EVENT])], [], 0, "the stream ended after 1 events"),
    ("the end, asked for quiet", [Reply([EVENT])], ["--quiet"], 0, ""),
    ("count reached", [Reply([EVENT] * 3, "hang")], ["--count=2"], 0, "connected"),
    ("count not reached", [Reply([EVENT])], ["--count=2"], 4, "ended after 1 of 2 events"),
    ("204", [], [], 0, "the stream ended after 0 events"),
    ("204, but a count", [], ["--count=1"], 4, "ended after 0 of 1 events"),
    ("cut", [Reply([EVENT], "cut")], [], 1, "error: connection lost"),
    ("201", [Reply([EVENT], status=201)], [], 4, "error: the server answered 201 Created"),
    ("404", [Reply(status=404)], ["--reconnect=9"], 4, "the server answered 404 Not Found"),
    ("500", [Reply(status=500)], [], 4, "the server answered 500 Internal Server Error"),
    ("500 twice", [Reply(status=500)] * 2, ["--reconnect=1"], 4, "the server answered 500"),
    ("HTML", [Reply(headers={"Content-Type": "text/html"})], ["--reconnect=9"], 4,
     "content of type 'text/html', not text/event-stream"),
    ("a type that only begins so", [Reply(headers={"Content-Type": STREAM + "x"})], [], 4,
     "content of type 'text/event-streamx'"),
    ("parameters", [Reply(headers={"Content-Type": "TEXT/Event-Stream;charset=x"})], [], 0, ""),
    ("time is up", [Reply([EVENT], "hang")], ["--timeout=1"], 3, "time is up after 1 events"),
    ("silence", [Reply([EVENT], "hang")], ["--idle-timeout=0.5"], 1, "error: connection lost"),
    ("comments break the silence", [Reply([b":\n"] * 6, pause=0.2)], ["--idle-timeout=0.7"], 0, ""),
    ("no use to ask elsewhere", [Reply(status=302, headers={"Location": "ftp://x/"})], [], 4,
     "error: cannot request it"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("replies", "args", "code", "message"),
    [row[1:] for row in ENDINGS],
    ids=[row[0] for row in ENDINGS],
)
async def test_exit_codes(
    run: Run, serve: Serve, replies: list[Reply], args: list[str], code: int, message: str
) -> None:
    server = await serve(*replies)
    done = await run(server.url, *args)
    assert done.code == code, done.errors
    assert message in done.errors
    assert done.output in ("", "data: a\n\n", "data: a\n\n" * 2)
    assert len(server.requests) == max(1, len(replies))
    if "--quiet" in args:
        assert done.errors == ""


ADDRESS = "http://127.0.0.1:9"
MISTAKES = [
    ([], "the following arguments are required: url"),
    (["ws://127.0.0.1"], "is not http[s]://host[:port][/path]"),
    (["http://"], "is not http[s]://host[:port][/path]"),
    (["http://127.0.0.1:x"], "invalid address value"),
    ([ADDRESS, "--count=0"], "invalid positive value"),
    ([ADDRESS, "--reconnect=-1"], "invalid natural value"),
    ([ADDRESS, "--timeout=0"], "invalid seconds value"),
    ([ADDRESS, "--idle-timeout=inf"], "invalid seconds value"),
    ([ADDRESS, "--header=token"], "is not of the form 'Name: value'"),
    ([ADDRESS, "--header=X-A: b\r\nX-C: d"], "cannot be set to"),
    ([ADDRESS, "--json={"], "argument --json"),
    ([ADDRESS, "--json={}", "--data=a"], "not allowed with argument"),
    ([ADDRESS, "--insecure"], "TLS options need an address that starts with https://"),
    (["https://127.0.0.1", "--key=k.pem"], "--key needs --cert"),
    (["https://127.0.0.1", "--cacert=/no/such.pem"], "No such file"),
]


@pytest.mark.parametrize(("args", "message"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_mistakes(
    client: ModuleType, capsys: pytest.CaptureFixture[str], args: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as left:
        client.main(args)
    assert left.value.code == 2
    assert message in capsys.readouterr().err


async def test_the_request(run: Run, serve: Serve) -> None:
    server = await serve()
    url = server.url.replace("://", "://me:p%40ss@")
    done = await run(url, "--header", "X-Token: a: b", "--header=user-agent: me")
    [request] = server.requests
    assert request.headers["Authorization"] == "Basic bWU6cEBzcw=="
    assert "p%40ss" not in done.errors
    assert (request.method, request.body) == ("GET", b"")
    assert request.headers["Accept"] == STREAM
    assert request.headers["Cache-Control"] == "no-store"
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["X-Token"] == "a: b"
    assert request.headers["User-Agent"] == "me"
    assert "Last-Event-Id" not in request.headers


BODIES = [
    (["--json", '{"a": "ü"}'], "POST", b'{"a": "\xc3\xbc"}', "application/json"),
    (["--data", "a=ü"], "POST", b"a=\xc3\xbc", "application/x-www-form-urlencoded"),
    (["--json={}", "--method=PUT"], "PUT", b"{}", "application/json"),
    (["--json={}", "--header=content-type: a/b"], "POST", b"{}", "a/b"),
]


@pytest.mark.parametrize(("args", "method", "body", "kind"), BODIES, ids=lambda v: str(v)[:30])
async def test_bodies(
    run: Run, serve: Serve, args: list[str], method: str, body: bytes, kind: str
) -> None:
    server = await serve(Reply([b"retry: 10\n\n", EVENT]), Reply([EVENT]))
    done = await run(server.url, *args, "--reconnect=1")
    assert (done.code, done.output) == (0, "data: a\n\n" * 2), done.errors
    for request in server.requests:
        assert (request.method, request.body) == (method, body)
        assert request.headers["Content-Type"] == kind


async def test_a_redirect_keeps_the_body(run: Run, serve: Serve) -> None:
    server = await serve(Reply(status=307, headers={"Location": "/other"}), Reply([EVENT]))
    done = await run(server.url, "--json={}")
    assert (done.code, done.output) == (0, "data: a\n\n"), done.errors
    assert [(request.method, request.body) for request in server.requests] == [("POST", b"{}")] * 2


async def test_comes_back_with_the_last_id_after_the_servers_delay(run: Run, serve: Serve) -> None:
    server = await serve(
        Reply([b"retry: 400\n", b"id: 1\ndata: a\n\n"]),
        Reply([b"id: 2\ndata: b\n\nid: 3\ndata: never"], "cut"),
        Reply([b"id: \xc3\xbc \ndata: c\n\n"]),
        Reply([b"id\ndata: d\n\n"]),
    )
    done = await run(server.url, "--reconnect=1")
    assert done.code == 0, done.errors
    assert done.output == "id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: ü \ndata: c\n\ndata: d\n\n"
    assert server.last_ids == [None, "1", "2", "ü", None]
    times = [request.time for request in server.requests]
    for before, after in zip(times, times[1:]):
        assert 0.4 <= after - before < 3


async def test_begins_after_an_event(run: Run, serve: Serve) -> None:
    server = await serve(Reply([b"retry: 10\n\n"]))
    await run(server.url, "--last-event-id= é7", "--reconnect=1")
    assert server.last_ids == ["é7", "é7"]


async def test_an_error_does_not_forget_the_last_id(run: Run, serve: Serve) -> None:
    server = await serve(
        Reply([b"retry: 10\nid: 1\ndata: a\n\n"]), Reply(status=503), Reply(status=500)
    )
    done = await run(server.url, "--reconnect=3")
    assert done.code == 0, done.errors
    assert server.last_ids == [None, "1", "1", "1"]


async def test_gives_up_after_so_many_streams_without_events(run: Run, serve: Serve) -> None:
    server = await serve(*[Reply([b"retry: 100\n:\n\n"])] * 9)
    done = await run(server.url, "--reconnect=2")
    assert done.code == 0, done.errors
    times = [request.time for request in server.requests]
    assert len(times) == 3
    assert 0.1 <= times[1] - times[0] < 2
    assert 0.2 <= times[2] - times[1] < 2  # twice the server's delay


async def test_silence_leads_to_another_connection(run: Run, serve: Serve) -> None:
    server = await serve(Reply([b"retry: 10\nid: 1\ndata: a\n\n"], "hang"))
    done = await run(server.url, "--idle-timeout=0.4", "--reconnect=1")
    assert (done.code, done.output) == (0, "id: 1\ndata: a\n\n"), done.errors
    assert server.last_ids == [None, "1"]


async def test_nobody_listens(run: Run) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))  # bound, but not listening
        done = await run(f"http://127.0.0.1:{sock.getsockname()[1]}")
    assert done.code == 1
    assert "error: cannot connect" in done.errors


async def test_a_server_that_never_answers(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        started = time.monotonic()
        done = await run(f"http://127.0.0.1:{sock.getsockname()[1]}", "--timeout=0.7")
    assert done.code == 3, done.errors
    assert time.monotonic() - started < 5


class OldServer(http.server.BaseHTTPRequestHandler):
    """A server of HTTP/1.0, without chunks and without a length."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", STREAM)
        self.end_headers()
        self.wfile.write(EVENT)
        threading.Event().wait(3)

    def log_message(self, *_: object) -> None:
        pass


async def test_events_of_an_old_server_come_at_once(run: Run) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), OldServer) as server:
        threading.Thread(target=server.serve_forever).start()
        started = time.monotonic()
        done = await run(f"http://127.0.0.1:{server.server_port}/", "--count=1")
        passed = time.monotonic() - started
        server.shutdown()
    assert (done.code, done.output) == (0, "data: a\n\n"), done.errors
    assert passed < 3


@pytest.mark.parametrize("args", [[], ["--reconnect=9"]], ids=["receiving", "waiting"])
async def test_interrupt(script: Path, serve: Serve, args: list[str]) -> None:
    server = await serve(Reply([b"retry: 60000\ndata: a\n\n"], "cut" if args else "hang"))
    client = await start(script, server.url, *args)
    assert client.stdout is not None
    assert client.stderr is not None
    assert await client.stdout.readline() == b"data: a\n"
    while args and b"reconnecting" not in await client.stderr.readline():
        pass
    client.send_signal(signal.SIGINT)
    _, errors = await asyncio.wait_for(client.communicate(), 10)
    assert client.returncode == 130
    assert b"Traceback" not in errors


async def test_a_reader_that_has_seen_enough(script: Path, serve: Serve) -> None:
    server = await serve(Reply([EVENT * 1000] * 300, pause=0.01))
    shell = await asyncio.create_subprocess_shell(
        f"{sys.executable} {script} {server.url} --quiet | head -n 1; exit ${{PIPESTATUS[0]}}",
        executable="/bin/bash",
        env=ENVIRONMENT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(shell.communicate(), 20)
    assert (shell.returncode, output, errors) == (0, b"data: a\n", b"")


TLS = [
    ("trusted", False, ["--cacert={ca}"], 0),
    ("not trusted, and no use to try again", False, ["--reconnect=9"], 1),
    ("another authority", False, ["--cacert={stranger}"], 1),
    ("insecure", False, ["--insecure"], 0),
    ("mutual", True, ["--cacert={ca}", "--cert={cert}", "--key={key}"], 0),
    ("mutual, but no certificate", True, ["--cacert={ca}"], 1),
]


@pytest.mark.parametrize(
    ("mutual", "args", "code"), [row[1:] for row in TLS], ids=[row[0] for row in TLS]
)
async def test_tls(
    run: Run,
    serve: Serve,
    certificates: Certificates,
    mutual: bool,
    args: list[str],
    code: int,
) -> None:
    server = await serve(Reply([EVENT]), tls=certificates.server("127.0.0.1", mutual=mutual))
    done = await run(server.url, *(arg.format(**vars(certificates)) for arg in args))
    assert done.code == code, done.errors
    assert done.output == ("" if code else "data: a\n\n")
    assert "reconnecting" not in done.errors
    assert "Warning" not in done.errors


@pytest.mark.parametrize("script", ["ssecli"], indirect=True)
async def test_as_a_module(client: ModuleType, serve: Serve) -> None:
    server = await serve(Reply([b"retry: 10\nid: 1\nevent: add\ndata: a\n\n"]), Reply(status=404))

    def use() -> None:
        source = client.Client(server.url, reconnect=1)
        events = source.events()
        assert next(events) == client.Event("add", "a", "1")
        with pytest.raises(client.Ended, match="404"):
            next(events)
        assert (source.last_event_id, source.retry) == ("1", 0.01)
        assert list(client.Client(server.url).events()) == []

    await asyncio.to_thread(use)


@pytest.mark.parametrize("script", ["aiossecli"], indirect=True)
async def test_as_a_module_for_asyncio(client: ModuleType, serve: Serve) -> None:
    server = await serve(Reply([b"retry: 10\nid: 1\nevent: add\ndata: a\n\n"]), Reply(status=404))
    source = client.Client(server.url, reconnect=1)
    events = source.events()
    assert await events.__anext__() == client.Event("add", "a", "1")
    with pytest.raises(client.Ended, match="404"):
        await events.__anext__()
    assert (source.last_event_id, source.retry) == ("1", 0.01)
    assert [event async for event in client.Client(server.url).events()] == []
