#!/usr/bin/env python3
"""A WebSocket client to debug services with, built on websocket-client.

On the command line:

    python wscli.py ws://localhost:8080/echo hello --count 1 --times

In a program:

    with Client("ws://localhost:8080/echo") as client:
        client.send("hello")
        print(client.receive(timeout=5))
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import enum
import io
import json
import logging
import math
import os
import queue
import random
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Union
from urllib.parse import unquote, urlsplit

import websocket

Message = Union[str, bytes]

CLOSE_TIMEOUT = 3.0  # seconds that the closing handshake may take
IDLE_TIMEOUT = 30.0  # seconds after which a waiting read looks up, when no pings are sent
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0  # seconds before the first and before any later reconnect
CLEAN_CODES = {1000, 1001, 1005}  # normal, going away, closed without a code
TEMPORARY_CODES = {1001, 1012, 1013, 1014}  # going away, restarting, overloaded, bad gateway
RESERVED_HEADERS = re.compile(r"host|connection|upgrade|sec-websocket-.*", re.IGNORECASE)

NOTATIONS: dict[str, tuple[Callable[[str], bytes], Callable[[bytes], str]]] = {
    "hex": (bytes.fromhex, bytes.hex),
    "base64": (
        lambda text: base64.b64decode(text, validate=True),
        lambda data: base64.b64encode(data).decode(),
    ),
    "utf8": (str.encode, lambda data: data.decode(errors="backslashreplace")),
}

log = logging.getLogger("wscli")


class Exit(enum.IntEnum):
    """What the exit status tells."""

    OK = 0
    LOST = 1
    USAGE = 2
    TIMEOUT = 3
    REFUSED = 4
    INTERRUPTED = 130


class Ended(Exception):
    """The connection is over, and the client has stopped reconnecting."""

    def __init__(self, text: str, status: Exit, *, temporary: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.temporary = temporary


class Closed(Ended):
    """The server closed the connection with a closing handshake."""

    def __init__(self, code: int, reason: str) -> None:
        text = f"closed by the server with code {code}" + (f": {reason}" if reason else "")
        status = Exit.OK if code in CLEAN_CODES else Exit.REFUSED
        super().__init__(text, status, temporary=code in TEMPORARY_CODES)
        self.code, self.reason = code, reason


@dataclass
class Client:
    """A connection that comes back after it was lost, up to ``reconnect`` times in a row.

    A thread of its own connects and receives, so ``send``, ``receive`` and ``close`` may be called
    from any thread. Times are in seconds. With a ``ping_interval`` the server is pinged after that
    much silence, and the connection counts as lost when it stays silent for as long again.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    subprotocols: Sequence[str] = ()
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    connect_timeout: float = 10.0
    ping_interval: float | None = None
    reconnect: int = 0

    def __post_init__(self) -> None:
        self._inbox: queue.Queue[Message | Ended] = queue.Queue(maxsize=64)
        self._changed = threading.Condition()  # guards the two below
        self._connection: websocket.WebSocket | None = None
        self._ended: Ended | None = None
        self._closing = threading.Event()
        self._failures = 0  # in a row, since the last message
        self._worker = threading.Thread(target=self._work, name="wscli", daemon=True)

    def __enter__(self) -> Client:
        self._worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Message]:
        """Yield what arrives until the connection ends cleanly; any other end is raised."""
        try:
            while True:
                yield self.receive()
        except Ended as ended:
            if ended.status is not Exit.OK:
                raise

    def send(self, message: Message) -> None:
        """Send text or bytes; while the client reconnects, wait for the next connection."""
        text = isinstance(message, str)
        opcode = websocket.ABNF.OPCODE_TEXT if text else websocket.ABNF.OPCODE_BINARY
        connection = None
        while True:
            connection = self._next_connection(connection)
            try:
                connection.send(message, opcode)
            except (OSError, websocket.WebSocketException):
                abort(connection)
            else:
                return

    def receive(self, timeout: float | None = None) -> Message:
        """Return the next message; raise ``TimeoutError`` or, after the last one, ``Ended``."""
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        while True:
            ended = self._ended  # read before the inbox: what arrived before the end comes first
            left = max(0.0, deadline - time.monotonic())
            try:
                # A bounded wait, because Windows sees Ctrl-C only between two waits.
                item = self._inbox.get(timeout=0 if ended else min(left, 0.5))
            except queue.Empty:
                if ended:
                    raise ended from None
                if not left:
                    raise TimeoutError(f"no message within {timeout} s") from None
                continue
            if isinstance(item, Ended):
                raise item
            return item

    def close(self, code: int = 1000) -> None:
        """Close with a closing handshake; a server that does not answer is left behind."""
        self._closing.set()
        connection = self._connection
        if connection is not None:
            guard = threading.Timer(CLOSE_TIMEOUT, abort, [connection])
            guard.start()
            with contextlib.suppress(OSError, websocket.WebSocketException):
                connection.send_close(code)
            self._worker.join()
            guard.cancel()

    def _next_connection(self, tried: websocket.WebSocket | None) -> websocket.WebSocket:
        """Wait for a connection that was not tried yet."""
        with self._changed:
            while self._ended is None:
                if self._connection is not None and self._connection is not tried:
                    return self._connection
                self._changed.wait()
            raise self._ended

    def _work(self) -> None:
        """Connect, receive and reconnect until the connection is over."""
        while True:
            try:
                self._run_connection()
            except Ended as ended:
                end = ended
            except Exception as error:  # a thread that just died would leave the others waiting
                end = Ended(f"the client failed: {error!r}", Exit.LOST)
            if self._closing.is_set():
                end = Ended("closed", Exit.OK)
                break
            if not end.temporary or self._failures >= self.reconnect:
                break
            delay = min(FIRST_DELAY * 2.0 ** min(self._failures, 16), LONGEST_DELAY)
            self._failures += 1
            wait = delay * random.uniform(0.5, 1)  # noqa: S311
            log.info("%s; reconnecting in %.1f s", end, wait)
            self._closing.wait(wait)
        with self._changed:
            self._ended = end
            self._changed.notify_all()
        self._deliver(end)

    def _run_connection(self) -> None:
        connection = self._open()
        with self._changed:
            self._connection = connection
            self._changed.notify_all()
        try:
            if not self._closing.is_set():
                self._receive_from(connection)
        finally:
            with self._changed:
                self._connection = None
            connection.shutdown()  # type: ignore[no-untyped-call]

    def _open(self) -> websocket.WebSocket:
        headers = dict(self.headers)
        url = urlsplit(self.url)
        if url.username is not None:
            login = f"{unquote(url.username)}:{unquote(url.password or '')}".encode()
            headers.setdefault("Authorization", "Basic " + base64.b64encode(login).decode())
        tls = {"context": self.tls or ssl.create_default_context()} if url.scheme == "wss" else {}
        connection = websocket.WebSocket(sslopt={**tls, "server_hostname": self.server_name})
        try:
            connection.connect(  # type: ignore[no-untyped-call]
                self.url,
                header=[f"{name}: {value}" for name, value in headers.items()],
                subprotocols=list(self.subprotocols),
                timeout=self.connect_timeout,
                suppress_origin=True,
                redirect_limit=0,  # a redirect would carry the headers to another server
            )
            if connection.status != 101:
                raise websocket.WebSocketException("a redirect, which is not followed")
        except websocket.WebSocketBadStatusException as error:
            text = f"the server refused the handshake with status {error.status_code}"
            raise Ended(text, Exit.REFUSED, temporary=error.status_code >= 500) from error
        except ssl.SSLError as error:
            raise Ended(f"the TLS handshake failed: {error}", Exit.LOST) from error
        except (
            OSError,
            websocket.WebSocketAddressException,
            websocket.WebSocketConnectionClosedException,
            websocket.WebSocketProxyException,
            websocket.WebSocketTimeoutException,
        ) as error:
            raise Ended(f"cannot connect: {error}", Exit.LOST, temporary=True) from error
        except websocket.WebSocketException as error:
            raise Ended(f"the handshake failed: {error}", Exit.REFUSED) from error
        connection.settimeout(self.ping_interval or IDLE_TIMEOUT)
        log.info("connected, subprotocol: %s", connection.subprotocol or "none")
        return connection

    def _receive_from(self, connection: websocket.WebSocket) -> None:
        """Fill the inbox until the connection ends, which is raised."""
        silences = 0  # waits in a row that nothing arrived in
        while True:
            if self.ping_interval and silences > 1:
                raise Ended("connection lost: no answer to a ping", Exit.LOST, temporary=True)
            try:
                if self.ping_interval and silences:
                    connection.ping()
                opcode, frame = connection.recv_data_frame(control_frame=True)
                silences = 0
            except websocket.WebSocketTimeoutException:
                silences += 1
                continue
            except (
                websocket.WebSocketPayloadException,
                websocket.WebSocketProtocolException,
            ) as error:
                raise Ended(f"the server broke the protocol: {error}", Exit.REFUSED) from error
            except (OSError, websocket.WebSocketException) as error:
                raise Ended(f"connection lost: {error}", Exit.LOST, temporary=True) from error
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                code = int.from_bytes(frame.data[:2], "big") if frame.data else 1005
                raise Closed(code, frame.data[2:].decode(errors="replace"))
            if opcode in (websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY):
                text = opcode == websocket.ABNF.OPCODE_TEXT
                self._deliver(frame.data.decode() if text else bytes(frame.data))
                self._failures = 0

    def _deliver(self, item: Message | Ended) -> None:
        """Wait for room in the inbox, but not once the client is closing."""
        while True:
            with contextlib.suppress(queue.Full):
                return self._inbox.put(item, timeout=0.2)
            if self._closing.is_set():
                return None


def abort(connection: websocket.WebSocket) -> None:
    """Shut the socket down, so that every thread that waits for it wakes up."""
    sock = connection.sock
    with contextlib.suppress(OSError):
        if sock is not None:  # SSLSocket's own shutdown lets later writes go out in the clear
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def render(message: Message, encoding: str, *, as_json: bool, timed: bool = False) -> str:
    """Return the line to print for a message, with the time of now when it is to be timed."""
    text = message if isinstance(message, str) else NOTATIONS[encoding][1](message)
    now = datetime.now().astimezone().isoformat(timespec="milliseconds") if timed else ""
    if not as_json:
        return f"{now} {text}" if timed else text
    fields = {"type": "text" if text is message else "binary", "data": text}
    return json.dumps({"time": now, **fields} if timed else fields, ensure_ascii=False)


def input_lines() -> Iterator[str]:
    """Yield the lines of standard input.

    Not through ``sys.stdin``: a thread that waits inside of it holds a lock that the interpreter
    needs when it exits.
    """
    with open(0, encoding="utf-8", errors="replace", newline="\n", closefd=False) as lines:
        for line in lines:
            yield line.removesuffix("\n").removesuffix("\r")


def outgoing(args: argparse.Namespace) -> Iterator[Message]:
    """Yield the messages of the command line, or else the lines of standard input."""
    yield from args.message
    for line in () if args.message else input_lines():
        try:
            yield NOTATIONS[args.encoding][0](line) if args.binary else line
        except ValueError as error:
            log.error("not sent, because it is not %s: %s", args.encoding, error)


def feed(client: Client, args: argparse.Namespace) -> None:
    """Send what is to be sent; the end of a terminal's input closes the connection."""
    with contextlib.suppress(Ended, OSError):  # receive() tells the end; there may be no input
        for message in outgoing(args):
            client.send(message)
        if args.count == 0 or (not args.message and os.isatty(0)):
            client.close()


def run(args: argparse.Namespace) -> Exit:
    """Do what the command line asks for."""
    deadline = time.monotonic() + args.timeout
    client = Client(
        args.url,
        headers=dict(args.header),
        subprotocols=args.subprotocol,
        tls=args.tls,
        server_name=args.server_name,
        ping_interval=args.ping_interval,
        reconnect=args.reconnect,
    )
    received = 0
    try:
        with client:
            threading.Thread(target=feed, args=[client, args], daemon=True).start()
            while received < (args.count or math.inf):
                message = client.receive(deadline - time.monotonic())
                form = {"as_json": args.json_lines, "timed": args.times}
                print(render(message, args.encoding, **form), flush=True)
                received += 1
    except TimeoutError:
        log.error("error: time is up after %d messages", received)
        return Exit.TIMEOUT
    except Ended as ended:
        if ended.status is not Exit.OK or args.count:
            log.error("error: %s, after %d messages", ended, received)
            return ended.status or Exit.REFUSED
        log.info("%s", ended)
    return Exit.OK


def address(text: str) -> str:
    url = urlsplit(text)
    good = text.startswith(("ws://", "wss://")) and url.hostname and url.port != 0
    if not good or url.fragment:
        raise argparse.ArgumentTypeError(f"{text!r} is not ws[s]://host[:port][/path]")
    return text


def header(text: str) -> tuple[str, str]:
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 'Name: value'")
    if not (value.isascii() and value.isprintable()) or RESERVED_HEADERS.fullmatch(name):
        raise argparse.ArgumentTypeError(f"the header {name} cannot be set to {value!r}")
    return name, value


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError
    return value


def natural(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def tls_context(args: argparse.Namespace) -> ssl.SSLContext | None:
    """Build the TLS settings; raise ``OSError`` or ``ValueError`` when they cannot be used."""
    if not args.url.startswith("wss:"):
        if args.cacert or args.cert or args.key or args.insecure or args.server_name:
            raise ValueError("TLS options need an address that starts with wss://")
        return None
    if args.key and not args.cert:
        raise ValueError("--key needs --cert")
    context = ssl.create_default_context(cafile=args.cacert)
    if args.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if args.cert:
        context.load_cert_chain(args.cert, args.key)
    return context


EPILOG = """\
Without MESSAGE every line of standard input is sent. The client prints what arrives until --count,
--timeout, Ctrl-C, the end of a terminal's input or the server ends it; --count 0 leaves as soon as
everything is sent. After a reconnect, messages that were already sent are not sent again.
未给出 MESSAGE 时逐行发送标准输入. 收到的消息逐条打印, 直到满足 --count, --timeout, Ctrl-C,
终端输入结束或服务端关闭; --count 0 表示发完即退出. 重连后不会重发已发送的消息.

exit status / 退出码:
  0    done, or closed by the server in good order / 正常结束
  1    the connection failed or was lost / 连接失败或中断
  2    the command line is wrong / 命令行参数错误
  3    --timeout is over / 超时
  4    refused, closed with an error code, or closed before --count / 被拒绝, 异常关闭或未收满
  130  Ctrl-C
"""


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="WebSocket client for debugging / WebSocket 调试客户端",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("url", type=address, help="ws[s]://host[:port][/path]")
    add("message", nargs="*", help="what to send / 要发送的消息")
    add("--count", type=natural, metavar="N", help="messages to wait for / 收满 N 条后退出")
    add("--timeout", type=seconds, default=math.inf, metavar="S", help="total time / 总时限(秒)")
    add("--header", type=header, action="append", default=[], help="'K: V', repeatable / 可重复")
    add("--subprotocol", action="append", default=[], help="repeatable / 子协议, 可重复")
    add("--ping-interval", type=seconds, metavar="S", help="ping after silence / 静默后 ping")
    add("--reconnect", type=natural, default=0, metavar="N", help="times in a row / 连续重连次数")
    add("--binary", action="store_true", help="send binary messages / 发送二进制消息")
    add("--encoding", choices=NOTATIONS, default="hex", help="of binary messages / 二进制写法")
    add("--json-lines", action="store_true", help="print JSON lines / 以 JSON 行输出")
    add("--times", action="store_true", help="print when a message came / 打印到达时间")
    add("--quiet", action="store_true", help="tell errors only / 只报告错误")
    add = parser.add_argument_group("TLS").add_argument
    add("--cacert", metavar="FILE", help="trusted authorities / 受信任的 CA 证书")
    add("--cert", metavar="FILE", help="client certificate / 客户端证书")
    add("--key", metavar="FILE", help="its private key / 客户端私钥")
    add("--insecure", action="store_true", help="trust any server / 不校验服务端证书")
    add("--server-name", metavar="NAME", help="name in its certificate / 证书中的主机名")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    parser = arguments()
    args = parser.parse_intermixed_args(argv)
    try:
        args.tls = tls_context(args)
        read = NOTATIONS[args.encoding if args.binary else "utf8"][0]
        data = [read(text) for text in args.message]
        args.message = data if args.binary else [text.decode() for text in data]
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    talk = logging.StreamHandler()
    talk.setFormatter(logging.Formatter("wscli: %(message)s"))
    log.handlers = [talk]
    log.setLevel(logging.ERROR if args.quiet else logging.INFO)
    try:
        return run(args)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return Exit.OK


if __name__ == "__main__":
    sys.exit(main())
