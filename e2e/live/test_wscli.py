"""The WebSocket clients wscli and aiowscli, as scripts and as modules, against real peers."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Callable, Protocol

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from conftest import Certificates, Place
from wspeer import CLOSE, Listen, behave, cut, listening, raw_server, refuse

Done = subprocess.CompletedProcess[str]
ENVIRONMENT = {**os.environ, "NO_PROXY": "*", "PYTHONUNBUFFERED": "1"}


class Run(Protocol):
    """Run the client with these arguments and this standard input until it exits."""

    def __call__(self, *args: str, stdin: str = "") -> Done: ...


@pytest.fixture(scope="module", params=["wscli", "aiowscli"])
def script(request: pytest.FixtureRequest, place: Place) -> Path:
    return place(request.param, f"{request.param}.py")


@pytest.fixture(scope="module")
def client(script: Path, load: Callable[[Path], ModuleType]) -> ModuleType:
    return load(script)


@pytest.fixture(scope="module")
def run(script: Path) -> Run:
    def run_script(*args: str, stdin: str = "") -> Done:
        return subprocess.run(
            [sys.executable, str(script), *args],
            input=stdin,
            env=ENVIRONMENT,
            capture_output=True,
            encoding="utf-8",
            timeout=30,
            check=False,
        )

    return run_script


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Servers that live as long as one test."""
    with contextlib.ExitStack() as stack:
        yield lambda handler, **options: stack.enter_context(listening(handler, **options))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with listening(behave, process_request=refuse) as address:
        yield address


def test_style(script: Path, check_style: Callable[[Path], None]) -> None:
    check_style(script)


def test_help_tells_the_exit_codes_in_both_languages(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "exit status / 退出码" in done.stdout
    assert "--timeout is over / 超时" in done.stdout


# Each row: the case, the path and arguments, standard input, and what is printed.
LONG = "x" * 3_000_000
MESSAGES = [
    ("arguments", ["/echo", "one", "two", "--count=2"], "", ["one", "two"]),
    ("arguments after options", ["/echo", "--count=2", "one", "two"], "", ["one", "two"]),
    ("no ASCII", ["/echo", "héllo 你好 🎈", "--count=1"], "", ["héllo 你好 🎈"]),
    ("lines", ["/echo", "--count=2"], "one\ntwo\n", ["one", "two"]),
    ("lines of Windows", ["/echo", "--count=2"], "one\r\ntwo\r\n", ["one", "two"]),
    ("an empty line", ["/echo", "--count=2"], "\ntwo\n", ["", "two"]),
    ("a last line without end", ["/echo", "--count=2"], "one\ntwo", ["one", "two"]),
    ("arguments before lines", ["/echo", "one", "--count=1"], "two\n", ["one"]),
    ("a long message", ["/echo", "--count=1"], LONG + "\n", [LONG]),
    ("many messages", ["/echo", "--count=500"], "a\n" * 500, ["a"] * 500),
    ("nothing to send", ["/echo", "--count=0"], "", []),
    ("bytes in", ["/bytes", "--count=1"], "", ["00ff"]),
    ("bytes in base64", ["/bytes", "--encoding=base64"], "", ["AP8="]),
    ("bytes in UTF-8", ["/bytes", "--encoding=utf8"], "", ["\0\\xff"]),
    ("bytes out and in", ["/echo", "00fF", "--binary", "--count=1"], "", ["00ff"]),
    ("base64", ["/echo", "AP8=", "--binary", "--encoding=base64", "--count=1"], "", ["AP8="]),
    ("UTF-8", ["/echo", "é", "--binary", "--encoding=utf8", "--count=1"], "", ["é"]),
    ("a line that is no hex", ["/echo", "--binary", "--count=1"], "xx\nab\n", ["ab"]),
    (
        "JSON",
        ["/echo", 'ä"', "--json-lines", "--count=1"],
        "",
        ['{"type": "text", "data": "ä\\""}'],
    ),
    ("JSON of bytes", ["/bytes", "--json-lines"], "", ['{"type": "binary", "data": "00ff"}']),
    ("the server's ping", ["/ping"], "", ["pong"]),
]


@pytest.mark.parametrize(
    ("args", "stdin", "expected"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES]
)
def test_messages(run: Run, server: str, args: list[str], stdin: str, expected: list[str]) -> None:
    done = run(server + args[0], *args[1:], "--timeout=20", stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == [*expected, ""]


# Each row: path and arguments, the exit code, and the text in standard error.
ENDINGS = [
    (["/close/1000"], 0, "closed by the server with code 1000: so long"),
    (["/close/1001"], 0, "closed by the server with code 1001: so long"),
    (["/close/1011"], 4, "error: closed by the server with code 1011: so long, after 0 messages"),
    (["/close/1012"], 4, "error: closed by the server with code 1012"),
    (["/close/4001"], 4, "error: closed by the server with code 4001"),
    (["/bytes", "--count=2"], 4, "closed by the server with code 1000, after 1 messages"),
    (["/cut"], 1, "error: connection lost"),
    (["/refuse/403"], 4, "error: the server refused the handshake with status 403"),
    (
        ["/refuse/403", "--reconnect=9"],
        4,
        "error: the server refused the handshake with status 403",
    ),
    (["/refuse/500"], 4, "error: the server refused the handshake with status 500"),
    (["/silence", "--timeout=0.5"], 3, "error: time is up after 0 messages"),
    (["/close/1011", "--quiet"], 4, "error: closed by the server with code 1011"),
]


@pytest.mark.parametrize(("args", "code", "message"), ENDINGS, ids=lambda value: str(value)[:40])
def test_exit_codes(run: Run, server: str, args: list[str], code: int, message: str) -> None:
    done = run(server + args[0], *args[1:])
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert ("connected" in done.stderr) == ("refuse" not in args[0] and "--quiet" not in args)


ADDRESS = "ws://127.0.0.1:9"
MISTAKES = [
    ([], "the following arguments are required: url"),
    (["http://127.0.0.1"], "is not ws[s]://host[:port][/path]"),
    (["ws://"], "is not ws[s]://host[:port][/path]"),
    (["ws://127.0.0.1:x"], "invalid address value"),
    (["ws://127.0.0.1/#here"], "is not ws[s]://host[:port][/path]"),
    ([ADDRESS, "--count=-1"], "invalid natural value"),
    ([ADDRESS, "--timeout=0"], "invalid seconds value"),
    ([ADDRESS, "--timeout=nan"], "invalid seconds value"),
    ([ADDRESS, "--header=token"], "is not of the form 'Name: value'"),
    ([ADDRESS, "--header=X-A: b\r\nX-C: d"], "cannot be set to"),
    ([ADDRESS, "--header=X-A: é"], "cannot be set to 'é'"),
    ([ADDRESS, "--header=Sec-WebSocket-Key: a"], "the header Sec-WebSocket-Key cannot be set"),
    ([ADDRESS, "--binary", "xyz"], "non-hexadecimal"),
    ([ADDRESS, "--insecure"], "TLS options need an address that starts with wss://"),
    (["wss://127.0.0.1", "--key=k.pem"], "--key needs --cert"),
    (["wss://127.0.0.1", "--cacert=/no/such.pem"], "No such file"),
]


@pytest.mark.parametrize(("args", "message"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_mistakes(
    client: ModuleType, capsys: pytest.CaptureFixture[str], args: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as left:
        client.main(args)
    assert left.value.code == 2
    assert message in capsys.readouterr().err


def test_headers_and_subprotocol(run: Run, listen: Listen) -> None:
    address = listen(behave, subprotocols=["chat.v2", "chat.v1"])
    done = run(
        address.replace("://", "://me:p%40ss@") + "/headers",
        *("--header", "X-Token: a: b", "--header", "origin: http://here.test"),
        *("--subprotocol=chat.v1", "--subprotocol=chat.v0", "--count=1"),
    )
    assert done.returncode == 0, done.stderr
    headers = {name.lower(): value for name, value in json.loads(done.stdout).items()}
    assert headers["x-token"] == "a: b"
    assert headers["origin"] == "http://here.test"
    assert headers["authorization"] == "Basic bWU6cEBzcw=="
    assert "connected, subprotocol: chat.v1\n" in done.stderr
    assert "p%40ss" not in done.stderr


def test_leaves_when_everything_is_sent(run: Run, listen: Listen) -> None:
    seen: list[str | bytes] = []
    codes: queue.Queue[int | None] = queue.Queue()

    def note(connection: ServerConnection) -> None:
        seen.extend(connection)
        codes.put(connection.close_code)

    done = run(listen(note), "--count=0", stdin="a\nb\nc\n")
    assert done.returncode == 0, done.stderr
    assert codes.get(timeout=5) == 1000
    assert seen == ["a", "b", "c"]


def test_comes_back_after_every_loss(run: Run, listen: Listen) -> None:
    visits = iter(range(100))

    def flaky(connection: ServerConnection) -> None:
        visit = next(visits)
        connection.send(f"visit {visit}")
        if visit % 2:
            connection.close(1012)
        else:
            cut(connection)

    done = run(listen(flaky), "--count=4", "--reconnect=1")  # each message resets the count
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["visit 0", "visit 1", "visit 2", "visit 3", ""]
    assert done.stderr.count("reconnecting in") >= 3


def test_gives_up_after_so_many_losses(run: Run, listen: Listen) -> None:
    visits: list[float] = []

    def hopeless(connection: ServerConnection) -> None:
        visits.append(time.monotonic())
        cut(connection)

    done = run(listen(hopeless), "--reconnect=2")
    assert done.returncode == 1, done.stderr
    assert len(visits) == 3
    assert 0.2 < visits[1] - visits[0] < 1.5  # half a second, less the jitter
    assert 0.45 < visits[2] - visits[1] < 2  # and twice as much


def test_a_busy_server_is_asked_again(run: Run, listen: Listen) -> None:
    answers = iter([HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY])

    def busy(connection: ServerConnection, request: Request) -> Response | None:
        status = next(answers, None)
        return None if status is None else connection.respond(status, "later\n")

    done = run(listen(behave, process_request=busy) + "/bytes", "--reconnect=2")
    assert (done.returncode, done.stdout) == (0, "00ff\n"), done.stderr


def test_a_redirect(run: Run, script: Path, server: str, listen: Listen) -> None:
    def redirect(connection: ServerConnection, _: Request) -> Response:
        response = connection.respond(HTTPStatus.FOUND, "elsewhere\n")
        response.headers["Location"] = server + "/bytes"
        return response

    done = run(listen(behave, process_request=redirect), "--header=Authorization: Bearer secret")
    if script.stem == "wscli":  # its library would send the header to the other server
        assert done.returncode == 4
        assert "error: the handshake failed: " in done.stderr
    else:
        assert (done.returncode, done.stdout) == (0, "00ff\n"), done.stderr


def test_a_message_waits_for_the_server(script: Path, listen: Listen) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    command = [sys.executable, str(script), f"ws://127.0.0.1:{port}/echo", "hello", "--count=1"]
    with subprocess.Popen(
        [*command, "--reconnect=9", "--timeout=20"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stderr is not None
        assert "cannot connect" in client.stderr.readline()
        listen(behave, sock=socket.create_server(("127.0.0.1", port)))
        output, _ = client.communicate(timeout=20)
    assert (client.returncode, output) == (0, "hello\n")


def test_a_silent_server_stays_connected_while_it_answers_pings(run: Run, server: str) -> None:
    done = run(server + "/silence", "--ping-interval=0.2", "--timeout=1.5")
    assert done.returncode == 3, done.stderr


RAW = [
    ("a ping without answer", b"", ["--ping-interval=0.3"], 1, "connection lost"),
    ("a close without code", CLOSE, [], 0, "closed by the server with code 1005"),
    ("a reserved opcode", b"\x83\x00", [], 4, "the server broke the protocol"),
    ("a text that is no UTF-8", b"\x81\x01\xff", [], 4, "the server broke the protocol"),
    ("half a frame", b"\x81\x05he", ["--timeout=0.5"], 3, "time is up"),
]


@pytest.mark.parametrize(
    ("reply", "args", "code", "message"), [row[1:] for row in RAW], ids=[row[0] for row in RAW]
)
def test_raw_frames(run: Run, reply: bytes, args: list[str], code: int, message: str) -> None:
    address, thread = raw_server(reply)
    started = time.monotonic()
    done = run(address, *args)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert time.monotonic() - started < 8
    thread.join()


def test_a_server_that_never_answers_the_handshake(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        done = run(f"ws://127.0.0.1:{sock.getsockname()[1]}", "--timeout=0.5")
    assert done.returncode == 3, done.stderr


def test_a_server_that_never_reads(run: Run, listen: Listen) -> None:
    leave = threading.Event()

    def stall(_: ServerConnection) -> None:
        leave.wait(timeout=20)

    started = time.monotonic()
    done = run(listen(stall, max_queue=1), "--timeout=1", stdin=(LONG + "\n") * 10)
    leave.set()
    assert done.returncode == 3, done.stderr
    assert time.monotonic() - started < 10  # the closing handshake has its own limit


def test_nobody_listens(run: Run) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))  # bound, but not listening
        done = run(f"ws://127.0.0.1:{sock.getsockname()[1]}")
    assert done.returncode == 1
    assert "error: cannot connect" in done.stderr


def test_interrupt_closes_with_a_handshake(script: Path, listen: Listen) -> None:
    """Interrupt the client once it has printed a message, and not as soon as it is connected.

    wscli logs "connected" in its worker thread, before the main thread can close the connection.
    An interrupt in between ends the client without a closing handshake, and the server sees 1006.
    """
    codes: queue.Queue[int | None] = queue.Queue()

    def greet(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            connection.send("hello")
            connection.recv()
        codes.put(connection.close_code)

    with subprocess.Popen(
        [sys.executable, str(script), listen(greet)],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout is not None
        assert client.stderr is not None
        assert "connected" in client.stderr.readline()
        assert client.stdout.readline() == "hello\n"
        client.send_signal(signal.SIGINT)
        _, errors = client.communicate(timeout=10)
    assert client.returncode == 130
    assert "Traceback" not in errors
    assert codes.get(timeout=5) == 1000


def test_the_end_of_a_terminals_input_closes(script: Path, server: str) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, str(script), server + "/echo"],
        env=ENVIRONMENT,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout is not None
        os.write(ours, b"hello\n")
        assert client.stdout.readline() == "hello\n"
        os.write(ours, b"\x04")
        client.communicate(timeout=10)
    os.close(ours)
    os.close(theirs)
    assert client.returncode == 0


def test_a_reader_that_has_seen_enough(script: Path, server: str) -> None:
    with subprocess.Popen(
        [sys.executable, str(script), server + "/echo"],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write("one\n")
        client.stdin.flush()
        assert client.stdout.readline() == "one\n"
        client.stdout.close()
        client.stdin.write("two\n")
        client.stdin.flush()
        assert client.wait(timeout=10) == 0
        assert client.stderr is not None
        assert "Traceback" not in client.stderr.read()


TLS = [
    ("trusted", "127.0.0.1", False, ["--cacert", "{ca}"], 0),
    ("not trusted", "127.0.0.1", False, [], 1),
    ("not trusted, and no use to try again", "127.0.0.1", False, ["--reconnect=9"], 1),
    ("another authority", "127.0.0.1", False, ["--cacert", "{stranger}"], 1),
    ("insecure", "127.0.0.1", False, ["--insecure"], 0),
    ("another name", "inner.test", False, ["--cacert", "{ca}"], 1),
    ("its name given", "inner.test", False, ["--cacert={ca}", "--server-name=inner.test"], 0),
    ("mutual", "127.0.0.1", True, ["--cacert={ca}", "--cert={cert}", "--key={key}"], 0),
    ("mutual, but no certificate", "127.0.0.1", True, ["--cacert={ca}"], 1),
]


@pytest.mark.parametrize(
    ("name", "mutual", "args", "code"), [row[1:] for row in TLS], ids=[row[0] for row in TLS]
)
def test_tls(
    run: Run,
    listen: Listen,
    certificates: Certificates,
    name: str,
    mutual: bool,
    args: list[str],
    code: int,
) -> None:
    address = listen(behave, ssl=certificates.server(name, mutual=mutual)) + "/echo"
    done = run(address, "hello", "--count=1", *(arg.format(**vars(certificates)) for arg in args))
    assert done.returncode == code, done.stderr
    assert done.stdout == ("" if code else "hello\n")
    assert "reconnecting" not in done.stderr


def test_tls_where_there_is_none(run: Run, server: str) -> None:
    done = run(server.replace("ws://", "wss://"))
    assert done.returncode == 1
    assert re.search(r"error: (the TLS handshake failed|cannot connect): \S", done.stderr)


@pytest.mark.parametrize("script", ["wscli"], indirect=True)
def test_as_a_module(client: ModuleType, server: str) -> None:
    with client.Client(server + "/echo") as echo:
        echo.send("text")
        echo.send(b"\x00\xff")
        assert [echo.receive(timeout=5), echo.receive(timeout=5)] == ["text", b"\x00\xff"]
        with pytest.raises(TimeoutError):
            echo.receive(timeout=0.1)
        echo.send("late")  # no message is lost by a wait that times out
        assert echo.receive(timeout=5) == "late"
    with pytest.raises(client.Ended):
        echo.send("after the end")
    with client.Client(server + "/bytes") as messages:
        assert list(messages) == [b"\x00\xff"]
    with client.Client(server + "/close/4001") as refused:
        for _ in range(2):  # it stays closed
            with pytest.raises(client.Closed, match="so long") as closed:
                refused.receive(timeout=5)
            assert (closed.value.code, closed.value.reason) == (4001, "so long")


@pytest.mark.parametrize("script", ["aiowscli"], indirect=True)
async def test_as_a_module_for_asyncio(client: ModuleType, server: str) -> None:
    async with client.Client(server + "/echo") as echo:
        await echo.send("text")
        await echo.send(b"\x00\xff")
        assert [await echo.receive(5), await echo.receive(5)] == ["text", b"\x00\xff"]
        with pytest.raises(TimeoutError):
            await echo.receive(timeout=0.1)
        await echo.send("late")
        assert await echo.receive(timeout=5) == "late"
    with pytest.raises(client.Ended):
        await echo.send("after the end")
    async with client.Client(server + "/bytes") as messages:
        assert [message async for message in messages] == [b"\x00\xff"]
    async with client.Client(server + "/close/4001") as refused:
        for _ in range(2):
            with pytest.raises(client.Closed, match="so long") as closed:
                await refused.receive(timeout=5)
            assert (closed.value.code, closed.value.reason) == (4001, "so long")
