"""Live tests: every component of the pack, as a user installs it, run against real peers.

``PPM`` names the ppm binary under test. The ``place`` fixture runs ``ppm project add`` with it, so
that the tests use what a project gets: rendered, with its final name and mode. All peers
listen on loopback at a free port.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    PPM=/path/to/ppm venv/bin/python -m pytest

``pyproject.toml`` beside this file holds the rules of ruff and mypy, for the tests and for the
placed files alike.
"""

from __future__ import annotations

import importlib.util
import os
import ssl
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Callable, Protocol

import pytest
import trustme

HERE = Path(__file__).parent
PACK = "tp_py_grpc@cp-0.0.1"


class Place(Protocol):
    """Place a component in a fresh project and return where it landed.

    ``component`` is a name in the pack or a whole reference, ``at`` the ``--located-path``,
    ``keys`` the ``--kv`` pairs.
    """

    def __call__(self, component: str, at: str, /, **keys: str) -> Path: ...


@pytest.fixture(scope="session")
def ppm() -> Path:
    """The ppm binary under test."""
    name = os.environ.get("PPM")
    if not name:
        pytest.exit("PPM is not set: it must name the ppm binary to test", returncode=2)
    path = Path(name).resolve()
    if not os.access(path, os.X_OK):
        pytest.exit(f"PPM={name}: no such executable", returncode=2)
    return path


@pytest.fixture(scope="session")
def place(ppm: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Run ``ppm project add`` with its own home folder and cache."""
    home = tmp_path_factory.mktemp("home")
    env = {
        **os.environ,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }

    def add(component: str, at: str, /, **keys: str) -> Path:
        project = tmp_path_factory.mktemp("project")
        source = component if "//" in component else f"{PACK}//{component}"
        command = [str(ppm), "project", "add", source, f"--located-path={at}"]
        command += [f"--kv={key}::{value}" for key, value in keys.items()]
        done = subprocess.run(
            command, cwd=project, env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        assert (project / at).exists(), (
            f"{source} was added, but there is no {at}\n{done.stdout}{done.stderr}"
        )
        return project / at

    return add


@pytest.fixture(scope="session")
def load() -> Callable[[Path], ModuleType]:
    """Import a placed file by path, under its own name."""

    def load_file(path: Path) -> ModuleType:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module  # dataclasses look their module up by name
        spec.loader.exec_module(module)
        return module

    return load_file


@pytest.fixture(scope="session")
def check_style(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Check a placed file or folder with ruff, ``mypy --strict`` and compileall."""
    cache = tmp_path_factory.mktemp("checkers")
    rules = str(HERE / "pyproject.toml")

    def check(path: Path) -> None:
        for command in (
            ["ruff", "check", "--no-cache", "--config", rules, str(path)],
            ["ruff", "format", "--check", "--diff", "--no-cache", "--config", rules, str(path)],
            ["mypy", "--config-file", rules, "--cache-dir", str(cache), str(path)],
            ["compileall", "-q", str(path)],
        ):
            done = subprocess.run(
                [sys.executable, "-m", *command],
                cwd=path.parent,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"

    return check


class Certificates:
    """Certificates of one authority: ``ca``, and a client's ``cert`` and ``key``, are file names.

    ``stranger`` names the certificate of an authority that signed nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.ca, self.stranger = str(folder / "ca.pem"), str(folder / "stranger.pem")
        self.cert, self.key = str(folder / "client.pem"), str(folder / "client.key")
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(self.ca)
        trustme.CA().cert_pem.write_to_path(self.stranger)
        client = self._authority.issue_cert("client.test")
        client.cert_chain_pems[0].write_to_path(self.cert)
        client.private_key_pem.write_to_path(self.key)

    def server(self, name: str, *, mutual: bool = False) -> ssl.SSLContext:
        """Return the context of a server. With ``mutual`` it requires a client certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        if mutual:
            context.verify_mode = ssl.CERT_REQUIRED
            self._authority.configure_trust(context)
        return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))
