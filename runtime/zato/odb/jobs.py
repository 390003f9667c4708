"""Which server runs a job when."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping

import msgspec

from zato.kinds.scheduler.job import Job
from zato.kinds.scheduler.ledger import CLOCK_TOLERANCE, Claim, JobState
from zato.odb.database import Database
from zato.odb.processes import may_run

LEASE_SECONDS = 15.0
"""A run of another host that was not heard of for so long has died with its server."""

TABLES = (
    """CREATE TABLE job (
        name TEXT NOT NULL, schedule TEXT NOT NULL, since BIGINT NOT NULL, latest BIGINT NOT NULL,
        runs BIGINT NOT NULL, PRIMARY KEY (name, schedule))""",
    """CREATE TABLE job_run (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, host TEXT NOT NULL, pid BIGINT NOT NULL,
        leased_until DOUBLE PRECISION NOT NULL)""",
    """CREATE VIEW current_job AS SELECT object.name, body FROM object JOIN setting ON setting.name = 'current'
        WHERE section = 'scheduler' AND since <= value AND (until IS NULL OR until > value)""",
)


class Jobs:
    """The ODB's part in running jobs (kinds.scheduler.ledger.JobLedger). It belongs to the thread that opened it.

    A job's state belongs to its schedule: while an import may still be undone, the old and the new one are kept. Only
    the one in the current revision has runs, so that everybody changes from one to the other at the same moment.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._host = socket.gethostname()
        self._pid = os.getpid()

    def adopt(self, schedules: Mapping[str, str], now: float) -> dict[str, JobState]:
        """The states of jobs by name; a schedule that is new has had no runs."""
        with self._database.transaction():
            current = self._current()
            return {
                name: self._state(name, schedule) or self._added(name, schedule, int(now))
                for name, schedule in schedules.items()
                if current.get(name) == schedule
            }

    def claim(
        self, name: str, schedule: str, expected: JobState, time: int, run: str, now: float, *, skip: bool
    ) -> Claim:
        """Take the job's run of `time`, as `run`, if its state is still the expected one, so that one server wins."""
        lost = self._lost(name, schedule, expected)
        if lost:  # without having waited for a lock, as it is for most where there are many servers
            return lost
        with self._database.transaction():
            lost = self._lost(name, schedule, expected)
            if lost:
                return lost
            if not self._lease(name, run, now):
                return Claim("busy", self._moved(name, schedule, expected, time, 0) if skip else expected)
            return Claim("won", self._moved(name, schedule, expected, time, 1))

    def _lost(self, name: str, schedule: str, expected: JobState) -> Claim | None:
        bodies = self._database.rows("SELECT body FROM current_job WHERE name = ?", (name,))
        state = self._state(name, schedule)
        if state is None or [_schedule(body) for (body,) in bodies] != [schedule]:
            return Claim("gone", None)
        return None if state == expected else Claim("lost", state)

    def take(self, name: str, run: str, now: float) -> bool:
        """Begin a run outside the schedule, unless the job is busy or gone."""
        with self._database.transaction():
            is_known = bool(self._database.rows("SELECT name FROM current_job WHERE name = ?", (name,)))
            return is_known and self._lease(name, run, now)

    def renew(self, runs: Iterable[str], now: float) -> None:
        """Tell that runs go on."""
        until = now + LEASE_SECONDS
        self._database.execute_many("UPDATE job_run SET leased_until = ? WHERE id = ?", ((until, run) for run in runs))

    def release(self, runs: Iterable[str]) -> None:
        """Tell that runs have ended."""
        self._database.execute_many("DELETE FROM job_run WHERE id = ?", ((run,) for run in runs))

    def settle(self) -> None:
        """Forget jobs and schedules that the current revision does not hold."""
        current = self._current()
        known = self._database.rows("SELECT name, schedule FROM job")
        gone = [(name, schedule) for name, schedule in known if current.get(name) != schedule]
        self._database.execute_many("DELETE FROM job WHERE name = ? AND schedule = ?", gone)
        deleted = {name for name, _ in gone if name not in current}
        self._database.execute_many("DELETE FROM job_run WHERE name = ?", ((name,) for name in deleted))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _current(self) -> dict[str, str]:
        """The schedules of the current revision's jobs."""
        return {name: _schedule(body) for name, body in self._database.rows("SELECT name, body FROM current_job")}

    def _state(self, name: str, schedule: str) -> JobState | None:
        sql = "SELECT since, latest, runs FROM job WHERE name = ? AND schedule = ?"
        found = self._database.rows(sql, (name, schedule))
        return JobState(*found[0]) if found else None

    def _added(self, name: str, schedule: str, now: int) -> JobState:
        self._database.execute("INSERT INTO job VALUES (?, ?, ?, 0, 0)", (name, schedule, now))
        return JobState(now)

    def _moved(self, name: str, schedule: str, before: JobState, latest: int, more: int) -> JobState:
        sql = "UPDATE job SET latest = ?, runs = runs + ? WHERE name = ? AND schedule = ?"
        self._database.execute(sql, (latest, more, name, schedule))
        return JobState(before.since, latest, before.runs + more)

    def _lease(self, name: str, run: str, now: float) -> bool:
        """Note a run; False where one goes on. Those that died with their server are cleared away."""
        sql = "SELECT id, host, pid, leased_until FROM job_run WHERE name = ?"
        for other, host, pid, leased_until in self._database.rows(sql, (name,)):
            if 0 < leased_until - now <= LEASE_SECONDS + CLOCK_TOLERANCE and may_run(host, pid):
                return False
            self.release([other])
        lease = (run, name, self._host, self._pid, now + LEASE_SECONDS)
        self._database.execute("INSERT INTO job_run VALUES (?, ?, ?, ?, ?)", lease)
        return True


def _schedule(body: str) -> str:
    return msgspec.json.decode(body, type=Job).schedule
