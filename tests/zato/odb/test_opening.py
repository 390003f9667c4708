"""Making and opening an ODB, on both databases."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.zato.odb.conftest import Address
from zato.config.plan import plan
from zato.config.snapshot import Snapshot
from zato.errors import NewerODB, ODBError, OtherKey
from zato.kinds.security.apikey import APIKey
from zato.odb.database import Database, connect
from zato.odb.odb import FORMAT, ODB, Worker
from zato.odb.secrets import LOST_KEY, Secrets


@pytest.fixture
def database(address: Address) -> Iterator[Database]:
    with closing(connect(address, create=True)) as database:
        yield database


def test_a_new_odb_holds_nothing(address: Address, secrets: Secrets) -> None:
    with closing(ODB(address, secrets, create=True)) as odb:
        assert (odb.current, odb.staged, len(odb.load()), odb.revisions(), odb.workers()) == (0, None, 0, [], [])


def test_one_that_exists_is_not_made_again(address: Address, secrets: Secrets) -> None:
    with closing(ODB(address, secrets, create=True)) as odb, odb.importing():
        made = plan(odb.load(), Snapshot([APIKey(name="k", password="p")]))
        odb.make_current(odb.stage(made, variables={}, made_by="me", source={}))

    with closing(ODB(address, secrets, create=True)) as odb:
        assert [thing.name for thing in odb.load()] == ["k"]


def test_of_those_who_make_one_at_the_same_time_each_opens_the_same(address: Address, secrets: Secrets) -> None:
    # Given
    opened: list[int] = []
    together = threading.Barrier(6)

    def make() -> None:
        together.wait()
        with closing(ODB(address, secrets, create=True)) as odb:
            opened.append(odb.current)

    # When
    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Then
    assert opened == [0] * 6


def test_another_key_is_refused_even_if_no_secret_is_stored(
    address: Address, key_file: Path, secrets: Secrets, tmp_path: Path
) -> None:
    # Given
    ODB(address, secrets, create=True).close()
    other = tmp_path / "other.key"
    Secrets.create_key(other)
    message = (
        f"the key in {other} is not the one that the ODB's secrets were encrypted with; put the right key file back"
    )

    # Then
    for create in (False, True):
        with pytest.raises(OtherKey, match=f"^{re.escape(message)}$"):
            ODB(address, Secrets(other), create=create)

    # When
    other.write_bytes(key_file.read_bytes())

    # Then
    ODB(address, Secrets(other)).close()


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff", b"A" * 40])
def test_a_key_file_without_a_key_is_refused(
    address: Address, key_file: Path, secrets: Secrets, content: bytes
) -> None:
    ODB(address, secrets, create=True).close()
    key_file.write_bytes(content)

    message = f"the key file {key_file} does not hold a key; put the right key file back"
    with pytest.raises(ODBError, match=f"^{re.escape(message)}$"):
        ODB(address, secrets)


def test_nothing_is_made_without_a_key(address: Address, database: Database, tmp_path: Path) -> None:
    missing = tmp_path / "none.key"

    message = f"the key file {missing} cannot be read: No such file or directory; {LOST_KEY}"
    with pytest.raises(ODBError, match=f"^{re.escape(message)}$"):
        ODB(address, Secrets(missing), create=True)

    assert database.tables() == set()


def test_an_odb_from_before_the_first_release_is_refused(
    address: Address, secrets: Secrets, database: Database
) -> None:
    ODB(address, secrets, create=True).close()
    database.execute("UPDATE setting SET value = 1 WHERE name = 'format'")

    message = (
        f"the ODB {database.name} has format 1, of a version before the first release; "
        "make a new server with `zato quickstart create` and import its files again"
    )
    with pytest.raises(ODBError, match=f"^{re.escape(message)}$"):
        ODB(address, secrets)


def test_a_newer_odb_is_refused(address: Address, secrets: Secrets, database: Database) -> None:
    # Given
    ODB(address, secrets, create=True).close()
    database.execute("UPDATE setting SET value = value + 1 WHERE name = 'format'")

    # Then
    message = (
        f"the ODB {database.name} has format {FORMAT + 1} and this version knows formats up to {FORMAT}; "
        "upgrade to the version that wrote it"
    )
    for create in (False, True):
        with pytest.raises(NewerODB, match=f"^{re.escape(message)}$"):
            ODB(address, secrets, create=create)


def test_a_database_that_is_not_an_odb_is_refused(address: Address, secrets: Secrets, database: Database) -> None:
    message = f"{database.name} is not an ODB; make one, and a server, with `zato quickstart create`"

    with pytest.raises(ODBError, match=f"^{re.escape(message)}$"):
        ODB(address, secrets)

    database.execute("CREATE TABLE setting (name TEXT, value TEXT)")
    for create in (False, True):
        with pytest.raises(ODBError, match=f"^{re.escape(message)}$"):
            ODB(address, secrets, create=create)


def test_tables_of_something_else_are_left_alone(address: Address, secrets: Secrets, database: Database) -> None:
    database.execute("CREATE TABLE object (something TEXT)")

    with pytest.raises(ODBError, match=r"cannot be used: .*object.* already exists$"):
        ODB(address, secrets, create=True)

    assert database.tables() == {"object"}


def test_a_worker_is_alive_while_the_database_says_so(address: Address, secrets: Secrets, database: Database) -> None:
    # Given
    worker = Worker("id", "server1", socket.gethostname(), os.getpid(), prepared=1, serving=1)
    with closing(ODB(address, secrets, create=True)) as odb:
        # When
        odb.report(worker)

        # Then
        assert odb.workers() == [worker]

        # When it was last heard of long ago, or a clock was set back since
        for ago in (-6, 6):
            database.execute("UPDATE worker SET seen_at = ?", (database.now() - ago,))

            # Then
            assert odb.workers() == []
            assert odb.workers(patience=0.5) == []

            # Unless its process can be seen to run, and there is time
            assert odb.workers(patience=2) == [worker]

        # When its process is one of another host
        database.execute("UPDATE worker SET host = 'elsewhere'")

        # Then
        assert odb.workers(patience=2) == []


def test_the_clock_of_a_host_does_not_matter(
    postgresql: str, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    with closing(ODB(postgresql, secrets, create=True)) as odb:
        monkeypatch.setattr("time.time", lambda: 0.0)

        # When
        odb.report(Worker("id", "server1", "elsewhere", 1, prepared=1, serving=1))

        # Then
        monkeypatch.undo()
        assert [worker.id for worker in odb.workers()] == ["id"]


def test_the_current_revision_cannot_be_discarded(address: Address, secrets: Secrets) -> None:
    with closing(ODB(address, secrets, create=True)) as odb, odb.importing():
        # Given
        made = plan(odb.load(), Snapshot([APIKey(name="k", password="p")]))
        revision = odb.stage(made, variables={}, made_by="me", source={})
        odb.make_current(revision)

        # When
        odb.discard(revision)

        # Then
        assert [thing.name for thing in odb.load()] == ["k"]
        assert [made.number for made in odb.revisions()] == [revision]
