"""Commands that are run without a standard stream: their parent closed it."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.servers.zato_server import PROGRAM, ZatoServer, environment

CLOSED = ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"]
GOOD = "security: [{name: k, type: apikey, password: p}]\n"


def zato(closed: str, *arguments: str | Path) -> int:
    """Run a command without some streams; its exit code."""
    command = shlex.join(map(str, (PROGRAM, *arguments)))
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} {closed}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
        timeout=60,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize("closed", CLOSED)
def test_files_are_validated(tmp_path: Path, closed: str) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(GOOD)
    bad.write_text("security: [{nmae: k}]\n")
    assert zato(closed, "enmasse", "--validate", "--input", good) == 0
    assert zato(closed, "enmasse", "--validate", "--input", bad) == 1


@pytest.mark.parametrize("closed", CLOSED)
def test_a_server_is_started_configured_and_stopped(zato_server: ZatoServer, tmp_path: Path, closed: str) -> None:
    # Given
    file = tmp_path / "enmasse.yaml"
    file.write_text(GOOD)

    # When
    assert zato(closed, "start", zato_server.path) == 0

    # Then
    assert zato(closed, "enmasse", zato_server.path, "--import", "--input", file) == 0
    assert zato_server.info()["objects"] == 1
    assert zato(closed, "start", zato_server.path) == 1
    assert zato(closed, "stop", zato_server.path) == 0


def test_standard_input_that_is_closed_is_empty() -> None:
    assert zato("<&-", "enmasse", "--validate", "--input", "-") == 3
