"""Each test that asks for an address runs on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from zato.odb.secrets import Secrets

Address = Path | str


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    """Where an ODB can be made: a file, and a PostgreSQL database."""
    if request.param == "sqlite":
        return tmp_path / "odb.db"
    url: str = request.getfixturevalue("postgresql")
    return url


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A key of the test's own."""
    Secrets.create_key(tmp_path / "secret.key")
    return tmp_path / "secret.key"


@pytest.fixture
def secrets(key_file: Path) -> Secrets:
    """What encrypts with it."""
    return Secrets(key_file)
