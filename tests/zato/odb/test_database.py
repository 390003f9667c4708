"""What both databases promise (zato.odb.database.Database)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.servers.waiting import wait_for
from tests.zato.odb.conftest import Address
from zato.errors import ODBError
from zato.odb.database import Database, connect

HOLD_THE_LOCK = """
import sys
from pathlib import Path
from zato.odb.database import connect
address = sys.argv[1]
database = connect(address if "://" in address else Path(address), create=True)
with database.exclusive(30):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def database(address: Address) -> Iterator[Database]:
    with closing(connect(address, create=True)) as database:
        database.execute("CREATE TABLE kept (name TEXT PRIMARY KEY, value BIGINT)")
        yield database


@pytest.fixture
def other(address: Address, database: Database) -> Iterator[Database]:
    with closing(connect(address, create=False)) as other:
        yield other


def test_values_come_back_as_they_were(database: Database) -> None:
    values = [("%s ? { } ' é 🙂", 2**62), ("", None), ("x" * 100_000, -1)]

    database.execute_many("INSERT INTO kept VALUES (?, ?)", values)

    assert sorted(database.rows("SELECT name, value FROM kept")) == sorted(values)
    assert database.rows("SELECT name FROM kept WHERE name = ? AND name LIKE '%s'", ("%s",)) == []
    assert "kept" in database.tables()


def test_a_transaction_is_kept_as_a_whole_or_not_at_all(database: Database, other: Database) -> None:
    with pytest.raises(ODBError, match="cannot be used"), database.transaction():
        database.execute_many("INSERT INTO kept VALUES (?, 1)", [("a",), ("b",), ("a",)])

    assert other.rows("SELECT name FROM kept") == []

    with database.transaction():
        database.execute("INSERT INTO kept VALUES ('a', 1)")
        assert other.rows("SELECT name FROM kept") == []

    assert other.rows("SELECT name FROM kept") == [("a",)]


def test_transactions_come_one_after_another(address: Address, database: Database) -> None:
    # Given
    database.execute("INSERT INTO kept VALUES ('counter', 0)")

    def count() -> None:
        with closing(connect(address, create=False)) as mine:
            for _ in range(10):
                with mine.transaction():
                    ((value,),) = mine.rows("SELECT value FROM kept")
                    mine.execute("UPDATE kept SET value = ?", (value + 1,))

    # When
    _in_threads(4, count)

    # Then
    assert database.rows("SELECT value FROM kept") == [(40,)]


def test_imports_come_one_after_another(address: Address, database: Database) -> None:
    # Given
    database.execute("INSERT INTO kept VALUES ('counter', 0)")

    def count() -> None:
        with closing(connect(address, create=False)) as mine:
            for _ in range(5):
                with mine.exclusive(30):
                    ((value,),) = mine.rows("SELECT value FROM kept")
                    mine.execute("UPDATE kept SET value = ?", (value + 1,))

    # When
    _in_threads(4, count)

    # Then
    assert database.rows("SELECT value FROM kept") == [(20,)]


def _in_threads(number: int, work: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_who_waits_for_another_import_too_long_is_told(database: Database, other: Database) -> None:
    message = "^another import has not ended within 0.1 s; try again$"
    with database.exclusive(1), pytest.raises(ODBError, match=message), other.exclusive(0.1):
        pass

    with other.exclusive(0.1):
        other.execute("INSERT INTO kept VALUES ('a', 1)")


def test_the_lock_of_a_process_that_is_killed_is_free_at_once(address: Address, database: Database) -> None:
    # Given
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(address)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"

        # When
        process.kill()
        process.wait()
        began = time.monotonic()

        # Then
        with database.exclusive(10):
            assert time.monotonic() - began < 1


def test_waiting_ends_when_the_descriptor_is_readable(database: Database) -> None:
    # Given
    reading, writing = os.pipe()
    database.wait(reading, 0)
    os.write(writing, b"x")
    began = time.monotonic()

    # When
    database.wait(reading, 30)

    # Then
    assert time.monotonic() - began < 5
    os.close(reading)
    os.close(writing)


def test_waiting_ends_after_its_time(database: Database) -> None:
    reading, writing = os.pipe()
    database.wait(reading, 0)
    began = time.monotonic()

    database.wait(reading, 0.05)

    assert 0.04 < time.monotonic() - began < 5
    os.close(reading)
    os.close(writing)


def test_the_clock_is_shared(database: Database, other: Database) -> None:
    first, second, third = database.now(), other.now(), database.now()

    assert first <= second <= third
    assert abs(first - time.time()) < 60  # the tests' databases run on this host


def test_what_cannot_be_run_is_told(database: Database) -> None:
    with pytest.raises(ODBError, match=rf"^the ODB {re.escape(database.name)} cannot be used: .*none"):
        database.rows("SELECT * FROM none")
    with pytest.raises(ODBError, match=r"cannot be used: .*none"):
        database.execute_many("INSERT INTO none VALUES (?)", [(1,)])


def test_a_process_that_ends_leaves_no_transaction_behind(address: Address, database: Database) -> None:
    # Given
    source = HOLD_THE_LOCK.replace("database.exclusive(30)", "database.transaction()")
    command = [sys.executable, "-c", source, str(address)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"

        # When
        process.kill()

    # Then
    def written() -> bool:
        with database.transaction():
            database.execute("INSERT INTO kept VALUES ('a', 1)")
        return True

    wait_for(written, "the next transaction")
