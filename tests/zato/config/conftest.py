from __future__ import annotations

from pathlib import Path

import pytest

from tests.zato.config.checking import Check


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Loads configuration in a working directory of its own."""
    monkeypatch.chdir(tmp_path)
    return Check(tmp_path)
