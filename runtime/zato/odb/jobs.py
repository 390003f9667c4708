"""Which server runs a job when: one row for each job, changed by compare-and-set."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from typing import Literal

import msgspec

from zato.kinds.scheduler.ledger import CLOCK_TOLERANCE, Adopted, Claim, JobState
from zato.odb.database import Database
from zato.odb.processes import may_run

LEASE_SECONDS = 15.0
"""A run of another host that was not heard of for so long has died with its server."""

TABLES = (
    """CREATE TABLE job (
        name TEXT PRIMARY KEY, schedule TEXT NOT NULL, revision BIGINT NOT NULL, since BIGINT NOT NULL,
        latest BIGINT NOT NULL, runs BIGINT NOT NULL, run TEXT NOT NULL, host TEXT NOT NULL, pid BIGINT NOT NULL,
        leased_until DOUBLE PRECISION NOT NULL)""",
    """CREATE VIEW current_job AS SELECT object.name FROM object JOIN setting ON setting.name = 'current'
        WHERE section = 'scheduler' AND since <= value AND (until IS NULL OR until > value)""",
)
FORGET_DELETED = "DELETE FROM job WHERE name NOT IN (SELECT name FROM current_job)"


class _Row(msgspec.Struct, frozen=True):
    schedule: str
    revision: int
    since: int
    latest: int
    runs: int
    run: str
    """The run that has begun and not ended, or ""."""
    host: str
    pid: int
    leased_until: float

    @property
    def state(self) -> JobState:
        return JobState(self.since, self.latest, self.runs)

    def is_busy(self, now: float) -> bool:
        remaining = self.leased_until - now
        is_leased = bool(self.run) and 0 < remaining <= LEASE_SECONDS + CLOCK_TOLERANCE
        return is_leased and may_run(self.host, self.pid)


class Jobs:
    """The ODB's part in running jobs (kinds.scheduler.ledger.JobLedger). It belongs to the thread that opened it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._host = socket.gethostname()
        self._pid = os.getpid()

    def adopt(self, jobs: Iterable[Adopted], now: float) -> dict[str, JobState]:
        """The states of jobs; one that is new, or has another schedule by a newer revision, starts anew."""
        states = {}
        with self._database.transaction():
            existing = {name for (name,) in self._database.rows("SELECT name FROM current_job")}
            for job in jobs:
                if job.name in existing and (state := self._adopted(job, int(now))) is not None:
                    states[job.name] = state
        return states

    def _adopted(self, job: Adopted, now: int) -> JobState | None:
        row = self._row(job.name)
        if row is None:
            self._database.execute(
                "INSERT INTO job VALUES (?, ?, ?, ?, 0, 0, '', '', 0, 0)", (job.name, job.schedule, job.revision, now)
            )
            return JobState(now)
        if row.schedule == job.schedule:
            revision = max(row.revision, job.revision)
            self._database.execute("UPDATE job SET revision = ? WHERE name = ?", (revision, job.name))
            return row.state
        if row.revision >= job.revision:
            return None
        self._database.execute(
            "UPDATE job SET schedule = ?, revision = ?, since = ?, latest = 0, runs = 0 WHERE name = ?",
            (job.schedule, job.revision, now, job.name),
        )
        return JobState(now)

    def claim(
        self, name: str, schedule: str, expected: JobState, time: int, run: str, now: float, *, skip: bool
    ) -> Claim:
        """Take the job's run of `time`, as `run`, if its state is still the expected one, so that one server wins."""
        row = self._row(name)
        if row is None or row.schedule != schedule:
            return Claim("gone", None)
        if row.state != expected:
            return Claim("lost", row.state)
        if row.is_busy(now):
            if not skip:
                return Claim("busy", row.state)
            outcome: Literal["busy", "won"] = "busy"
            after = msgspec.structs.replace(row, latest=time)
        else:
            outcome = "won"
            after = self._begun(row, run, now, latest=time, runs=row.runs + 1)
        if self._swap(name, row, after):
            return Claim(outcome, after.state)
        row = self._row(name)
        return Claim("lost", row.state) if row is not None else Claim("gone", None)

    def take(self, name: str, run: str, now: float) -> bool:
        """Begin a run outside the schedule, unless the job is busy or gone."""
        row = self._row(name)
        if row is None or row.is_busy(now):
            return False
        return self._swap(name, row, self._begun(row, run, now))

    def _begun(self, row: _Row, run: str, now: float, **changes: int) -> _Row:
        leased_until = now + LEASE_SECONDS
        return msgspec.structs.replace(
            row, run=run, host=self._host, pid=self._pid, leased_until=leased_until, **changes
        )

    def renew(self, runs: Iterable[str], now: float) -> None:
        """Tell that runs go on."""
        self._database.execute_many(
            "UPDATE job SET leased_until = ? WHERE run = ?", ((now + LEASE_SECONDS, run) for run in runs)
        )

    def release(self, runs: Iterable[str]) -> None:
        """Tell that runs have ended."""
        self._database.execute_many("UPDATE job SET run = '' WHERE run = ?", ((run,) for run in runs))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _row(self, name: str) -> _Row | None:
        found = self._database.rows(
            "SELECT schedule, revision, since, latest, runs, run, host, pid, leased_until FROM job WHERE name = ?",
            (name,),
        )
        return _Row(*found[0]) if found else None

    def _swap(self, name: str, before: _Row, after: _Row) -> bool:
        """Change a row if it is still as it was read; False where another server was faster."""
        sql = """UPDATE job SET latest = ?, runs = ?, run = ?, host = ?, pid = ?, leased_until = ?
            WHERE name = ? AND schedule = ? AND since = ? AND latest = ? AND runs = ? AND run = ? RETURNING name"""
        changed = (after.latest, after.runs, after.run, after.host, after.pid, after.leased_until)
        expected = (name, before.schedule, before.since, before.latest, before.runs, before.run)
        return bool(self._database.rows(sql, (*changed, *expected)))
