"""Projects made of the pack's components, and their services as running programs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

TEMPLATES = ["sync", "aio", "syncnogen", "aionogen"]
SERVICE = "testpygrpc.TESTPYGRPC"

# The message of the schema, for a peer that has no code of the project.
_FILE = descriptor_pb2.FileDescriptorProto(name="peer.proto", package="peer", syntax="proto3")
_FIELD = _FILE.message_type.add(name="Message").field.add(name="Message", number=1)
_FIELD.type, _FIELD.label = _FIELD.TYPE_DOUBLE, _FIELD.LABEL_OPTIONAL
_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_FILE)
Message: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName("peer.Message"))


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment with its own home folder, without the user's settings."""
    places = {"HOME": home, "XDG_CACHE_HOME": home / "cache", "XDG_CONFIG_HOME": home / "config"}
    return {**os.environ, **{name: str(path) for name, path in places.items()}, **more}


def create(ppm: Path, folder: Path, template: str, name: str = "testpygrpc", **keys: str) -> Path:
    """Create a project from a template, with its tests and its stubs."""
    project = folder / "project"
    project.mkdir(parents=True)
    command = [str(ppm), "project", "new", "-t", f"tp_py_grpc@{template}-0.0.1", "-n", name]
    command += ["--with_test", "--yes", *(f"--kv={key}::{value}" for key, value in keys.items())]
    run(command, project, env=environment(folder / "home"))
    if (project / name / "genpb.py").exists():
        run([sys.executable, f"{name}/genpb.py"], project)
    return project


def run(
    command: Sequence[str | Path],
    folder: Path,
    *,
    code: int = 0,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program, which must exit with `code`, and return its output."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != code:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}")
    return done.stdout


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Running:
    """A running service: `python NAME --address URL …`."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    def log(self) -> str:
        return self.log_file.read_text()

    def wait_for(self, text: str) -> str:
        """Wait until the log contains the text, and return the log."""
        end = time.monotonic() + 30
        while text not in (log := self.log()):
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"there is no {text!r} in {log!r}")
            time.sleep(0.01)
        return log

    def stop(self) -> None:
        """Terminate the service, which must exit with 0."""
        self.process.terminate()
        if self.process.wait(30) != 0:
            raise AssertionError(f"it ended with {self.process.returncode}: {self.log()}")


@contextmanager
def running(
    project: Path,
    *flags: str,
    name: str = "testpygrpc",
    env: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Run a service on a free port. Stop it at the end, unless the test has stopped it."""
    url = f"127.0.0.1:{free_port()}"
    log_file = project.parent / f"{url}.log"
    command = [sys.executable, name, "--address", url, *flags]
    with (
        log_file.open("wb") as log,
        subprocess.Popen(
            command, cwd=project, env={**os.environ, **(env or {})}, stderr=log, stdout=log
        ) as process,
    ):
        service = Running(url, process, log_file)
        try:
            service.wait_for("serving at")
            yield service
            if process.poll() is None:
                service.stop()
        finally:
            process.kill()


def method(channel: Any, name: str) -> Any:
    """Return one of the four calls, on a channel with threads or with asyncio."""
    kinds = {
        "Square": channel.unary_unary,
        "RangeSquare": channel.unary_stream,
        "SumSquare": channel.stream_unary,
        "StreamrangeSquare": channel.stream_stream,
    }
    return kinds[name](
        f"/{SERVICE}/{name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=Message.FromString,
    )


def numbers(messages: Any) -> list[float]:
    return [message.Message for message in messages]


def messages(*xs: float) -> Iterator[Any]:
    return iter([Message(Message=x) for x in xs])
