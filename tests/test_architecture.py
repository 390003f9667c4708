"""What may import what, what a command may load, and what is installed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("zato.kinds", "zato.config", "zato.odb", "zato.server", "zato_cli")
"""Each may import those before it."""
CLIENT_LIBRARIES = frozenset({"pika", "requests", "urllib3", "waitress", "cryptography", "psycopg", "lxml", "sqlite3"})


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the packages that are installed, by its name."""
    for source, package in ((ROOT / "runtime", "zato"), (ROOT, "zato_cli")):
        for path in sorted((source / package).rglob("*.py")):
            parts = path.relative_to(source).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> Iterator[str]:
    """What a module imports at any time, for type checking included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(module: str) -> int | None:
    """The layer that a module belongs to; None for what all may import."""
    return next((n for n, name in enumerate(LAYERS) if module == name or module.startswith(f"{name}.")), None)


def test_imports_go_in_one_direction() -> None:
    wrong = [
        f"{module} imports {imported}"
        for module, path in modules()
        for imported in imports(path)
        if (of := layer(module)) is not None and (other := layer(imported)) is not None and other > of
    ]
    assert wrong == []


def test_what_all_may_import_imports_no_layer_when_it_is_loaded() -> None:
    script = "import sys, zato, zato.errors, zato.common.exception, zato.common.api; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert [module for module in loaded if layer(module) is not None] == []


def test_the_package_is_never_imported_by_its_folder() -> None:
    assert [module for module, path in modules() if "runtime" in {name.split(".")[0] for name in imports(path)}] == []


LOADED = """
import sys
from zato_cli.main import main
try:
    main(sys.argv[1:])
finally:
    print("LOADED", *sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["enmasse", "--help"],
        ["enmasse", "--validate", "--input", "c.yaml"],
        ["enmasse", "--merge", "--output", "-", "--input", "c.yaml"],
        ["schema", "channel_amqp"],
    ],
)
def test_no_client_library_is_loaded_where_nothing_is_called(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "c.yaml").write_text(
        "def_amqp: [{name: A, host: h, password: p}]\n"
        "outgoing_amqp: [{name: A, def_name: A}]\n"
        "outgoing_rest: [{name: A, host: http://a, url_path: /}]\n"
    )
    command = [sys.executable, "-c", LOADED, *arguments]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}  # loads sqlite3
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=unmeasured)
    assert ran.returncode == 0, ran.stderr
    loaded = {module.split(".")[0] for module in ran.stderr.partition("LOADED ")[2].split()}
    assert "click" in loaded
    assert sorted(loaded & CLIENT_LIBRARIES) == []


def test_help_loads_no_kind() -> None:
    ran = subprocess.run([sys.executable, "-c", LOADED, "--help"], capture_output=True, text=True, check=True)
    loaded = ran.stderr.partition("LOADED ")[2].split()
    assert [module for module in loaded if module.startswith(("zato.kinds", "zato.config", "msgspec", "yaml"))] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `pip install .` builds it."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (path,) = directory.glob("*.whl")
    return path


def test_the_wheel_installs_the_two_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"zato", "zato_cli"}
    expected = {module.replace(".", "/") for module, _ in modules()}
    found = {name.removesuffix(".py").removesuffix("/__init__") for name in names if name.endswith(".py")}
    assert found == expected
    assert "zato/py.typed" in names


def test_the_wheel_installs_the_command(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (entry_points,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
    assert archive.read(entry_points).decode().split() == ["[console_scripts]", "zato", "=", "zato_cli.main:main"]
