"""The ODB in a PostgreSQL database, which several servers may share (reference: reliability, section 4)."""

from __future__ import annotations

import re
import select
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import zip_longest
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from zato.errors import ODBError

LOCK_TIMEOUT = "30s"
"""How long a statement waits for another process's transaction."""

_URL = re.compile(r"postgres(ql)?://([^@/?#]*@)?[^@/?#]*(/[^@/?#]*)?(\?[^#]*)?")

_CONNECTION: dict[str, Any] = {
    "application_name": "zato",
    "connect_timeout": 10,
    "target_session_attrs": "read-write",  # of several hosts, the one that is not a standby
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""What a URL may set otherwise. A server that is gone is noticed within 25 s."""

_SESSION = """SELECT
    set_config('synchronous_commit', 'on', false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('lock_timeout', ?, false),
    set_config('tcp_keepalives_idle', '10', false),
    set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false),
    set_config('tcp_user_timeout', '25000', false)"""
"""What holds whatever the database and the role have set. The last four free the lock of a host that is gone."""

_ODB = "(SELECT oid::int FROM pg_namespace WHERE nspname = current_schema())"
_IMPORT_LOCK = f"1514238063, {_ODB}"
_WRITE_LOCK = f"1514238064, {_ODB}"
"""Keys of advisory locks: numbers that others will hardly use, and the schema that the ODB's tables are in."""


class PostgreSQL:
    """A connection to a PostgreSQL database (zato.odb.database.Database)."""

    def __init__(self, url: str) -> None:
        """Connect; the password may also come from PGPASSWORD or ~/.pgpass, as libpq reads them. Raises ODBError."""
        parameters = _parsed(url)
        self._name = _name(parameters)
        self._listens = False
        try:
            self._connection = psycopg.connect(
                **{**_CONNECTION, **parameters, "client_encoding": "UTF8"}, autocommit=True
            )
        except psycopg.Error as e:
            raise self._error(e) from None
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        encoding = self._connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise ODBError(f"the database {self.name} has the encoding {encoding}, and an ODB needs UTF8")
        self.execute(_SESSION, (LOCK_TIMEOUT,))
        with suppress(ODBError):  # only PostgreSQL 14 and newer can notice, in the middle of a statement, who is gone
            self.execute("SET client_connection_check_interval = '2s'")

    @property
    def name(self) -> str:
        """The URL, with who and where, and without what is secret."""
        return self._name

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query."""
        try:
            cursor = self._connection.execute(_translated(sql), parameters)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as e:
            raise self._error(e) from None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement."""
        self.rows(sql, parameters)

    def execute_many(self, sql: str, parameter_sets: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each set of parameters."""
        if self._connection.info.transaction_status == TransactionStatus.IDLE:
            with self.transaction():  # psycopg makes it one transaction anyway, and this one cannot deadlock
                return self.execute_many(sql, parameter_sets)
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(_translated(sql), parameter_sets)
        except psycopg.Error as e:
            raise self._error(e) from None
        return None

    def tables(self) -> set[str]:
        """Names of the tables that there are."""
        return {name for (name,) in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")}

    def now(self) -> float:
        """Seconds since the epoch, by the database's clock."""
        ((now,),) = self.rows("SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8")
        return float(now)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all or nothing of what is inside; as in SQLite, one after another, so that none can deadlock."""
        self.execute("BEGIN")
        try:
            self.execute(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
            yield
            self.execute("COMMIT")
        except BaseException:
            with suppress(ODBError):  # a connection that was lost has no transaction any more
                self.execute("ROLLBACK")
            raise

    @contextmanager
    def exclusive(self, timeout: float) -> Iterator[None]:
        """Keep other processes' imports out; the lock is the session's and goes when it does."""
        self._lock(timeout)
        try:
            yield
        finally:
            with suppress(ODBError):  # a connection that was lost has no lock any more
                self.execute(f"SELECT pg_advisory_unlock({_IMPORT_LOCK})")

    def _lock(self, timeout: float) -> None:
        set_timeout = "SELECT set_config('lock_timeout', ?, false)"
        self.execute(set_timeout, (f"{1000 * timeout:.0f}ms",))
        try:
            self._connection.execute(_translated(f"SELECT pg_advisory_lock({_IMPORT_LOCK})"))
        except psycopg.errors.LockNotAvailable:
            raise ODBError(f"another import has not ended within {timeout:g} s; try again") from None
        except psycopg.Error as e:
            raise self._error(e) from None
        self.execute(set_timeout, (LOCK_TIMEOUT,))

    def announce(self) -> None:
        """Have those who `wait` look, once the transaction has ended."""
        self.execute("NOTIFY zato_odb")

    def wait(self, descriptor: int, timeout: float) -> None:
        """Wait until somebody announced something, the descriptor is readable, or `timeout` seconds have passed."""
        if not self._listens:
            self.execute("LISTEN zato_odb")
            self._listens = True
            return  # what was announced before may not have been seen
        if self._was_told():
            return
        waiting = select.poll()
        for readable in (descriptor, self._connection.fileno()):
            waiting.register(readable, select.POLLIN)
        waiting.poll(timeout * 1000)
        self._was_told()

    def _was_told(self) -> bool:
        """Take in what has been announced."""
        try:
            return bool(list(self._connection.notifies(timeout=0)))
        except psycopg.Error as e:
            raise self._error(e) from None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _error(self, e: psycopg.Error) -> ODBError:
        return ODBError(f"the ODB {self.name} cannot be used: {_reason(e)}")


def _parsed(url: str) -> dict[str, Any]:
    """What libpq reads in a URL. What it says of a wrong one is kept back, since passwords may be in it."""
    if _URL.fullmatch(url):
        with suppress(psycopg.ProgrammingError):
            parameters = conninfo_to_dict(url)
            if all(port.isdigit() for port in str(parameters.get("port") or 0).split(",")):
                return parameters
    message = "the URL of the ODB is wrong; write it as postgresql://USER@HOST:PORT/DATABASE"
    raise ODBError(f"{message}, with %40 for @, %2F for / and so on where they are part of a name or password")


def _name(parameters: dict[str, Any]) -> str:
    """The URL without its password and options."""
    user = f"{quote(parameters['user'])}@" if "user" in parameters else ""
    hosts = str(parameters.get("host", "")).split(",")
    ports = str(parameters.get("port", "")).split(",")
    addresses = (
        (f"[{host}]" if ":" in host else quote(host, safe="")) + (f":{port}" if port else "")
        for host, port in zip_longest(hosts, ports, fillvalue=ports[-1])
    )
    return f"postgresql://{user}{','.join(addresses)}/{quote(parameters.get('dbname', ''))}"


@cache
def _translated(sql: str) -> bytes:
    """Our SQL in psycopg's spelling."""
    return sql.replace("%", "%%").replace("?", "%s").encode()


def _reason(e: psycopg.Error) -> str:
    """The part of an error that is about us: what PostgreSQL says first, without its severity."""
    text = e.diag.message_primary or str(e).splitlines()[0].rpartition(" failed: ")[2]
    return re.sub(r"^[A-Z]+:\s+", "", text)
