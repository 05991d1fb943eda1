"""The four services as running programs, called by peers that do not have their code."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import grpc
import grpc.aio
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services import (
    SERVICE,
    TEMPLATES,
    Message,
    Running,
    create,
    messages,
    method,
    numbers,
    run,
    running,
)

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
Projects = dict[str, Path]


@pytest.fixture(scope="module")
def projects(ppm: Path, tmp_path_factory: pytest.TempPathFactory) -> Projects:
    return {name: create(ppm, tmp_path_factory.mktemp(name), name) for name in TEMPLATES}


@pytest.fixture(scope="module", params=TEMPLATES)
def service(projects: Projects, request: pytest.FixtureRequest) -> Iterator[Running]:
    """A service that all tests call and no test stops."""
    with running(projects[request.param], "--max-receive=100000") as service:
        yield service


@pytest.fixture
def channel(service: Running) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(service.url) as channel:
        yield channel


every_template = pytest.mark.parametrize("template", TEMPLATES)


# --- calls


def test_square(channel: grpc.Channel) -> None:
    answer, call = method(channel, "Square").with_call(
        Message(Message=1.5), metadata=(("x-request-id", "7"), ("x-other", "8"))
    )
    assert answer == Message(Message=2.25)
    assert [pair for pair in call.initial_metadata() if pair[0][:2] == "x-"] == [
        ("x-request-id", "7")
    ]
    assert list(call.trailing_metadata()) == [("x-count", "1")]


def test_range_square(channel: grpc.Channel) -> None:
    call = method(channel, "RangeSquare")
    assert numbers(call(Message(Message=3))) == [0, 1, 4, 9]
    assert numbers(call(Message(Message=0))) == [0]
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(grpc.RpcError) as error:
            numbers(call(Message(Message=wrong)))
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_sum_square(channel: grpc.Channel) -> None:
    call = method(channel, "SumSquare")
    assert call(messages(1, 2, 3)).Message == 14
    assert call(messages()).Message == 0


def test_streamrange_square(channel: grpc.Channel) -> None:
    """Each response arrives before the next request is sent."""
    requests: SimpleQueue[Any] = SimpleQueue()
    call = method(channel, "StreamrangeSquare")(
        iter(requests.get, None), metadata=(("x-request-id", "7"),)
    )
    assert ("x-request-id", "7") in call.initial_metadata()
    for x in range(5):
        requests.put(Message(Message=x))
        assert next(call).Message == x * x
    requests.put(None)
    assert list(call) == []
    assert list(call.trailing_metadata()) == [("x-count", "5")]


async def test_many_at_once(service: Running) -> None:
    async with grpc.aio.insecure_channel(service.url) as channel:
        square = method(channel, "Square")
        answers = await asyncio.gather(*(square(Message(Message=x)) for x in range(2000)))
    assert numbers(answers) == [x * x for x in range(2000)]


async def test_stream_that_is_cancelled(service: Running) -> None:
    """A stream that would take a minute is cancelled after a second."""

    async def minute() -> Any:
        for x in range(600):
            yield Message(Message=x)
            await asyncio.sleep(0.1)

    async with grpc.aio.insecure_channel(service.url) as channel:
        call = method(channel, "StreamrangeSquare")(minute())
        start, answers = time.monotonic(), []
        with suppress(asyncio.CancelledError):
            async for answer in call:
                answers.append(answer.Message)
                if time.monotonic() - start > 1:
                    call.cancel()
        assert await call.code() is grpc.StatusCode.CANCELLED
        assert answers == [x * x for x in range(len(answers))]
        assert 2 <= len(answers) <= 20
        assert (await method(channel, "Square")(Message(Message=2))).Message == 4


def test_flood_that_is_cancelled(channel: grpc.Channel) -> None:
    call = method(channel, "RangeSquare")(Message(Message=1e12))
    assert next(call).Message == 0
    call.cancel()
    with pytest.raises(grpc.RpcError):
        list(call)
    assert call.code() is grpc.StatusCode.CANCELLED


def test_deadline(channel: grpc.Channel) -> None:
    never: SimpleQueue[Any] = SimpleQueue()
    with pytest.raises(grpc.RpcError) as error:
        method(channel, "SumSquare")(iter(never.get, None), timeout=0.2)
    never.put(None)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_message_over_the_limit(channel: grpc.Channel) -> None:
    field = b"\x12\xc0\x9a\x0c" + bytes(200_000)  # a field that the schema does not have
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(f"/{SERVICE}/Square")(field)  # type: ignore[arg-type]
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_health(channel: grpc.Channel) -> None:
    check: Any = health_pb2_grpc.HealthStub(channel)
    for name in ("", SERVICE):
        assert check.Check(health_pb2.HealthCheckRequest(service=name)).status == SERVING
    with pytest.raises(grpc.RpcError) as error:
        check.Check(health_pb2.HealthCheckRequest(service="nothing"))
    assert error.value.code() is grpc.StatusCode.NOT_FOUND


# --- the end


@every_template
def test_end_while_a_stream_runs(projects: Projects, template: str) -> None:
    """On SIGTERM the health changes, new calls are refused, and open streams may finish."""
    with (
        running(projects[template]) as service,
        grpc.insecure_channel(service.url) as channel,
        grpc.insecure_channel(service.url, [("grpc.use_local_subchannel_pool", 1)]) as other,
    ):
        health: Any = health_pb2_grpc.HealthStub(other)
        watch = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert next(watch).status == SERVING
        requests: SimpleQueue[Any] = SimpleQueue()
        call = method(channel, "StreamrangeSquare")(iter(requests.get, None))
        requests.put(Message(Message=2))
        assert next(call).Message == 4
        service.process.terminate()
        assert next(watch).status == NOT_SERVING
        watch.cancel()
        service.wait_for("stopping")
        end = time.monotonic() + 10
        while square(service.url, None) not in {"UNAVAILABLE", "CANCELLED"}:
            assert time.monotonic() < end
        requests.put(Message(Message=3))
        assert next(call).Message == 9
        assert service.process.poll() is None
        requests.put(None)
        assert list(call) == []
        assert service.process.wait(5) == 0, service.log()


@every_template
def test_end_while_a_stream_runs_on(projects: Projects, template: str) -> None:
    """A stream that does not finish within the grace period is cancelled."""
    with (
        running(projects[template], "--grace=0.3") as service,
        grpc.insecure_channel(service.url) as channel,
    ):
        requests: SimpleQueue[Any] = SimpleQueue()
        call = method(channel, "StreamrangeSquare")(iter(requests.get, None))
        requests.put(Message(Message=2))
        assert next(call).Message == 4
        start = time.monotonic()
        service.stop()
        assert 0.3 <= time.monotonic() - start < 5
        with pytest.raises(grpc.RpcError):
            next(call)
        requests.put(None)


# --- TLS


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Certificates and keys of the authority, the service, a client and another authority."""
    folder = tmp_path_factory.mktemp("tls")
    authority, stranger = trustme.CA(), trustme.CA()
    found = {}
    for name, ca, host in [
        ("service", authority, "localhost"),
        ("client", authority, "client.test"),
        ("stranger", stranger, "client.test"),
    ]:
        certificate = ca.issue_cert(host)
        certificate.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
        found[name] = str(folder / f"{name}.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "noise.pem").write_text("noise\n")
    return {**found, "ca": str(folder / "ca.pem"), "noise": str(folder / "noise.pem")}


def square(url: str, credentials: grpc.ChannelCredentials | None) -> str:
    """Return the response of a call, or the name of its status code."""
    local = url.replace("127.0.0.1", "localhost")
    channel = (
        grpc.secure_channel(local, credentials) if credentials else grpc.insecure_channel(local)
    )
    with channel:
        try:
            return str(method(channel, "Square")(Message(Message=3), timeout=3).Message)
        except grpc.RpcError as error:
            return error.code().name


def trusting(ca: str, pair: str | None = None) -> grpc.ChannelCredentials:
    own = Path(pair).read_bytes() if pair else None
    return grpc.ssl_channel_credentials(Path(ca).read_bytes(), own, own)


@every_template
def test_tls(projects: Projects, files: dict[str, str], template: str) -> None:
    project, pair = projects[template], ("--cert", files["service"], "--key", files["service"])
    with running(project, *pair) as service:
        assert square(service.url, trusting(files["ca"])) == "9.0"
        assert square(service.url, trusting(files["stranger"])) == "UNAVAILABLE"
        assert square(service.url, None) == "UNAVAILABLE"
        probe = [sys.executable, "testpygrpc", "health", "--url", service.url]
        trust = ["--ca", files["ca"], "--name", "localhost"]
        assert run([*probe, *trust], project) == "SERVING\n"


@every_template
def test_mutual_tls(projects: Projects, files: dict[str, str], template: str) -> None:
    project, pair = projects[template], ("--cert", files["service"], "--key", files["service"])
    with running(project, *pair, "--client-ca", files["ca"]) as service:
        assert square(service.url, trusting(files["ca"], files["client"])) == "9.0"
        assert square(service.url, trusting(files["ca"], files["stranger"])) == "UNAVAILABLE"
        assert square(service.url, trusting(files["ca"])) == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--cert={service}", "--key=nowhere.pem"], "nowhere.pem"),
        (["--cert=nowhere.pem", "--key={service}"], "nowhere.pem"),
        (["--cert={service}", "--key={client}"], "client.pem"),  # not a pair
        (["--cert={noise}", "--key={service}"], "noise.pem"),
        (["--cert={service}"], "both cert and key"),
        (["--client-ca={ca}"], "both cert and key"),
        (["--cert={service}", "--key={service}", "--client-ca={noise}"], "noise.pem"),
    ],
)
@pytest.mark.parametrize("template", ["sync", "aio"])  # the other templates share the file
def test_tls_files_that_are_wrong(
    projects: Projects, files: dict[str, str], template: str, flags: list[str], named: str
) -> None:
    given = [flag.format(**files) for flag in flags]
    command = [sys.executable, "testpygrpc", "--address=127.0.0.1:0", *given]
    output = run(command, projects[template], code=2)
    assert output.startswith("testpygrpc serve: ")
    assert named in output
    assert "Traceback" not in output


# --- starting


@every_template
def test_port_that_is_taken(projects: Projects, template: str) -> None:
    project = projects[template]
    with running(project) as service:
        output = run([sys.executable, "testpygrpc", "--address", service.url], project, code=2)
    assert f"testpygrpc serve: listening at {service.url}: " in output


@pytest.mark.parametrize("template", ["sync", "aio"])
def test_no_stubs(projects: Projects, template: str, tmp_path: Path) -> None:
    """The service and its client print how to generate the stubs, and the command works."""
    for name in ("testpygrpc", "pbschema"):
        copy(projects[template] / name, tmp_path / name)
    output = run([sys.executable, "testpygrpc"], tmp_path, code=1)
    assert "Traceback" not in output
    found = re.search(
        r"No module named 'testpygrpc_pb2': make the stubs with  python\S* (.*)", output
    )
    assert found
    output = run([sys.executable, "-m", "testpygrpc.sdk"], tmp_path, code=1)
    assert "python -m grpc_tools.protoc -Ipbschema" in output
    run([sys.executable, found[1]], tmp_path)
    with running(tmp_path) as service:
        assert square(service.url, None) == "9.0"


def copy(source: Path, target: Path) -> None:
    target.mkdir()
    for path in source.iterdir():
        if path.is_file():
            (target / path.name).write_bytes(path.read_bytes())
        elif path.name == "sdk":
            copy(path, target / path.name)


@pytest.mark.parametrize("template", ["syncnogen", "aionogen"])
def test_no_schema(projects: Projects, template: str, tmp_path: Path) -> None:
    copy(projects[template] / "testpygrpc", tmp_path / "testpygrpc")
    output = run([sys.executable, "testpygrpc"], tmp_path, code=1)
    assert "there is no pbschema/testpygrpc.proto above" in output
    assert "Traceback" not in output


# --- an interceptor, as the pack's README adds it


@pytest.mark.parametrize("template", ["aio", "syncnogen"])
def test_interceptor_of_one_file(
    ppm: Path, tmp_path: Path, projects: Projects, template: str
) -> None:
    """With the import and the argument, every call is timed, here as JSON."""
    style = "sync" if template.startswith("sync") else "aio"
    project = projects[template]
    service = tmp_path / "testpygrpc"
    copy(project / "testpygrpc", service)
    copy(project / "pbschema", tmp_path / "pbschema")
    at = "testpygrpc/interceptor/timer.py"
    added = f"tp_py_grpc@cp-0.0.1//{style}_serv_interceptor_source"
    run(
        [ppm, "project", "add", added, f"--located-path={at}", "--kv=source::timer", "--yes"],
        tmp_path,
    )
    if (service / "genpb.py").exists():
        run([sys.executable, service / "genpb.py"], tmp_path)
    text = (service / "serv.py").read_text()
    text = text.replace(
        "\nimport logs\n", "\nimport logs\nfrom interceptor.timer import Interceptor\n"
    )
    text = re.sub(r"(self\.(?:common|xds)_serv\(self\.options)\)", r"\1, Interceptor())", text)
    assert text.count("Interceptor()") == 2
    (service / "serv.py").write_text(text)
    with running(tmp_path, "--log-json") as timed:
        run([sys.executable, "testpygrpc", "call", "--url", timed.url], tmp_path)
        timed.stop()
        lines = [json.loads(line) for line in timed.log().splitlines()]
    calls = [line for line in lines if line["logger"] == "interceptor.timer"]
    assert [
        (c["method"].rsplit("/", 1)[1], c["code"], c["received"], c["sent"]) for c in calls
    ] == [
        ("Square", "OK", 1, 1),
        ("RangeSquare", "OK", 1, 4),
        ("SumSquare", "OK", 4, 1),
        ("StreamrangeSquare", "OK", 4, 4),
    ]
    assert all(line["milliseconds"] > 0 for line in calls)
