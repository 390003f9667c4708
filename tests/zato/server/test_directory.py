from __future__ import annotations

import re
from pathlib import Path

import pytest

from zato.errors import ODBError, ServerDirectoryError
from zato.odb.secrets import LOST_KEY
from zato.server.directory import ServerDirectory, find
from zato.server.settings import Main


@pytest.fixture
def made(tmp_path: Path) -> ServerDirectory:
    return ServerDirectory.create(tmp_path / "server1")


@pytest.fixture(autouse=True)
def no_server_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZATO_SERVER_DIR", raising=False)


def test_a_new_directory_has_all_that_a_server_needs(made: ServerDirectory) -> None:
    assert made.name == "server1"
    assert sorted(str(path.relative_to(made.path)) for path in made.path.rglob("*")) == [
        ".zato-info",
        "config",
        "config/repo",
        "config/repo/server.conf",
        "config/repo/user-conf",
        "config/secret.key",
        "logs",
        "odb.db",
        "pickup",
        "pickup/incoming",
        "pickup/incoming/services",
        "pickup/incoming/user-conf",
    ]
    assert (made.path / ".zato-info").read_text() == '{"version":1,"component":"SERVER"}\n'
    assert made.key_file.stat().st_mode & 0o777 == 0o600
    made.check_key_file()
    made.settings()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "{0} is not a server directory: it has no .zato-info; make a server with `zato quickstart create`"),
        ("", "{0}/.zato-info is not what `zato quickstart create` wrote"),
        ("[]", "{0}/.zato-info is not what `zato quickstart create` wrote"),
        ("{}", "{0}/.zato-info is not what `zato quickstart create` wrote"),
        ('{"component": "SCHEDULER"}', "{0} is the directory of another component, SCHEDULER"),
    ],
)
def test_what_is_no_server_directory_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / ".zato-info").write_text(content)

    with pytest.raises(ServerDirectoryError, match=f"^{re.escape(message.format(tmp_path))}$"):
        ServerDirectory(tmp_path)


def test_a_directory_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    message = f"there is no directory {tmp_path}/none; make a server with `zato quickstart create`"

    with pytest.raises(ServerDirectoryError, match=f"^{message}$"):
        ServerDirectory(tmp_path / "none")


def test_a_directory_is_found_where_we_are(made: ServerDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    for below in ("", "config/repo"):
        monkeypatch.chdir(made.path / below)
        assert find(None).path == made.path


def test_the_argument_goes_before_the_environment_and_that_before_where_we_are(
    made: ServerDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    second, third = (ServerDirectory.create(tmp_path / name) for name in ("server2", "server3"))
    monkeypatch.chdir(made.path)
    monkeypatch.setenv("ZATO_SERVER_DIR", str(second.path))

    # Then
    assert find(None).name == "server2"
    assert find(str(third.path)).name == "server3"
    assert find("../server3").name == "server3"


def test_the_home_directory_may_be_written_as_a_tilde(
    made: ServerDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert find("~/server1").path == made.path


def test_nowhere_near_a_server_we_are_told_how_to_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ServerDirectoryError) as e:
        find(None)

    assert str(e.value) == (
        "which server? Neither this directory nor one above it is a server directory; "
        "name one as the argument, or in ZATO_SERVER_DIR"
    )


def test_a_key_file_that_others_can_read_is_told(made: ServerDirectory) -> None:
    made.key_file.chmod(0o640)

    message = f"the key file {made.key_file} is open to others; run `chmod 600` on it"
    with pytest.raises(ServerDirectoryError, match=f"^{re.escape(message)}$"):
        made.check_key_file()


def test_a_missing_key_file_is_told(made: ServerDirectory) -> None:
    made.key_file.unlink()

    message = f"the key file {made.key_file} cannot be read: No such file or directory; {LOST_KEY}"
    with pytest.raises(ServerDirectoryError, match=f"^{re.escape(message)}$"):
        made.check_key_file()


def test_user_configuration_may_lie_in_further_directories(
    made: ServerDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("Zato_User_Conf_Dir", "/a:/b")
    monkeypatch.setenv("ZATO_USER_CONF_DIR", "/c")

    assert made.user_config == (
        made.path / "config/repo/user-conf",
        made.path / "pickup/incoming/user-conf",
        Path("/a"),
        Path("/b"),
        Path("/c"),
    )


def test_the_odb_is_a_file_in_the_directory_or_elsewhere(made: ServerDirectory) -> None:
    assert made.odb(Main()) == made.path / "odb.db"
    assert made.odb(Main(odb="/var/lib/odb.db")) == Path("/var/lib/odb.db")


def test_the_odb_may_name_environment_variables(made: ServerDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    monkeypatch.setenv("PASSWORD", "a@b/c%")
    monkeypatch.setenv("URL", "postgres://zato:a%40b@host/odb")
    monkeypatch.setenv("FOLDER", "/var/a@b")

    # Then
    assert made.odb(Main(odb="postgresql://zato:${PASSWORD}@host/odb")) == "postgresql://zato:a%40b%2Fc%25@host/odb"
    assert made.odb(Main(odb="${URL}")) == "postgres://zato:a%40b@host/odb"
    assert made.odb(Main(odb="${FOLDER}/odb.db")) == Path("/var/a@b/odb.db")


@pytest.mark.parametrize("odb", ["${NONE}", "${NONE}.db", "postgresql://zato:${NONE}@host/odb"])
def test_a_variable_of_the_odb_that_is_not_set_is_told(made: ServerDirectory, odb: str) -> None:
    message = f"`odb` in {made.config}: the environment variable `NONE` is not set"

    with pytest.raises(ServerDirectoryError, match=f"^{re.escape(message)}$"):
        made.odb(Main(odb=odb))


def test_an_odb_of_another_kind_is_refused(made: ServerDirectory) -> None:
    message = (
        f"`odb` in {made.config}: there is no ODB of the kind mysql://; "
        "write a file's name, or postgresql://USER@HOST:PORT/DATABASE"
    )

    with pytest.raises(ServerDirectoryError, match=f"^{re.escape(message)}$"):
        made.odb(Main(odb="mysql://zato:canary@host/odb"))


def test_settings_that_were_asked_for_are_in_server_conf(tmp_path: Path) -> None:
    main = Main(bind="127.0.0.1:0", odb="own.db")

    made = ServerDirectory.create(tmp_path / "server1", main)

    assert made.settings().main == main
    assert (made.path / "own.db").exists()
    assert made.config.stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_of_a_directory_that_could_not_be_made(tmp_path: Path) -> None:
    with pytest.raises(ODBError, match="cannot be used: unable to open database file"):
        ServerDirectory.create(tmp_path / "server1", Main(odb="none/odb.db"))

    assert not (tmp_path / "server1").exists()
