"""Servers of one ODB that run jobs in a time of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from zato.config.plan import plan
from zato.kinds.base import Handle, Kind
from zato.kinds.scheduler.job import Job
from zato.kinds.scheduler.ledger import Claim, JobState
from zato.kinds.scheduler.scheduler import Clock, ScheduledJob, Scheduler
from zato.odb.jobs import Jobs
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets

Service = Callable[["Invoked"], Any]


class Invoked(msgspec.Struct, frozen=True):
    """One run of a service."""

    server: str
    time: float
    job: str
    service: str
    payload: Any
    cid: str
    job_type: str


class Cluster:
    """An ODB, the clock, and what was run by all servers on it."""

    def __init__(self, directory: Path, address: Path | str | None = None) -> None:
        self.now = 1_750_000_000.0
        self.runs: list[Invoked] = []
        self.won: list[tuple[str, int]] = []
        """Jobs and the times of their runs, as servers won them."""
        self.services: dict[str, Service] = {}
        """What a service does besides being noted."""
        self._address = address or directory / "odb.db"
        self._key = directory / "secret.key"
        Secrets.create_key(self._key)
        self._odb = ODB(self._address, Secrets(self._key), create=True)
        self._servers: list[Server] = []

    def open_odb(self) -> ODB:
        return ODB(self._address, Secrets(self._key))

    def wish(self, *jobs: Job) -> None:
        """Import exactly these jobs; no server serves them yet."""
        now = self._odb.load()
        gone = [(thing.section, thing.name) for thing in now if thing.name not in {job.name for job in jobs}]
        with self._odb.importing():
            revision = self._odb.stage(plan(now, jobs, gone), variables={}, made_by="", source={})
            self._odb.make_current(revision)
            self._odb.settle()

    def server(self, name: str = "server1", clock_ahead: float = 0.0) -> Server:
        server = Server(self, name, clock_ahead)
        self._servers.append(server)
        return server

    def configure(self, *jobs: Job) -> None:
        """Import these jobs and have every server serve them."""
        self.wish(*jobs)
        for server in self._servers:
            server.serve(*jobs)

    def pass_time(self, seconds: float, step: float = 0.25) -> None:
        """Let time pass, with every server at work."""
        until = self.now + seconds
        self._work()
        while self.now < until:
            self.now = min(self.now + step, until)
            self._work()

    def _work(self) -> None:
        for server in self._servers:
            server.work()

    def times(self, job: str) -> list[float]:
        """When a job ran, in seconds since the cluster began."""
        return [run.time - 1_750_000_000 for run in self.runs if run.job == job]

    def rows(self) -> list[str]:
        """The jobs that the ODB knows states of."""
        return [
            name
            for (name,) in self._odb._database.rows("SELECT name FROM job UNION SELECT name FROM job_run ORDER BY name")
        ]

    def close(self) -> None:
        self._odb.close()
        for server in self._servers:
            server.crash()


class Ledger(Jobs):
    """The real one, as of a host of its own; it notes which runs it granted."""

    def __init__(self, cluster: Cluster, host: str) -> None:
        super().__init__(cluster.open_odb()._database)
        self._host = host
        self._won = cluster.won

    def claim(
        self, name: str, schedule: str, expected: JobState, time: int, run: str, now: float, *, skip: bool
    ) -> Claim:
        claim = super().claim(name, schedule, expected, time, run, now, skip=skip)
        if claim.outcome == "won":
            self._won.append((name, time))
        return claim


class Server:
    """What one process does, in steps; runs are over at once unless they are held."""

    def __init__(self, cluster: Cluster, name: str, clock_ahead: float) -> None:
        self.server_name = name
        self.cluster = cluster
        self.is_holding = False
        """Whether runs wait for `let_go`."""
        self._clock_ahead = clock_ahead
        self._held: list[Callable[[], None]] = []
        self._handles: dict[str, ScheduledJob] = {}
        clock = Clock(lambda: cluster.now + clock_ahead, lambda: cluster.now)
        self.scheduler = Scheduler(self._open_ledger, clock, self._spawn)

    def _open_ledger(self) -> Jobs:
        return Ledger(self.cluster, self.server_name)

    def _spawn(self, name: str, work: Callable[[], None]) -> None:
        if self.is_holding:
            self._held.append(work)
        else:
            work()

    def serve(self, *jobs: Job) -> None:
        """Switch to a configuration, as worlds do it."""
        wanted = {job.name: job for job in jobs if job.is_active}
        before = self._handles
        self._handles = {name: self._handle(job, before.get(name)) for name, job in wanted.items()}
        for name, handle in before.items():
            if self._handles.get(name) is not handle:
                handle.close()
        for name, handle in self._handles.items():
            if before.get(name) is not handle:
                handle.start()

    def _handle(self, job: Job, before: ScheduledJob | None) -> ScheduledJob:
        return before if before is not None and before.job == job else job.open(self)

    def work(self) -> None:
        """Do what is due, and what comes of it."""
        while self.scheduler._step() == 0.0 or self.scheduler._inbox:
            pass

    def let_go(self) -> None:
        """Let the runs that are held go on to their ends."""
        self.is_holding = False
        while self._held:
            self._held.pop()()

    def crash(self) -> None:
        """Be gone, as after a kill: nothing is told to the ODB."""
        if self in self.cluster._servers:
            self.cluster._servers.remove(self)
        self.scheduler._close_ledger()

    # kinds.base.Opening

    def object(self, section: str, name: str) -> Kind:
        raise KeyError(name)

    def handle(self, section: str, name: str) -> Handle:
        raise KeyError(name)

    def invoke(self, service: str, payload: Any, *, channel: Kind, channel_type: str, extra: Mapping[str, Any]) -> Any:
        assert channel_type == "scheduler"
        run = Invoked(self.server_name, self.cluster.now, channel.name, service, payload, **extra)
        self.cluster.runs.append(run)
        return self.cluster.services.get(service, lambda _: "")(run)
