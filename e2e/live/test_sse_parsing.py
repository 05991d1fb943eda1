"""The event stream format, rule by rule, in the parsers of ssecli and aiossecli."""

from __future__ import annotations

import random
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

import pytest

from conftest import Place


@pytest.fixture(scope="module", params=["ssecli", "aiossecli"])
def client(
    request: pytest.FixtureRequest, place: Place, load: Callable[[Path], ModuleType]
) -> ModuleType:
    return load(place(request.param, f"{request.param}.py"))


def flat(events: list[Any]) -> list[tuple[str, str, str]]:
    return [(event.type, event.data, event.id) for event in events]


def message(data: str, last_id: str = "") -> tuple[str, str, str]:
    return ("message", data, last_id)


# Each row: the case, the bytes of the stream, and the events as (type, data, last event id).
RULES: list[tuple[str, bytes, list[tuple[str, str, str]]]] = [
    ("nothing", b"", []),
    ("blank lines", b"\n\n\n", []),
    ("one line of data", b"data: a\n\n", [message("a")]),
    ("several lines of data", b"data: a\ndata: b\ndata: c\n\n", [message("a\nb\nc")]),
    ("an empty line of data between", b"data: a\ndata:\ndata: c\n\n", [message("a\n\nc")]),
    ("data that ends with empty lines", b"data: a\ndata\ndata\n\n", [message("a\n\n")]),
    ("empty data", b"data:\n\n", [message("")]),
    ("data without a colon", b"data\n\n", [message("")]),
    ("two lines of empty data", b"data\ndata\n\n", [message("\n")]),
    ("two events", b"data: a\n\ndata: b\n\n", [message("a"), message("b")]),
    ("many blank lines between", b"data: a\n\n\n\ndata: b\n\n", [message("a"), message("b")]),
    ("no space after the colon", b"data:a\n\n", [message("a")]),
    ("one of two spaces removed", b"data:  a\n\n", [message(" a")]),
    ("only a space removed, no tab", b"data:\ta\n\n", [message("\ta")]),
    ("a space that is all", b"data: \n\n", [message("")]),
    ("trailing spaces kept", b"data: a \n\n", [message("a ")]),
    ("colons in the value", b"data: a:b: c\n\n", [message("a:b: c")]),
    ("comment", b": hello\n\n", []),
    ("empty comment", b":\n\n", []),
    ("comment that looks like data", b":data: a\n\n", []),
    ("comment within an event", b"data: a\n: ping\ndata: b\n\n", [message("a\nb")]),
    ("comment between events", b"data: a\n\n:\ndata: b\n\n", [message("a"), message("b")]),
    ("event type", b"event: add\ndata: a\n\n", [("add", "a", "")]),
    ("event type after the data", b"data: a\nevent: add\n\n", [("add", "a", "")]),
    ("last event type wins", b"event: x\nevent: y\ndata: a\n\n", [("y", "a", "")]),
    ("empty event type", b"event: x\nevent:\ndata: a\n\n", [message("a")]),
    ("type forgotten", b"event: x\ndata: a\n\ndata: b\n\n", [("x", "a", ""), message("b")]),
    ("type without data", b"event: x\n\ndata: b\n\n", [message("b")]),
    ("id", b"id: 1\ndata: a\n\n", [message("a", "1")]),
    ("id stays", b"id: 1\ndata: a\n\ndata: b\n\n", [message("a", "1"), message("b", "1")]),
    ("id reset", b"id: 1\ndata: a\n\nid\ndata: b\n\n", [message("a", "1"), message("b")]),
    ("id without data", b"id: 7\n\ndata: a\n\n", [message("a", "7")]),
    ("id with NULL ignored", b"id: 1\nid: a\0b\ndata: a\n\n", [message("a", "1")]),
    ("id is any text", "id: ü 1\ndata: a\n\n".encode(), [message("a", "ü 1")]),
    ("NULL in data", b"data: a\0b\n\n", [message("a\0b")]),
    ("unknown field", b"x: y\ndata: a\nfoo\n\n", [message("a")]),
    ("names have case", b"Data: a\nDATA: b\n\n", []),
    ("no space before a name", b" data: a\n\n", []),
    ("no space after a name", b"data : a\n\n", []),
    ("LF", b"data: a\ndata: b\n\n", [message("a\nb")]),
    ("CR", b"data: a\rdata: b\r\r", [message("a\nb")]),
    ("CRLF", b"data: a\r\ndata: b\r\n\r\n", [message("a\nb")]),
    ("line ends mixed", b"data: a\r\ndata: b\rdata: c\n\r\n", [message("a\nb\nc")]),
    ("LF CR is two line ends", b"data: a\n\rdata: b\n\n", [message("a"), message("b")]),
    ("no other line ends", "data:\v\f\x1c\x85\u2028\n\n".encode(), [message("\v\f\x1c\x85\u2028")]),
    ("BOM", b"\xef\xbb\xbfdata: a\n\n", [message("a")]),
    ("second BOM is text", b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
    ("BOM later on is text", b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [message("a")]),
    ("BOM in data", b"data: \xef\xbb\xbfa\n\n", [message("\ufeffa")]),
    ("half a BOM", b"\xef\xbbdata: a\n\ndata: b\n\n", [message("b")]),
    ("UTF-8", "data: é 你好 🎈\n\n".encode(), [message("é 你好 🎈")]),
    ("broken UTF-8", b"data: a\xffb\xe4\xbdc\n\n", [message("a\ufffdb\ufffdc")]),
    ("surrogates are broken UTF-8", b"data: \xed\xa0\x80\n\n", [message("\ufffd" * 3)]),
    ("no dispatch at the end", b"data: a\n\ndata: b\n", [message("a")]),
    ("no dispatch of half a line", b"data: a\n\ndata: b", [message("a")]),
    ("no dispatch of a CR alone", b"data: a\r\ndata: b\r\n", []),
]  # fmt: skip
PARSING = pytest.mark.parametrize(
    ("stream", "expected"), [row[1:] for row in RULES], ids=[row[0] for row in RULES]
)


@PARSING
def test_whole(client: ModuleType, stream: bytes, expected: list[tuple[str, str, str]]) -> None:
    assert flat(client.Parser().feed(stream)) == expected


@PARSING
def test_bytewise(client: ModuleType, stream: bytes, expected: list[tuple[str, str, str]]) -> None:
    parser = client.Parser()
    assert flat([event for byte in stream for event in parser.feed(bytes([byte]))]) == expected


@PARSING
def test_cut_in_two(
    client: ModuleType, stream: bytes, expected: list[tuple[str, str, str]]
) -> None:
    for cut in range(len(stream)):
        parser = client.Parser()
        assert flat(parser.feed(stream[:cut]) + parser.feed(stream[cut:])) == expected


def test_random_streams_in_random_chunks(client: ModuleType) -> None:
    rng = random.Random(20)  # noqa: S311
    pieces = [b"data", b"id", b"event", b"retry", b":", b" ", b"\r", b"\n", b"\r\n", b"\n\n"]
    pieces += [b"a", b"1", b"\0", b"\xef\xbb\xbf", b"\xe4\xbd\xa0", b"\xe4", b"\xff", b"data: x"]
    for _ in range(2000):
        stream = b"".join(rng.choices(pieces, k=rng.randrange(40)))
        whole, parts = client.Parser(), client.Parser()
        expected, events = whole.feed(stream), []
        while stream:
            size = rng.randrange(1, 8)
            events += parts.feed(stream[:size])
            stream = stream[size:]
        assert events == expected
        assert (parts.last_event_id, parts.retry) == (whole.last_event_id, whole.retry)


RETRY = [
    (b"retry: 1500\n", 1.5),
    (b"retry:0\n", 0.0),
    (b"retry: 007\n", 0.007),
    (b"retry: 100\nretry: 200\n", 0.2),
    (b"retry: 100\nretry: x\n", 0.1),
    (b"retry: " + b"9" * 5000 + b"\n", 3600.0),
    (b"retry: 10", None),
    (b"retry\n", None),
    (b"retry: \n", None),
    (b"retry: 1.5\n", None),
    (b"retry: -1\n", None),
    (b"retry: +1\n", None),
    (b"retry: 1 \n", None),
    (b"retry:  1\n", None),
    (b"retry: 0x10\n", None),
    (b"retry: 1_000\n", None),
    ("retry: ١٢\n".encode(), None),
]


@pytest.mark.parametrize(("stream", "seconds"), RETRY, ids=lambda value: str(value)[:30])
def test_retry(client: ModuleType, stream: bytes, seconds: float | None) -> None:
    parser = client.Parser()
    assert parser.feed(stream) == []
    assert parser.retry == seconds


# Each row: the case, the bytes, and the id that a reconnect sends.
LAST_IDS = [
    ("none", b"data: a\n\n", "old"),
    ("dispatched", b"id: 1\ndata: a\n\n", "1"),
    ("dispatched without data", b"id: 1\n\n", "1"),
    ("cut short", b"id: 1\ndata: a\n\nid: 2\ndata: b\n", "1"),
    ("reset", b"id\n\n", ""),
]


@pytest.mark.parametrize(
    ("stream", "expected"), [row[1:] for row in LAST_IDS], ids=[row[0] for row in LAST_IDS]
)
def test_last_event_id(client: ModuleType, stream: bytes, expected: str) -> None:
    parser = client.Parser("old")
    parser.feed(stream)
    assert parser.last_event_id == expected


def test_an_event_comes_with_its_last_byte(client: ModuleType) -> None:
    parser = client.Parser()
    assert parser.feed(b"data: a\r") == []
    assert flat(parser.feed(b"\r")) == [message("a")]  # without waiting for a line feed
    assert parser.feed(b"\n") == []
    assert flat(parser.feed(b"data: b\n\n")) == [message("b")]


def test_a_long_line_in_small_chunks_takes_linear_time(client: ModuleType) -> None:
    parser = client.Parser()
    for _ in range(20_000):
        parser.feed(b"x" * 500)  # ten megabytes without a line end
    assert parser.feed(b"\ndata: a\n\n")[0].data == "a"
