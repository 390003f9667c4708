from __future__ import annotations

from pathlib import Path

import pytest

from tests.zato_cli.enmasse.importing import Importer
from tests.zato_cli.running import Run
from zato.server.directory import ServerDirectory


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server(tmp_path: Path) -> ServerDirectory:
    """A server without objects."""
    return ServerDirectory.create(tmp_path / "server1")


@pytest.fixture
def importer(run: Run, server: ServerDirectory) -> Importer:
    """Imports into that server."""
    return Importer(run, server)
