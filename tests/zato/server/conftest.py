from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.zato.server.serving import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "server")
    yield server
    server.close()
