"""Whole projects: their files, their tests and their installation."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conftest import Place
from services import TEMPLATES, create, run, running

Projects = dict[str, Path]
every_template = pytest.mark.parametrize("template", TEMPLATES)


@pytest.fixture(scope="module")
def projects(ppm: Path, tmp_path_factory: pytest.TempPathFactory) -> Projects:
    return {name: create(ppm, tmp_path_factory.mktemp(name), name) for name in TEMPLATES}


# --- files


GENERATED, PARSED = ["sync", "aio"], ["syncnogen", "aionogen"]
THREADS, ASYNCIO = ["sync", "syncnogen"], ["aio", "aionogen"]


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        (TEMPLATES, ["__main__.py", "logs.py", "options.py", "probe.py"]),
        (GENERATED, ["genpb.py", "pb.py", "sdk/pb.py"]),
        (PARSED, ["pb.py", "sdk/pb.py"]),
        (THREADS, ["handler.py", "serv.py", "sdk/client.py", "sdk/__main__.py"]),
        (ASYNCIO, ["handler.py", "serv.py", "sdk/client.py", "sdk/__main__.py"]),
    ],
    ids=["all", "generated", "parsed", "threads", "asyncio"],
)
def test_variants_share(projects: Projects, parts: list[str], names: list[str]) -> None:
    """Variants differ only where they must."""
    for name in names:
        assert len({(projects[part] / "testpygrpc" / name).read_text() for part in parts}) == 1


def test_main_is_the_services_own(place: Place, projects: Projects) -> None:
    main = place("main", "testpygrpc/__main__.py", serv_name="testpygrpc").read_text()
    own = (projects["sync"] / "testpygrpc" / "__main__.py").read_text()
    assert [line for line in main.splitlines() if "PROGRAM =" not in line] == [
        line for line in own.splitlines() if "PROGRAM =" not in line
    ]


@every_template
def test_style(projects: Projects, tmp_path_factory: pytest.TempPathFactory, template: str) -> None:
    """The project follows its own rules for ruff and mypy."""
    cache = os.environ | {"MYPY_CACHE_DIR": str(tmp_path_factory.getbasetemp() / "mypy")}
    for command in (
        ["ruff", "check", "--no-cache"],
        ["ruff", "check", "--no-cache", "--isolated", "--exclude=*_pb", "--target-version=py39"],
        ["ruff", "format", "--check", "--diff", "--no-cache"],
        ["mypy", "testpygrpc", "tests"],
        ["compileall", "-q", "."],
    ):
        run([sys.executable, "-m", *command], projects[template], env=cache)


# --- names


@pytest.mark.parametrize("template", ["sync", "aionogen"])
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("my-service", {}),  # the service's name becomes my_service
        ("testpygrpc", {"serv_name": "class"}),  # a keyword of Python
        ("testpygrpc", {"serv_name": "message"}),  # a keyword of protobuf
        ("2fast", {"serv_name": "fast"}),
        ("服务", {"serv_name": "fuwu", "app_name": "fuwu"}),
    ],
)
def test_name_that_is_odd(
    ppm: Path, tmp_path: Path, template: str, name: str, keys: dict[str, str]
) -> None:
    project = create(ppm, tmp_path / "目录", template, name, **keys)
    with running(project, name=name) as service:
        output = run([sys.executable, "-m", f"{name}.sdk", "--url", service.url], project)
    assert "Square: 9.0" in output


@pytest.mark.parametrize("name", ["2fast", "服务", "a/b", "a$b"])
def test_name_that_cannot_be(ppm: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(AssertionError, match='key "serv_name" cannot be'):
        create(ppm, tmp_path, "sync", serv_name=name)


# --- tests and installation


@every_template
def test_own_tests(projects: Projects, template: str) -> None:
    output = run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], projects[template]
    )
    assert "9 passed" in output


@pytest.mark.parametrize("template", ["sync", "aionogen"])
def test_installed(projects: Projects, template: str, tmp_path: Path) -> None:
    """`pip install .` installs a module and a program that do not need the project's folder."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    target = tmp_path / "site"
    run([*pip, "--no-build-isolation", "--target", target, "."], projects[template])
    path = os.environ | {"PYTHONPATH": str(target)}
    away = tmp_path / "away"
    away.mkdir()
    code = "import testpygrpc; print(testpygrpc.Serv.__name__, testpygrpc.__file__)"
    assert run([sys.executable, "-c", code], away, env=path).startswith(f"Serv {target}")
    program = target / "bin" / "testpygrpc"
    assert run([program, "health", "--url=127.0.0.1:1"], away, code=1, env=path)
    with running(target.parent, name="site/testpygrpc") as service:
        output = run([program, "call", "--url", service.url], away, env=path)
    assert "Square: 9.0" in output


# --- options; the variants share the file


@pytest.fixture(scope="module")
def options(projects: Projects) -> ModuleType:
    path = projects["sync"] / "testpygrpc" / "options.py"
    spec = importlib.util.spec_from_file_location("service_options", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["service_options"] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def load(
    module: ModuleType,
    tmp_path: Path,
    flags: str = "",
    env: Mapping[str, str] | None = None,
    file: Any = None,
) -> Any:
    arguments, config = flags.split(), tmp_path / "options.json"
    if file is not None:
        config.write_text(file if isinstance(file, str) else json.dumps(file))
        arguments.append(f"--config={config}")
    return module.load(arguments, env or {}, "prog")


@pytest.mark.parametrize(
    ("flags", "env", "file", "threads"),
    [
        ("", {}, None, 32),  # default
        ("", {}, {"threads": 1}, 1),  # the file
        ("", {"TESTPYGRPC_THREADS": "2"}, {"threads": 1}, 2),  # the environment overrides the file
        ("--threads=3", {"TESTPYGRPC_THREADS": "2"}, {"threads": 1}, 3),  # the flag overrides both
        ("", {"THREADS": "2"}, None, 32),  # a variable of another program
    ],
)
def test_strength(
    options: ModuleType, tmp_path: Path, flags: str, env: dict[str, str], file: Any, threads: int
) -> None:
    assert load(options, tmp_path, flags, env, file).threads == threads


def test_kinds_of_values(options: ModuleType, tmp_path: Path) -> None:
    env = {"TESTPYGRPC_LOG_JSON": "Yes", "TESTPYGRPC_GRACE": "1.5"}
    found = load(options, tmp_path, "--max-age 60 --compression=gzip", env, {"max_idle": 5})
    assert (found.log_json, found.grace, found.max_age, found.max_idle) == (True, 1.5, 60.0, 5.0)
    assert found.compression == "gzip"
    assert not load(options, tmp_path, "--no-log-json", env).log_json
    channel = dict(found.channel())
    assert channel["grpc.max_connection_age_ms"] == 60_000
    assert channel["grpc.max_connection_idle_ms"] == 5_000
    assert "grpc.max_connection_age_grace_ms" not in channel


def test_file_named_by_the_environment(options: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text('{"threads": 4}')
    env = {"TESTPYGRPC_CONFIG": str(tmp_path / "options.json")}
    assert load(options, tmp_path, "", env).threads == 4


@pytest.mark.parametrize(
    ("flags", "env", "file", "output"),
    [
        ("--threads=many", {}, None, "argument --threads: invalid int value: 'many'"),
        ("--compression=zip", {}, None, "argument --compression: invalid choice: 'zip'"),
        ("--nothing", {}, None, "unrecognized arguments: --nothing"),
        ("", {"TESTPYGRPC_THREADS": "x"}, None, "reading TESTPYGRPC_THREADS: invalid literal"),
        ("", {"TESTPYGRPC_LOG_JSON": "maybe"}, None, "'maybe' is neither yes nor no"),
        ("", {"TESTPYGRPC_LOG_LEVEL": "loud"}, None, "'loud' is none of debug, info"),
        ("", {}, {"thread": 1}, "options.json: there is no option 'thread'"),
        ("", {}, {"threads": "1"}, "threads is not a value of type int"),
        ("", {}, {"threads": True}, "threads is not a value of type int"),
        ("", {}, {"log_json": 1}, "log_json is not a value of type bool"),
        ("", {}, {"compression": "zip"}, "'zip' is none of none, deflate, gzip"),
        ("", {}, [], "it is not a JSON object"),
        ("", {}, "{", "options.json: Expecting property name"),
        ("--config=nowhere.json", {}, None, "reading nowhere.json: "),
    ],
)
def test_what_is_wrong(
    options: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: str,
    env: dict[str, str],
    file: Any,
    output: str,
) -> None:
    with pytest.raises(SystemExit) as end:
        load(options, tmp_path, flags, env, file)
    assert end.value.code == 2
    assert output in capsys.readouterr().err


def test_help_names_every_option(projects: Projects, options: ModuleType) -> None:
    output = run([sys.executable, "testpygrpc", "serve", "--help"], projects["sync"])
    for name in options.Options.__dataclass_fields__:
        assert f"--{name.replace('_', '-')}" in output
    assert "TESTPYGRPC_ADDRESS" in output


def test_command_that_is_none(projects: Projects) -> None:
    output = run([sys.executable, "testpygrpc", "server"], projects["sync"], code=2)
    assert output == "testpygrpc: 'server' is none of serve, call, health\n"
