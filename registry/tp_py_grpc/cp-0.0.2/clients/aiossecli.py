#!/usr/bin/env python3
"""A client for server-sent events to debug services with, for asyncio, built on aiohttp.

On the command line:

    python aiossecli.py http://localhost:8080/events --count 3

In a program:

    async for event in Client("http://localhost:8080/events").events():
        print(event.type, event.data)
"""

from __future__ import annotations

import argparse
import asyncio
import codecs
import contextlib
import enum
import http
import io
import json
import logging
import math
import os
import random
import re
import ssl
import string
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict

FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0  # seconds before a reconnect, unless the server names them
LONGEST_RETRY = 3600.0  # seconds that a server can make the client wait
CHUNK = 65536  # bytes that are read at once, at most
LINE_END = re.compile(r"\r\n|\r|\n")

log = logging.getLogger("aiossecli")


class Exit(enum.IntEnum):
    """What the exit status tells."""

    OK = 0
    LOST = 1
    USAGE = 2
    TIMEOUT = 3
    REFUSED = 4
    INTERRUPTED = 130


class Ended(Exception):
    """The stream is over, and the client has stopped reconnecting."""

    def __init__(self, text: str, status: Exit, *, temporary: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.temporary = temporary


@dataclass(frozen=True)
class Event:
    """One event; ``id`` is the last one that the server named, in this event or before it."""

    type: str
    data: str
    id: str


class Parser:
    """The event stream format, by the HTML standard: bytes in, in chunks of any size, events out.

    ``last_event_id`` and ``retry`` (seconds, ``None`` until the server names them) are what the
    next request goes by. An event that the end of the stream cuts short is never dispatched.
    """

    def __init__(self, last_event_id: str = "", retry: float | None = None) -> None:
        self.last_event_id = last_event_id
        self.retry = retry
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._after_cr = False  # a line feed that comes next belongs to the line that has ended
        self._line: list[str] = []  # pieces of the line that has not ended yet
        self._id = last_event_id
        self._type = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes and return the events that they complete."""
        text = self._decode(chunk)
        if not text:
            return []
        if self._after_cr:
            text = text.removeprefix("\n")
        self._after_cr = text.endswith("\r")
        first, *others = LINE_END.split(text)
        self._line.append(first)
        events = []
        for start in others:
            event = self._end_line("".join(self._line))
            if event is not None:
                events.append(event)
            self._line = [start]
        return events

    def _end_line(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")  # a comment has no name
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and re.fullmatch("[0-9]+", value):
            self.retry = min(float(value) / 1000, LONGEST_RETRY)
        return None

    def _dispatch(self) -> Event | None:
        self.last_event_id = self._id
        data, kind = self._data, self._type or "message"
        self._data, self._type = [], ""
        return Event(kind, "\n".join(data), self._id) if data else None


@dataclass
class Client:
    """An event stream that is asked for again when it breaks off, ``reconnect`` times in a row.

    Times are in seconds. A server that sends nothing for ``idle_timeout``, not even a comment,
    counts as lost. To leave early, close the generator that ``events`` returns.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    tls: ssl.SSLContext | None = None
    connect_timeout: float = 10.0
    idle_timeout: float | None = None
    reconnect: int = 0
    last_event_id: str = ""
    retry: float | None = None

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield events until the stream ends in good order; any other end raises ``Ended``."""
        failures = 0  # in a row, since the last event
        while True:
            try:
                async with self._response() as response:
                    parser = Parser(self.last_event_id, self.retry)
                    async for chunk in response.content.iter_any():
                        events = parser.feed(chunk)
                        self.last_event_id, self.retry = parser.last_event_id, parser.retry
                        for event in events:
                            failures = 0
                            yield event
                raise Ended("the stream ended", Exit.OK, temporary=True)
            except Ended as ended:
                if not ended.temporary or failures >= self.reconnect:
                    if ended.status is Exit.OK:
                        return
                    raise
                end = ended
            delay = self._delay(failures)
            failures += 1
            log.info("%s; reconnecting in %.1f s", end, delay)
            await asyncio.sleep(delay)

    def _delay(self, failures: int) -> float:
        """The server's own delay at first, then twice that and so on, spread out a little."""
        first = FIRST_DELAY if self.retry is None else self.retry
        delay = min(first * 2.0 ** min(failures, 16), max(first, LONGEST_DELAY))
        return delay * random.uniform(1, 1.2)  # noqa: S311

    def _headers(self) -> CIMultiDict[str]:
        headers = CIMultiDict({"Accept": "text/event-stream", "Cache-Control": "no-store"})
        headers["Accept-Encoding"] = "identity"  # compression may hold events back
        headers.update(self.headers)
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id.strip(string.whitespace)
        return headers

    @contextlib.asynccontextmanager
    async def _response(self) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask for the stream; while it is read, tell every failure as an end."""
        timeout = aiohttp.ClientTimeout(
            sock_connect=self.connect_timeout, sock_read=self.idle_timeout
        )
        try:
            async with (
                aiohttp.ClientSession(
                    headers=self._headers(), timeout=timeout, trust_env=True
                ) as session,
                session.request(
                    self.method, self.url, data=self.body, ssl=self.tls or True
                ) as response,
            ):
                check(response)
                log.info("connected")
                yield response
        except aiohttp.ClientSSLError as error:
            text = f"the TLS handshake failed: {error.__cause__ or error}"
            raise Ended(text, Exit.LOST) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            text = f"cannot connect: {error.__cause__ or error}"
            raise Ended(text, Exit.LOST, temporary=True) from error
        except (
            aiohttp.InvalidURL,
            aiohttp.NonHttpUrlClientError,
            aiohttp.TooManyRedirects,
        ) as error:
            raise Ended(f"cannot request it: {error}", Exit.REFUSED) from error
        except (OSError, asyncio.TimeoutError, aiohttp.ClientError) as error:
            raise Ended(f"connection lost: {error}", Exit.LOST, temporary=True) from error


def check(response: aiohttp.ClientResponse) -> None:
    """Raise the end that a response means which is no event stream."""
    if response.status == http.HTTPStatus.NO_CONTENT:
        raise Ended("the server has nothing more to tell", Exit.OK)
    if response.status != http.HTTPStatus.OK:
        text = f"the server answered {response.status} {response.reason}"
        raise Ended(text, Exit.REFUSED, temporary=response.status >= 500)
    kind = response.headers.get("Content-Type", "")
    if kind.partition(";")[0].strip().lower() != "text/event-stream":
        text = f"the server answered with content of type {kind!r}, not text/event-stream"
        raise Ended(text, Exit.REFUSED)


def render(event: Event, *, as_json: bool) -> str:
    """Return what to print for an event: a line of JSON, or the event as a stream has it."""
    if as_json:
        fields = {"event": event.type, "data": event.data, "id": event.id}
        return json.dumps(fields, ensure_ascii=False)
    lines = [f"id: {event.id}"] if event.id else []
    lines += [f"event: {event.type}"] if event.type != "message" else []
    lines += [f"data: {line}" for line in event.data.split("\n")]
    return "\n".join(lines) + "\n"


async def run(args: argparse.Namespace) -> Exit:
    """Do what the command line asks for."""
    deadline = time.monotonic() + args.timeout
    content = {}
    if args.json is not None:
        content["Content-Type"] = "application/json"
    elif args.data is not None:
        content["Content-Type"] = "application/x-www-form-urlencoded"
    client = Client(
        args.url,
        method=args.method or ("POST" if content else "GET"),
        headers={**content, **{name.title(): value for name, value in args.header}},
        body=args.data if args.json is None else args.json,
        tls=args.tls,
        idle_timeout=args.idle_timeout,
        reconnect=args.reconnect,
        last_event_id=args.last_event_id,
    )
    count, stream = 0, client.events()
    try:
        while count != args.count:
            event = await asyncio.wait_for(stream.__anext__(), deadline - time.monotonic())
            print(render(event, as_json=args.json_lines), flush=True)
            count += 1
    except asyncio.TimeoutError:
        log.error("error: time is up after %d events", count)
        return Exit.TIMEOUT
    except Ended as ended:
        log.error("error: %s, after %d events", ended, count)
        return ended.status
    except StopAsyncIteration:
        if args.count:
            log.error("error: the stream ended after %d of %d events", count, args.count)
            return Exit.REFUSED
        log.info("the stream ended after %d events", count)
    finally:
        await stream.aclose()
    return Exit.OK


def address(text: str) -> str:
    url = urlsplit(text)
    if not text.startswith(("http://", "https://")) or not url.hostname or url.port == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not http[s]://host[:port][/path]")
    return text


def header(text: str) -> tuple[str, str]:
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 'Name: value'")
    if not (value.isascii() and value.isprintable()):
        raise argparse.ArgumentTypeError(f"the header {name} cannot be set to {value!r}")
    return name, value


def body(text: str) -> bytes:
    return text.encode()


def json_body(text: str) -> bytes:
    json.loads(text)
    return text.encode()


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


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


EPILOG = """\
The client prints events until --count, --timeout, Ctrl-C or the server ends it. With --reconnect it
comes back after the delay that the server named, with the header Last-Event-ID, as a browser does.
持续打印事件, 直到满足 --count, --timeout, Ctrl-C 或服务端结束. 使用 --reconnect 时与浏览器一致:
按服务端给出的 retry 等待, 并带上 Last-Event-ID 重连.

exit status / 退出码:
  0    done, or the stream ended in good order (end of the response, 204) / 正常结束
  1    the connection failed or was lost / 连接失败或中断
  2    the command line is wrong / 命令行参数错误
  3    --timeout is over / 超时
  4    an error or no event stream, or the end before --count / 服务端报错, 非事件流或未收满
  130  Ctrl-C
"""


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Client for server-sent events / SSE 调试客户端",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("url", type=address, help="http[s]://host[:port][/path]")
    add("--count", type=positive, metavar="N", help="events to wait for / 收满 N 条后退出")
    add("--timeout", type=seconds, default=math.inf, metavar="S", help="total time / 总时限(秒)")
    add("--idle-timeout", type=seconds, metavar="S", help="silence means lost / 静默视为断开(秒)")
    add("--reconnect", type=natural, default=0, metavar="N", help="times in a row / 连续重连次数")
    add("--last-event-id", default="", metavar="ID", help="event to go on after / 从此事件之后继续")
    add("--header", type=header, action="append", default=[], help="'K: V', repeatable / 可重复")
    add("--method", help="default: GET, or POST with a body / 请求方法")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--data", type=body, help="body of a form / 表单请求体")
    either.add_argument("--json", type=json_body, help="body of JSON / JSON 请求体")
    add("--json-lines", action="store_true", help="print JSON lines / 以 JSON 行输出")
    add("--quiet", action="store_true", help="tell errors only / 只报告错误")
    add = parser.add_argument_group("TLS").add_argument
    add("--cacert", metavar="FILE", help="trusted authorities / 受信任的 CA 证书")
    add("--cert", metavar="FILE", help="client certificate / 客户端证书")
    add("--key", metavar="FILE", help="its private key / 客户端私钥")
    add("--insecure", action="store_true", help="trust any server / 不校验服务端证书")
    return parser


def tls_context(args: argparse.Namespace) -> ssl.SSLContext | None:
    """Build the TLS settings; raise ``OSError`` or ``ValueError`` when they cannot be used."""
    if not args.url.startswith("https:"):
        if args.cacert or args.cert or args.key or args.insecure:
            raise ValueError("TLS options need an address that starts with https://")
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


def main(argv: Sequence[str] | None = None) -> int:
    parser = arguments()
    args = parser.parse_args(argv)
    try:
        args.tls = tls_context(args)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    talk = logging.StreamHandler()
    talk.setFormatter(logging.Formatter("aiossecli: %(message)s"))
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
