"""The operational database: every revision of the configuration, and who serves which.

A revision is a number. An object's row says since which revision it holds and, once it was changed or deleted, until
which; so each revision can be loaded as it was, and writing one touches only what changed. A revision is first staged,
which nobody serves, and then made the current one by moving a single pointer.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Union

import msgspec

from zato.config.plan import Plan, Step, record
from zato.config.sections import SECTIONS
from zato.config.snapshot import Key, Snapshot
from zato.errors import NewerODB, ODBError
from zato.kinds.base import Kind, secret_fields
from zato.odb import jobs
from zato.odb.database import connect
from zato.odb.jobs import Jobs
from zato.odb.processes import may_run, runs_here
from zato.odb.secrets import Secrets

FORMAT = 2
"""Version of the tables below."""
LEASE_SECONDS = 5.0
"""A worker that has not been heard of for so long is not waited for."""
LOCK_SECONDS = 30.0

_TABLES = (
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    "CREATE TABLE secret_key (fingerprint TEXT NOT NULL)",
    """CREATE TABLE revision (
        number BIGINT PRIMARY KEY, made_at TEXT NOT NULL, made_by TEXT NOT NULL, source TEXT NOT NULL,
        changes TEXT NOT NULL, pings TEXT NOT NULL)""",
    """CREATE TABLE object (
        section TEXT NOT NULL, name TEXT NOT NULL, since BIGINT NOT NULL, until BIGINT, body TEXT NOT NULL,
        secrets TEXT NOT NULL, variables TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (section, name, since))""",
    """CREATE TABLE worker (
        id TEXT PRIMARY KEY, server TEXT NOT NULL, host TEXT NOT NULL, pid BIGINT NOT NULL,
        seen_at DOUBLE PRECISION NOT NULL, prepared BIGINT NOT NULL, serving BIGINT NOT NULL, problem TEXT NOT NULL)""",
    *jobs.TABLES,
)


class Revision(msgspec.Struct, frozen=True):
    """Who made a revision, when, from what, and what it changed."""

    number: int
    made_at: str
    """UTC, ISO 8601."""
    made_by: str
    source: dict[str, Any]
    """The files with their digests, the git commit they were at, or the revision that was gone back to."""
    changes: list[dict[str, Any]]
    """Each step of its plan, as `zato.config.plan.record` tells it."""


class Worker(msgspec.Struct, frozen=True):
    """A process that serves requests."""

    id: str
    server: str
    host: str
    pid: int
    prepared: int
    """The newest revision that it is ready to serve."""
    serving: int
    problem: str = ""
    """Why it cannot serve the staged revision, or the current one."""


class ODB:
    """Reads and writes the operational database. An instance belongs to the thread that made it."""

    def __init__(
        self, address: Path | str, secrets: Secrets, *, create: bool = False, only_reads: bool = False
    ) -> None:
        """Open the database: an SQLite file, or the PostgreSQL of a URL. With `create` it is made if there is none.

        With `only_reads`, nothing is written, and an SQLite file may be in a directory that cannot be written.

        Raises ODBError, NewerODB if a newer version of this package wrote it, and OtherKey.
        """
        self._secrets = secrets
        self._database = connect(address, create=create, only_reads=only_reads)
        try:
            if create:
                self._create()
            self._check_format()
            self._check_key()
        except BaseException:
            self.close()
            raise

    def _create(self) -> None:
        fingerprint = self._secrets.fingerprint
        with self._database.transaction():
            if "setting" in self._database.tables():
                return
            for table in _TABLES:
                self._database.execute(table)
            settings = (("format", FORMAT), ("current", 0), ("last", 0))
            self._database.execute_many("INSERT INTO setting VALUES (?, ?)", settings)
            self._database.execute("INSERT INTO secret_key VALUES (?)", (fingerprint,))

    def _check_format(self) -> None:
        name = self._database.name
        is_odb = "setting" in self._database.tables()
        found = self._database.rows("SELECT value FROM setting WHERE name = 'format'") if is_odb else []
        if not found:
            raise ODBError(f"{name} is not an ODB; make one, and a server, with `zato quickstart create`")
        if found[0][0] > FORMAT:
            message = f"the ODB {name} has format {found[0][0]} and this version knows formats up to {FORMAT}"
            raise NewerODB(f"{message}; upgrade to the version that wrote it")
        if found[0][0] < FORMAT:
            message = f"the ODB {name} has format {found[0][0]}, of a version before the first release"
            raise ODBError(f"{message}; make a new server with `zato quickstart create` and import its files again")

    def _check_key(self) -> None:
        ((fingerprint,),) = self._database.rows("SELECT fingerprint FROM secret_key")
        if not hmac.compare_digest(fingerprint, self._secrets.fingerprint):
            raise self._secrets.other_key()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _setting(self, name: str) -> int:
        return int(self._database.rows("SELECT value FROM setting WHERE name = ?", (name,))[0][0])

    def _set(self, name: str, value: int) -> None:
        self._database.execute("UPDATE setting SET value = ? WHERE name = ?", (value, name))

    @property
    def jobs(self) -> Jobs:
        """Who runs a job when."""
        return Jobs(self._database)

    # What is stored

    @property
    def current(self) -> int:
        """The revision that servers serve; 0 holds no object."""
        return self._setting("current")

    @property
    def staged(self) -> int | None:
        """The revision that is written and not yet the current one."""
        return self.pointers[1]

    @property
    def pointers(self) -> tuple[int, int | None]:
        """The current and the staged revision, as they were at one moment."""
        ((current, last),) = self._database.rows(
            "SELECT value, (SELECT MAX(number) FROM revision) FROM setting WHERE name = 'current'"
        )
        return current, last if last is not None and last > current else None

    def load(self, revision: int | None = None) -> Snapshot:
        """The configuration of a revision, of the current one by default. Raises ODBError."""
        rows = self._rows("SELECT section, body, secrets FROM object WHERE {} ORDER BY section, name", revision)
        bodies: dict[str, list[tuple[str, str]]] = {}
        for section, body, secrets in rows:
            bodies.setdefault(section, []).append((body, secrets))
        return Snapshot(thing for section, stored in bodies.items() for thing in self._decoded(section, stored))

    def _decoded(self, section: str, stored: list[tuple[str, str]]) -> Iterator[Kind]:
        if section not in SECTIONS:
            raise ODBError(f"the ODB has objects in `{section}`, which this version does not know; upgrade it")
        of_kinds: Any = list[Union[tuple(SECTIONS[section].kinds.values())]]  # type: ignore[misc]  # noqa: UP007
        try:
            things = msgspec.json.decode(f"[{','.join(body for body, _ in stored)}]", type=of_kinds)
        except msgspec.ValidationError as e:
            raise ODBError(f"an object of `{section}` in the ODB cannot be read: {e}") from None
        for thing, (_, secrets) in zip(things, stored, strict=True):
            if secrets == "{}":
                yield thing
            else:
                tokens = msgspec.json.decode(secrets)
                plain = {field: self._secrets.decrypt(token) for field, token in tokens.items()}
                yield msgspec.structs.replace(thing, **plain)

    def variables(self, revision: int | None = None) -> dict[Key, dict[str, str]]:
        """Object → field → its text with `${NAME}` for the variables that it was imported from."""
        rows = self._rows("SELECT section, name, variables FROM object WHERE {} AND variables <> '{{}}'", revision)
        return {(section, name): msgspec.json.decode(variables) for section, name, variables in rows}

    def owners(self, revision: int | None = None) -> dict[Key, str]:
        """Object → who imported it last."""
        rows = self._rows("SELECT section, name, owner FROM object WHERE {}", revision)
        return {(section, name): owner for section, name, owner in rows}

    def _rows(self, sql: str, revision: int | None) -> list[tuple[Any, ...]]:
        """Ask for objects as they were in a revision, in the current one by default; `{}` in the SQL says so."""
        number = self.current if revision is None else revision
        return self._database.rows(sql.format("since <= ? AND (until IS NULL OR until > ?)"), (number, number))

    def check_revision(self, number: int) -> None:
        """Raises ODBError if there is no such revision, or it was never the current one; 0 is the empty beginning."""
        found = self._database.rows("SELECT number FROM revision WHERE number = ?", (number,))
        if number != 0 and (not found or number > self.current):
            raise ODBError(f"there is no revision {number}; `zato enmasse --history` lists those that there are")

    def pings(self, revision: int) -> list[Key]:
        """The outgoing connections that are to be pinged before a revision becomes the current one."""
        ((pings,),) = self._database.rows("SELECT pings FROM revision WHERE number = ?", (revision,))
        return msgspec.json.decode(pings, type=list[tuple[str, str]])

    def revisions(self) -> list[Revision]:
        """Every revision up to the current one, newest first."""
        rows = self._database.rows(
            "SELECT number, made_at, made_by, source, changes FROM revision WHERE number <= ? ORDER BY number DESC",
            (self.current,),
        )
        decode = msgspec.json.decode
        return [Revision(n, at, by, decode(source), decode(changes)) for n, at, by, source, changes in rows]

    def wait(self, descriptor: int, timeout: float) -> None:
        """Wait until there may be something new, the descriptor is readable, or `timeout` seconds have passed."""
        self._database.wait(descriptor, timeout)

    # Writing a revision

    @contextmanager
    def importing(self) -> Iterator[None]:
        """Keep other imports out, and clear away what one that was killed may have left. Raises ODBError."""
        with self._database.exclusive(LOCK_SECONDS):
            abandoned = self.staged
            if abandoned is not None:
                self.discard(abandoned)
            yield

    def stage(
        self,
        plan: Plan,
        *,
        variables: Mapping[Key, Mapping[str, str]],
        made_by: str,
        source: Mapping[str, Any],
        pings: Iterable[Key] = (),
    ) -> int:
        """Write a plan as the next revision, in one transaction; nobody serves it yet. Only inside `importing`.

        Every worker pings the connections that are `pings`. `variables` are as `variables()` has them; a secret that
        does not change keeps the variable that it came from.
        """
        before = self.variables()
        with self._database.transaction():
            number = self._setting("last") + 1
            self._set("last", number)
            made_at = datetime.now(UTC).isoformat(timespec="seconds")
            told = (source, [record(step) for step in plan.steps], list(pings))
            self._database.execute(
                "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?)",
                (number, made_at, made_by, *(msgspec.json.encode(each).decode() for each in told)),
            )
            self._database.execute_many(
                "UPDATE object SET until = ? WHERE section = ? AND name = ? AND until IS NULL",
                ((number, *step.key) for step in plan.steps if step.action != "create"),
            )
            self._database.execute_many(
                "INSERT INTO object VALUES (?, ?, ?, NULL, ?, ?, ?, ?)",
                (
                    (*step.key, number, *self._encoded(step.object, _variables(step, before, variables)), step.owner)
                    for step in plan.steps
                    if step.object is not None
                ),
            )
            self._database.announce()
        return number

    def _encoded(self, thing: Kind, variables: Mapping[str, str]) -> tuple[str, str, str]:
        plain = {name: value for name in secret_fields(type(thing)) if (value := getattr(thing, name)) is not None}
        body = msgspec.structs.replace(thing, **dict.fromkeys(plain)) if plain else thing
        tokens = {name: self._secrets.encrypt(value) for name, value in plain.items()}
        encode = msgspec.json.encode
        return encode(body).decode(), encode(tokens).decode(), encode(variables).decode()

    def make_current(self, revision: int) -> None:
        """Move the pointer to a staged revision. Only inside `importing`."""
        with self._database.transaction():
            self._set("current", revision)
            self._database.announce()

    def settle(self) -> None:
        """Forget what nothing but a way back to the previous revision would need."""
        self.jobs.settle()

    def discard(self, revision: int) -> None:
        """Undo `stage`, unless the revision is the current one by now. Only inside `importing`."""
        with self._database.transaction():
            if revision <= self.current:
                return
            self._discard(revision)

    def revert(self, revision: int, to: int) -> None:
        """Undo `stage`, and `make_current` if it was called. Only inside `importing`."""
        with self._database.transaction():
            self._set("current", to)
            self._discard(revision)

    def _discard(self, revision: int) -> None:
        self._database.execute("DELETE FROM object WHERE since = ?", (revision,))
        self._database.execute("UPDATE object SET until = NULL WHERE until = ?", (revision,))
        self._database.execute("DELETE FROM revision WHERE number = ?", (revision,))
        self._database.announce()

    # Who serves what

    def report(self, worker: Worker) -> None:
        """Note what a worker does; it counts as alive for LEASE_SECONDS."""
        self._database.execute(
            "INSERT INTO worker (id, server, host, pid, prepared, serving, problem, seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, prepared = excluded.prepared,"
            " serving = excluded.serving, problem = excluded.problem",
            (*msgspec.structs.astuple(worker), self._database.now()),
        )

    def forget(self, worker_ids: Iterable[str]) -> None:
        """Delete workers that have ended."""
        self._database.execute_many("DELETE FROM worker WHERE id = ?", ((worker_id,) for worker_id in worker_ids))

    def workers(self, patience: float = 0.0) -> list[Worker]:
        """The workers that are alive, and so are to be waited for.

        One that prepares a large revision is not heard of meanwhile. Where its process can be seen to run, it counts
        as alive for `patience` seconds more.
        """
        now = self._database.now()
        rows = self._database.rows(
            "SELECT seen_at, id, server, host, pid, prepared, serving, problem FROM worker"
            " WHERE ABS(seen_at - ?) <= ? ORDER BY id",
            (now, LEASE_SECONDS + patience),
        )
        workers = ((abs(seen_at - now) <= LEASE_SECONDS, Worker(*row)) for seen_at, *row in rows)
        return [
            worker
            for is_heard_of, worker in workers
            if (may_run if is_heard_of else runs_here)(worker.host, worker.pid)
        ]


def _variables(
    step: Step, before: Mapping[Key, Mapping[str, str]], after: Mapping[Key, Mapping[str, str]]
) -> dict[str, str]:
    changed = {change.field for change in step.changes}
    kept = set() if step.object is None else set(secret_fields(type(step.object))) - changed
    unchanged = {field: text for field, text in before.get(step.key, {}).items() if field in kept}
    return {**unchanged, **after.get(step.key, {})}
