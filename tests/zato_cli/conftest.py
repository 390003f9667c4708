from __future__ import annotations

import pytest

from tests.zato_cli.running import Run


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `zato` in this process."""
    for name in ("ZATO_SERVER_DIR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Run(capsys)
