"""The SQL database under the ODB: what SQLite and PostgreSQL have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from zato.errors import ODBError


class Database(Protocol):
    """One connection. It belongs to the thread that opened it, and it never reconnects: its locks would be lost unseen.

    In SQL, `?` stands for a parameter, and columns have types that both databases know: TEXT, BIGINT and DOUBLE
    PRECISION. A commit is on disk when it returns. Everything here raises ODBError.
    """

    @property
    def name(self) -> str:
        """What messages call the database; no password is in it."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement."""

    def execute_many(self, sql: str, parameter_sets: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each set of parameters."""

    def tables(self) -> set[str]:
        """Names of the tables that there are."""

    def now(self) -> float:
        """Seconds since the epoch, by the clock that all who use the database share."""

    def transaction(self) -> AbstractContextManager[None]:
        """Do all or nothing of what is inside; one transaction after another, whoever they are from."""

    def exclusive(self, timeout: float) -> AbstractContextManager[None]:
        """Keep other processes' imports out; the lock goes when this process does."""

    def announce(self) -> None:
        """Have those who `wait` look, once the transaction has ended."""

    def wait(self, descriptor: int, timeout: float) -> None:
        """Wait until somebody announced something, the descriptor is readable, or `timeout` seconds have passed."""

    def close(self) -> None:
        """Close the connection."""


def connect(address: Path | str, *, create: bool, only_reads: bool = False) -> Database:
    """Open an SQLite file, or the PostgreSQL database of a URL. A file may be created. Raises ODBError.

    With `only_reads`, a file may be in a directory that cannot be written.
    """
    if isinstance(address, Path):
        from zato.odb.sqlite import SQLite

        return SQLite(address, create=create, only_reads=only_reads)
    try:
        from zato.odb.postgresql import PostgreSQL
    except ImportError as e:
        hint = "install it with: pip install 'zato-runtime[postgresql]'"
        raise ODBError(f"an ODB in PostgreSQL needs psycopg ({e}); {hint}") from None
    return PostgreSQL(address)
