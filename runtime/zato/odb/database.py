"""The SQL database under the ODB."""

from __future__ import annotations

import fcntl
import os
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
    """One connection to an SQLite file: write-ahead log, and a commit is on disk when it returns.

    A connection belongs to the thread that made it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as e:
            raise self._error(e) from None

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query. Raises ODBError."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as e:
            raise self._error(e) from None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement. Raises ODBError."""
        self.rows(sql, parameters)

    def execute_many(self, sql: str, parameter_sets: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each set of parameters. Raises ODBError."""
        try:
            self._connection.executemany(sql, parameter_sets)
        except sqlite3.Error as e:
            raise self._error(e) from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all or nothing of what is inside. Raises ODBError."""
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
        """Keep other processes' imports out; the lock goes when this process does. Raises ODBError."""
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _error(self, e: sqlite3.Error) -> ODBError:
        return ODBError(f"the ODB {self.path} cannot be used: {e}")
