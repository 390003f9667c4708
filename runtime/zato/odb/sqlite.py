"""The ODB in an SQLite file."""

from __future__ import annotations

import fcntl
import os
import select
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from zato.errors import ODBError

BUSY_SECONDS = 10
"""How long a statement waits for another process's transaction."""


class SQLite:
    """A connection to an SQLite file with a write-ahead log (zato.odb.database.Database)."""

    def __init__(self, path: Path, *, create: bool = False, only_reads: bool = False) -> None:
        """Raises ODBError, also if the file does not exist and is not to be created.

        With `only_reads`, the file may be in a directory that cannot be written.
        """
        if not create and not path.exists():
            raise ODBError(f"there is no ODB at {path}")
        self._path = path
        try:
            if only_reads and not os.access(path.parent, os.W_OK, effective_ids=True):
                self._connection = sqlite3.connect(self._unwritable(), timeout=BUSY_SECONDS, uri=True)
                return
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as e:
            raise self._error(e) from None

    def _unwritable(self) -> str:
        """Where there is no log, nobody else has the file open, so SQLite may do without the files it makes beside it.

        Source: https://www.sqlite.org/wal.html, "Read-Only Databases".
        """
        has_log = self._path.with_name(f"{self._path.name}-wal").exists()
        return f"{self._path.absolute().as_uri()}?mode=ro" + ("" if has_log else "&immutable=1")

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as e:
            raise self._error(e) from None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement."""
        self.rows(sql, parameters)

    def execute_many(self, sql: str, parameter_sets: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each set of parameters."""
        try:
            self._connection.executemany(sql, parameter_sets)
        except sqlite3.Error as e:
            raise self._error(e) from None

    def tables(self) -> set[str]:
        """Names of the tables that there are."""
        return {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def now(self) -> float:
        """Seconds since the epoch; all who use the file are on one host."""
        return time.time()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all or nothing of what is inside."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            with suppress(ODBError):  # the COMMIT that failed may have ended the transaction
                self.execute("ROLLBACK")
            raise

    @contextmanager
    def exclusive(self, timeout: float) -> Iterator[None]:
        """Keep other processes' imports out; the lock goes when this process does."""
        try:
            lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as e:
            raise ODBError(f"the ODB {self._path} cannot be locked: {e.strerror}") from None
        try:
            deadline = time.monotonic() + timeout
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise ODBError(f"another import has not ended within {timeout:g} s; try again") from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(lock)

    def announce(self) -> None:
        """SQLite cannot tell others; those on this host look when they are woken, and from time to time."""

    def wait(self, descriptor: int, timeout: float) -> None:
        """Wait until the descriptor is readable or `timeout` seconds have passed."""
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        waiting.poll(timeout * 1000)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _error(self, e: sqlite3.Error) -> ODBError:
        return ODBError(f"the ODB {self._path} cannot be used: {e}")
