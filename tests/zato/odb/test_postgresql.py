from __future__ import annotations

import re
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from tests.servers.ports import free_port
from tests.servers.postgresql import PostgreSQL as Server
from zato.errors import ODBError
from zato.odb.database import connect
from zato.odb.postgresql import PostgreSQL


@pytest.fixture
def database(postgresql: str) -> Iterator[PostgreSQL]:
    with closing(PostgreSQL(postgresql)) as database:
        yield database


def refused(url: str) -> str:
    with pytest.raises(ODBError) as e:
        PostgreSQL(url)
    return str(e.value)


def test_its_name_has_no_password(database: PostgreSQL, postgresql: str) -> None:
    parts = urlsplit(postgresql)

    assert database.name == f"postgresql://zato@127.0.0.1:{parts.port}{parts.path}"


def test_a_database_that_does_not_exist_is_told(postgresql: str) -> None:
    url = postgresql + "_none"
    database = url.rpartition("/")[2]

    name = f"postgresql://zato@127.0.0.1:{urlsplit(url).port}/{database}"
    assert refused(url) == f'the ODB {name} cannot be used: database "{database}" does not exist'


def test_a_wrong_password_is_told(postgresql: str) -> None:
    parts = urlsplit(postgresql)
    name = f"postgresql://zato@127.0.0.1:{parts.port}{parts.path}"

    for password in ("canary", quote("can@ry/:?#%", safe="")):
        told = refused(f"postgresql://zato:{password}@127.0.0.1:{parts.port}{parts.path}")

        assert told == f'the ODB {name} cannot be used: password authentication failed for user "zato"'


def test_a_missing_password_is_told(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    parts = urlsplit(postgresql)
    url = f"postgresql://zato@127.0.0.1:{parts.port}{parts.path}"

    assert refused(url) == f"the ODB {url} cannot be used: fe_sendauth: no password supplied"


def test_the_password_may_come_from_the_environment(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = urlsplit(postgresql)
    assert parts.password is not None
    monkeypatch.setenv("PGPASSWORD", parts.password)

    PostgreSQL(f"postgresql://zato@127.0.0.1:{parts.port}{parts.path}").close()


def test_the_password_may_come_from_a_pgpass_file(
    postgresql: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parts = urlsplit(postgresql)
    file = tmp_path / "pgpass"
    file.write_text(f"*:*:*:zato:{parts.password}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))

    PostgreSQL(f"postgresql://zato@127.0.0.1:{parts.port}{parts.path}").close()


def test_a_host_that_cannot_be_reached_is_told() -> None:
    port = free_port()

    url = f"postgresql://zato:canary@127.0.0.1:{port}/odb"
    assert refused(url) == f"the ODB postgresql://zato@127.0.0.1:{port}/odb cannot be used: Connection refused"


def test_a_host_that_does_not_exist_is_told() -> None:
    told = refused("postgresql://zato:canary@none.invalid/odb")

    expected = "the ODB postgresql://zato@none.invalid/odb cannot be used: failed to resolve host 'none.invalid': "
    assert told.startswith(expected)


def test_a_host_that_does_not_answer_is_told() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]

        told = refused(f"postgresql://zato:canary@127.0.0.1:{port}/odb?connect_timeout=2")

    assert told == f"the ODB postgresql://zato@127.0.0.1:{port}/odb cannot be used: connection timeout expired"


def test_of_several_hosts_the_one_that_answers_is_used(postgresql: str) -> None:
    parts = urlsplit(postgresql)
    hosts = f"127.0.0.1:{free_port()},127.0.0.1:{parts.port}"

    with closing(PostgreSQL(f"postgresql://zato:{parts.password}@{hosts}{parts.path}")) as database:
        assert database.name == f"postgresql://zato@{hosts}{parts.path}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://zato:canary@x@host/odb",
        "postgresql://zato:canary/x@host/odb",
        "postgresql://zato:1/canary@host/odb",
        "postgresql://zato:canary#x@host/odb",
        "postgresql://zato:canary%zz@host/odb",
        "postgresql://zato:canary",
        "postgresql://zato@host/odb?passwort=canary",
        "postgresql:/canary",
    ],
)
def test_a_wrong_url_is_told_without_what_may_be_the_password(url: str) -> None:
    assert refused(url) == (
        "the URL of the ODB is wrong; write it as postgresql://USER@HOST:PORT/DATABASE, "
        "with %40 for @, %2F for / and so on where they are part of a name or password"
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgres://h", "postgresql://h/"),
        ("postgresql:///odb", "postgresql:///odb"),
        ("postgresql://u%40:p%40@h/a%2Fb", "postgresql://u%40@h/a/b"),
        ("postgresql://[::1]:5/odb?sslmode=disable&password=p", "postgresql://[::1]:5/odb"),
        ("postgresql://u@%2Frun%2Fpg/odb", "postgresql://u@%2Frun%2Fpg/odb"),
    ],
)
def test_names_of_urls(url: str, name: str) -> None:
    from zato.odb.postgresql import _name, _parsed

    assert _name(_parsed(url)) == name


def test_without_psycopg_it_is_told_what_to_install(postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "zato.odb.postgresql")

    with pytest.raises(ODBError) as e:
        connect(postgresql, create=False)

    assert str(e.value) == (
        "an ODB in PostgreSQL needs psycopg (import of psycopg halted; None in sys.modules); "
        "install it with: pip install 'zato-runtime[postgresql]'"
    )


def test_another_encoding_is_refused(postgresql_server: Server, postgresql: str) -> None:
    # Given
    name = f"{postgresql.rpartition('/')[2]}_latin1"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0")

    # Then
    try:
        told = refused(postgresql_server.url(name))
    finally:
        postgresql_server.drop(name)
    at = f"postgresql://zato@127.0.0.1:{postgresql_server.port}/{name}"
    assert told == f"the database {at} has the encoding LATIN1, and an ODB needs UTF8"


def test_what_the_database_was_told_does_not_weaken_a_commit(postgresql: str) -> None:
    # Given
    with psycopg.connect(postgresql, autocommit=True) as connection:
        name = postgresql.rpartition("/")[2]
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = serializable")

    # When
    with closing(PostgreSQL(postgresql)) as database:
        # Then
        expected = {
            "synchronous_commit": "on",
            "default_transaction_isolation": "read committed",
            "lock_timeout": "30s",
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
            "client_connection_check_interval": "2s",
            "application_name": "zato",
        }
        assert {name: database.rows(f"SHOW {name}")[0][0] for name in expected} == expected
        with pytest.raises(ODBError), database.exclusive(1):
            database.rows("SELECT 1/0")
        assert database.rows("SHOW lock_timeout") == [("30s",)]


def test_waiting_ends_with_what_another_announces(postgresql: str, database: PostgreSQL) -> None:
    # Given
    with socket.socket() as never:
        never.bind(("127.0.0.1", 0))
        never.listen()
        database.wait(never.fileno(), 0)
        ended = threading.Event()

        def wait() -> None:
            database.wait(never.fileno(), 30)
            ended.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        with closing(PostgreSQL(postgresql)) as other:
            # When
            with other.transaction():
                other.announce()
                assert not ended.wait(0.1)

            # Then
            assert ended.wait(5)
        waiting.join()

        # When nothing more is announced
        began = time.monotonic()
        database.wait(never.fileno(), 0.05)

        # Then
        assert time.monotonic() - began > 0.04


def test_what_was_announced_while_another_query_ran_is_not_missed(postgresql: str, database: PostgreSQL) -> None:
    # Given
    with socket.socket() as never, closing(PostgreSQL(postgresql)) as other:
        never.bind(("127.0.0.1", 0))
        never.listen()
        database.wait(never.fileno(), 0)

        # When
        other.announce()
        assert select.select([database._connection], [], [], 5)[0]
        database.rows("SELECT 1")

        # Then
        began = time.monotonic()
        database.wait(never.fileno(), 30)
        assert time.monotonic() - began < 5


def test_a_connection_that_is_lost_is_told_and_not_made_again(postgresql: str, database: PostgreSQL) -> None:
    # Given
    with database.exclusive(1), closing(PostgreSQL(postgresql)) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

        # Then the lock is free
        with other.exclusive(5):
            # Then
            for attempt in ("terminating connection due to administrator command", "the connection is closed"):
                with pytest.raises(ODBError, match=re.escape(f"the ODB {database.name} cannot be used: {attempt}")):
                    database.rows("SELECT 1")


def test_waiting_on_a_connection_that_is_lost_ends(postgresql: str, database: PostgreSQL) -> None:
    # Given
    with socket.socket() as never, closing(PostgreSQL(postgresql)) as other:
        never.bind(("127.0.0.1", 0))
        never.listen()
        database.wait(never.fileno(), 0)

        # When
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

        # Then
        began = time.monotonic()
        with suppress(ODBError):  # as soon as the end of the connection has come, not just the reason for it
            database.wait(never.fileno(), 30)
        assert time.monotonic() - began < 5
        with pytest.raises(ODBError, match="cannot be used: "):
            database.rows("SELECT 1")


def test_two_odbs_may_be_in_two_schemas_of_a_database(postgresql: str, database: PostgreSQL) -> None:
    # Given
    database.execute("CREATE SCHEMA second")
    options = quote("-c search_path=second")

    # When
    with closing(PostgreSQL(f"{postgresql}?options={options}")) as second, database.exclusive(1):
        # Then
        with second.exclusive(0.1):
            second.execute("CREATE TABLE setting (name TEXT)")
        assert second.tables() == {"setting"}
        assert database.tables() == set()
