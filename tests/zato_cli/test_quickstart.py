from __future__ import annotations

from pathlib import Path

import pytest

from tests.powers import without_root_powers
from tests.zato_cli.running import Run


def files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def test_a_server_is_made_with_all_that_it_needs_and_no_object(run: Run, tmp_path: Path) -> None:
    server = tmp_path / "env" / "server1"
    assert run("quickstart", "create", str(tmp_path / "env")) == (
        0,
        f"Server created in {server}\nStart it with: zato start {server}\n",
        "",
    )
    assert {
        ".zato-info",
        "config/repo/server.conf",
        "config/repo/user-conf",
        "config/secret.key",
        "logs",
        "odb.db",
        "pickup/incoming/services",
    } <= files(server)
    assert (server / "config" / "secret.key").stat().st_mode & 0o777 == 0o600
    assert run("enmasse", str(server), "--export-odb", "--output", "-").out == "{}\n"


def test_an_empty_folder_is_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    assert run("quickstart", "create", str(tmp_path / "env")).code == 0


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert run("quickstart", "create", str(tmp_path)) == (
        1,
        "",
        f"Error: {tmp_path} is not empty; nothing was made\n",
    )
    assert files(tmp_path) == {"mine.txt"}


def test_a_file_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert run("quickstart", "create", str(tmp_path / "file")) == (1, "", f"Error: {tmp_path}/file is a file\n")


def test_a_folder_that_cannot_be_made_is_told(run: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with without_root_powers():
        done = run("quickstart", "create", str(tmp_path / "env"))
    tmp_path.chmod(0o700)
    assert done == (1, "", f"Error: {tmp_path}/env: Permission denied\n")


@pytest.mark.parametrize("arguments", [["quickstart"], ["quickstart", "create"], ["quickstart", "delete"]])
def test_wrong_usage_is_told(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).code == 1
