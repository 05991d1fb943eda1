#!/usr/bin/env python3
"""A WebSocket client to debug services with, for asyncio, built on websockets.

On the command line:

    python aiowscli.py ws://localhost:8080/echo hello --count 1 --times

In a program:

    async with Client("ws://localhost:8080/echo") as client:
        await client.send("hello")
        print(await client.receive(timeout=5))
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import enum
import io
import json
import logging
import math
import os
import random
import re
import ssl
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Union
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

Message = Union[str, bytes]

CLOSE_TIMEOUT = 3.0  # seconds that the closing handshake may take
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0  # seconds before the first and before any later reconnect
CLEAN_CODES = {1000, 1001, 1005}  # normal, going away, closed without a code
PROTOCOL_CODES = {1002, 1003, 1007}  # sent after a broken frame or text
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

log = logging.getLogger("aiowscli")


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

    The first ``send`` or ``receive`` connects; one task may send while another receives. Times are
    in seconds. With a ``ping_interval`` the server is pinged that often, and the connection counts
    as lost when a ping stays unanswered for as long again.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    subprotocols: Sequence[str] = ()
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    connect_timeout: float = 10.0
    ping_interval: float | None = None
    reconnect: int = 0

    async def __aenter__(self) -> Client:
        self._changing = asyncio.Lock()  # held by the task that connects or waits to
        self._closing = asyncio.Event()
        self._connection: ClientConnection | None = None
        self._unread: ClientConnection | None = None  # may be lost, and yet hold messages
        self._ended: Ended | None = None
        self._failures = 0  # in a row, since the last message
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Yield what arrives until the connection ends cleanly; any other end is raised."""
        try:
            while True:
                yield await self.receive()
        except Ended as ended:
            if ended.status is not Exit.OK:
                raise

    async def send(self, message: Message) -> None:
        """Send text or bytes; while the client reconnects, wait for the next connection."""
        while True:
            connection = await self._connected()
            try:
                return await connection.send(message)
            except ConnectionClosed as closed:
                await self._lose(connection, closed)

    async def receive(self, timeout: float | None = None) -> Message:
        """Return the next message; raise ``TimeoutError`` or, after the last one, ``Ended``."""
        try:
            return await asyncio.wait_for(self._next_message(), timeout)
        except asyncio.TimeoutError:
            raise TimeoutError(f"no message within {timeout} s") from None

    async def close(self, code: int = 1000) -> None:
        """Close with a closing handshake; a server that does not answer is left behind."""
        self._closing.set()
        async with self._changing:
            self._ended = self._ended or Ended("closed", Exit.OK)
        if self._connection is not None:
            await self._connection.close(code)

    async def _next_message(self) -> Message:
        while True:
            connection = self._unread = self._unread or await self._connected()
            try:
                message = await connection.recv()
            except ConnectionClosed as closed:
                self._unread = None
                await self._lose(connection, closed)
            else:
                self._failures = 0
                return message

    async def _connected(self) -> ClientConnection:
        """Return the connection; when there is none, connect."""
        async with self._changing:
            while self._connection is None:
                if self._ended is not None:
                    raise self._ended
                try:
                    self._connection = await self._open()
                except Ended as ended:
                    await self._back_off(ended)
            return self._connection

    async def _lose(self, connection: ClientConnection, closed: ConnectionClosed) -> None:
        """Give a connection up, unless another task did so already."""
        async with self._changing:
            if self._connection is connection:
                self._connection = None
                await self._back_off(reason(closed))

    async def _back_off(self, ended: Ended) -> None:
        """Wait before the next connection, or settle that there is none."""
        if ended.temporary and self._failures < self.reconnect and not self._closing.is_set():
            delay = min(FIRST_DELAY * 2.0 ** min(self._failures, 16), LONGEST_DELAY)
            self._failures += 1
            wait = delay * random.uniform(0.5, 1)  # noqa: S311
            log.info("%s; reconnecting in %.1f s", ended, wait)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._closing.wait(), wait)
        else:
            self._ended = ended
        if self._closing.is_set():
            self._ended = Ended("closed", Exit.OK)

    async def _open(self) -> ClientConnection:
        tls: dict[str, Any] = {}
        if self.url.startswith("wss:"):
            tls["ssl"] = self.tls or ssl.create_default_context()
            tls["server_hostname"] = self.server_name or urlsplit(self.url).hostname
        try:
            connection = await connect(
                self.url,
                additional_headers=dict(self.headers),
                subprotocols=[Subprotocol(name) for name in self.subprotocols] or None,
                open_timeout=self.connect_timeout,
                close_timeout=CLOSE_TIMEOUT,
                ping_interval=self.ping_interval,
                ping_timeout=self.ping_interval,
                max_size=None,
                **tls,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            text = f"the server refused the handshake with status {status}"
            raise Ended(text, Exit.REFUSED, temporary=status >= 500) from error
        except ssl.SSLError as error:
            raise Ended(f"the TLS handshake failed: {error}", Exit.LOST) from error
        except (OSError, asyncio.TimeoutError, InvalidMessage) as error:
            text = f"cannot connect: {str(error) or repr(error)}"
            raise Ended(text, Exit.LOST, temporary=True) from error
        except InvalidHandshake as error:
            raise Ended(f"the handshake failed: {error}", Exit.REFUSED) from error
        log.info("connected, subprotocol: %s", connection.subprotocol or "none")
        return connection


def reason(closed: ConnectionClosed) -> Ended:
    """Tell why a connection closed."""
    if closed.rcvd is not None:
        return Closed(closed.rcvd.code, closed.rcvd.reason)
    if closed.sent is not None and closed.sent.code in PROTOCOL_CODES:
        return Ended(f"the server broke the protocol: {closed}", Exit.REFUSED)
    return Ended(f"connection lost: {closed}", Exit.LOST, temporary=True)


def render(message: Message, encoding: str, *, as_json: bool, timed: bool = False) -> str:
    """Return the line to print for a message, with the time of now when it is to be timed."""
    text = message if isinstance(message, str) else NOTATIONS[encoding][1](message)
    now = datetime.now().astimezone().isoformat(timespec="milliseconds") if timed else ""
    if not as_json:
        return f"{now} {text}" if timed else text
    fields = {"type": "text" if text is message else "binary", "data": text}
    return json.dumps({"time": now, **fields} if timed else fields, ensure_ascii=False)


async def input_lines() -> AsyncIterator[str]:
    """Yield the lines of standard input, which a thread reads, a few ahead.

    Not through ``sys.stdin``: a thread that waits inside of it holds a lock that the interpreter
    needs when it exits.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[str | None] = asyncio.Queue()
    room = threading.Semaphore(64)

    def read() -> None:
        # There may be no input; and a loop that was closed takes no more lines.
        with contextlib.suppress(OSError, RuntimeError):
            with open(0, encoding="utf-8", errors="replace", newline="\n", closefd=False) as lines:
                for line in lines:
                    room.acquire()
                    loop.call_soon_threadsafe(arrived.put_nowait, line)
            loop.call_soon_threadsafe(arrived.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    while (line := await arrived.get()) is not None:
        room.release()
        yield line.removesuffix("\n").removesuffix("\r")


async def outgoing(args: argparse.Namespace) -> AsyncIterator[Message]:
    """Yield the messages of the command line, or else the lines of standard input."""
    for message in args.message:
        yield message
    if not args.message:
        async for line in input_lines():
            try:
                yield NOTATIONS[args.encoding][0](line) if args.binary else line
            except ValueError as error:
                log.error("not sent, because it is not %s: %s", args.encoding, error)


async def feed(client: Client, args: argparse.Namespace) -> None:
    """Send what is to be sent; the end of a terminal's input closes the connection."""
    with contextlib.suppress(Ended):  # receive() tells it, too
        async for message in outgoing(args):
            await client.send(message)
        if args.count == 0 or (not args.message and os.isatty(0)):
            await client.close()


async def run(args: argparse.Namespace) -> Exit:
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
        async with client:
            feeder = asyncio.create_task(feed(client, args))
            while received < (args.count or math.inf):
                message = await client.receive(deadline - time.monotonic())
                form = {"as_json": args.json_lines, "timed": args.times}
                print(render(message, args.encoding, **form), flush=True)
                received += 1
            feeder.cancel()
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
    talk.setFormatter(logging.Formatter("aiowscli: %(message)s"))
    log.handlers = [talk]
    log.setLevel(logging.ERROR if args.quiet else logging.INFO)
    try:
        return asyncio.run(run(args))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return Exit.OK


if __name__ == "__main__":
    sys.exit(main())
