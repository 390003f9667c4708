"""`zato quickstart create --odb postgresql://…`: servers that have one ODB."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.servers.zato_server import PROGRAM, Done, environment, zato
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets

READABLE = "ODB at revision 0 with 0 objects, secrets readable, OK"


def create(directory: Path, *options: str | Path, env: Mapping[str, str] | None = None) -> Done:
    return zato("quickstart", "create", directory, *options, env=env)


def key_of(directory: Path) -> Path:
    return directory / "server1/config/secret.key"


@pytest.fixture
def name(postgresql: str) -> str:
    """The URL, as it may be shown."""
    parts = urlsplit(postgresql)
    return f"postgresql://zato@127.0.0.1:{parts.port}{parts.path}"


@pytest.fixture
def password(postgresql: str) -> str:
    password = urlsplit(postgresql).password
    assert password is not None
    return password


def test_the_first_server_makes_the_odb_and_the_second_needs_its_key(postgresql: str, tmp_path: Path) -> None:
    # When
    first = create(tmp_path / "a", "--odb", postgresql)

    # Then
    assert (first.returncode, first.stderr) == (0, "")
    assert READABLE in zato("check-config", tmp_path / "a/server1").stdout

    # When
    second = create(tmp_path / "b", "--odb", postgresql)

    # Then
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        "Error: other servers have this ODB already, and their key is needed; "
        "add --key-file with the config/secret.key of one of them\n"
    )
    assert list((tmp_path / "b").iterdir()) == []

    # When
    second = create(tmp_path / "b", "--odb", postgresql, "--key-file", key_of(tmp_path / "a"))

    # Then
    assert (second.returncode, second.stderr) == (0, "")
    assert key_of(tmp_path / "b").read_bytes() == key_of(tmp_path / "a").read_bytes()
    assert key_of(tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert READABLE in zato("check-config", tmp_path / "b/server1").stdout


def test_a_wrong_key_file_is_refused(postgresql: str, tmp_path: Path) -> None:
    # Given
    create(tmp_path / "a", "--odb", postgresql)
    other = tmp_path / "other.key"
    Secrets.create_key(other)

    # When
    done = create(tmp_path / "b", "--odb", postgresql, "--key-file", other)

    # Then
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: the key in {other} is not the one of this ODB; nothing was made\n"
    assert list((tmp_path / "b").iterdir()) == []


def test_a_key_file_that_does_not_exist_is_refused(postgresql: str, tmp_path: Path) -> None:
    done = create(tmp_path / "a", "--odb", postgresql, "--key-file", tmp_path / "none")

    message = f"Error: the key file {tmp_path}/none cannot be read: No such file or directory\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_a_database_that_cannot_be_used_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    done = create(tmp_path / "a", "--odb", f"{name}?connect_timeout=2", env={"PGPASSWORD": "canary"})

    message = f'Error: the ODB {name} cannot be used: password authentication failed for user "zato"\n'
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)
    assert list((tmp_path / "a").iterdir()) == []


def test_the_password_may_stay_in_the_environment(name: str, password: str, tmp_path: Path) -> None:
    # Given
    url = name.replace("zato@", "zato:${ODB_PASSWORD}@")
    server = tmp_path / "a/server1"

    # When
    made = create(tmp_path / "a", "--odb", url, env={"ODB_PASSWORD": password})

    # Then
    assert made.returncode == 0
    assert f"\nodb = {url}\n" in (server / "config/repo/server.conf").read_text()
    assert READABLE in zato("check-config", server, env={"ODB_PASSWORD": password}).stdout

    # When
    done = zato("check-config", server)

    # Then
    message = f"`odb` in {server}/config/repo/server.conf: the environment variable `ODB_PASSWORD` is not set"
    assert f"Error: {message}\n" in done.stderr


def test_the_password_is_never_shown(postgresql: str, password: str, tmp_path: Path) -> None:
    # Given
    server = tmp_path / "a/server1"
    done = [create(tmp_path / "a", "--odb", postgresql)]
    (server / "config/repo/server.conf").write_text(f"[main]\nbind = 127.0.0.1:0\nodb = {postgresql}_none\n")

    # When
    done += [zato(command, server) for command in ("check-config", "info", "start")]
    done += [zato("enmasse", server, "--export-odb", "--output", "-")]
    done += [create(tmp_path / "b", "--odb", postgresql.replace("/test_", "/x/test_"))]

    # Then
    assert [command.returncode for command in done] == [0, 1, 0, 1, 1, 1]
    printed = "".join(command.stdout + command.stderr for command in done)
    assert "does not exist" in printed
    assert "the URL of the ODB is wrong" in printed
    logs = "".join(file.read_text() for file in (server / "logs").iterdir())
    assert password not in printed + logs


@pytest.mark.parametrize("with_key", [False, True])
def test_of_two_made_at_the_same_time_none_breaks_the_other(postgresql: str, tmp_path: Path, with_key: bool) -> None:
    # Given
    key_file = tmp_path / "shared.key"
    Secrets.create_key(key_file)
    options = ["--odb", postgresql, *(["--key-file", str(key_file)] if with_key else [])]

    # When
    processes = [
        subprocess.Popen(
            [PROGRAM, "quickstart", "create", tmp_path / name, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for name in ("a", "b")
    ]
    told = [process.communicate(timeout=60)[1] for process in processes]

    # Then
    if with_key:
        assert told == ["", ""]
    else:
        first, second = sorted(told)
        assert first == ""
        assert second.startswith("Error: other servers have this ODB already")
    made = [tmp_path / name for name in ("a", "b") if key_of(tmp_path / name).exists()]
    assert len(made) == 1 + with_key
    for directory in made:
        with closing(ODB(postgresql, Secrets(key_of(directory)))) as odb:
            assert odb.current == 0


def test_without_psycopg_it_says_what_to_install(postgresql: str, tmp_path: Path) -> None:
    # Given
    (tmp_path / "psycopg.py").write_text("raise ImportError('it is not here')")

    # When
    done = create(tmp_path / "a", "--odb", postgresql, env={"PYTHONPATH": os.fspath(tmp_path)})

    # Then
    assert done.stderr == (
        "Error: an ODB in PostgreSQL needs psycopg (it is not here); "
        "install it with: pip install 'zato-runtime[postgresql]'\n"
    )
