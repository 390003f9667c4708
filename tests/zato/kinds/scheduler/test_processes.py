"""Several processes on one ODB, and what becomes of jobs when they are killed."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from tests.servers import processes
from tests.servers.waiting import wait_for
from tests.zato.kinds.scheduler.worlds import Cluster
from zato.kinds.scheduler.job import Job

PROCESSES = 3
JOBS = ("a", "b", "c")
LONGEST_GAP = 4
"""Seconds from one run to the next of a job for every second: room for a busy machine."""


class Workers:
    """Processes that run jobs, each at its own pace."""

    def __init__(self, directory: Path, *url: str) -> None:
        self.directory = directory
        self._url = url
        self.alive: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.zato.kinds.scheduler.worker", str(self.directory), *self._url]
        self.alive.append(processes.start(command, log=self.directory / "log"))

    def kill_one(self) -> None:
        processes.kill(self.alive.pop(0))

    def noted(self, what: str) -> list[list[str]]:
        path = self.directory / "runs"
        lines = path.read_text().splitlines() if path.exists() else []
        return [words[1:] for line in lines if (words := line.split())[0] == what]

    def times(self, job: str) -> list[int]:
        """The times of the runs that were granted."""
        return [int(time) for name, time, _ in self.noted("won") if name == job]


@pytest.fixture(params=["sqlite", "postgresql"])
def workers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workers]:
    url = () if request.param == "sqlite" else (request.getfixturevalue("postgresql"),)
    with closing(Cluster(tmp_path, *url)) as cluster:
        cluster.wish(*(Job(name=name, service="s", job_type="interval_based", seconds=1) for name in JOBS))
    workers = Workers(tmp_path, *url)
    yield workers
    for process in workers.alive:
        processes.kill(process)


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.faults)])
def test_each_run_happens_once_while_processes_are_killed(workers: Workers, kills: int) -> None:
    # Given
    for _ in range(PROCESSES):
        workers.start()
    wait_for(lambda: len(workers.noted("ran")) > 5, "jobs run", 20)

    # When
    for _ in range(kills):
        workers.kill_one()
        workers.start()
        before = len(workers.noted("ran"))
        enough = before + random.randint(1, 4)
        wait_for(lambda enough=enough: len(workers.noted("ran")) >= enough, "jobs go on to run", LONGEST_GAP)  # type: ignore[misc]

    # Then
    for job in JOBS:
        times = workers.times(job)
        assert times == sorted(set(times))
        assert max(later - earlier for earlier, later in pairwise(times)) <= LONGEST_GAP
    won, ran = ([words[-1] for words in workers.noted(what)] for what in ("won", "ran"))
    assert len(set(ran)) == len(ran)
    assert set(ran) <= set(won)
    assert len(set(won) - set(ran)) <= kills + PROCESSES


def test_runs_go_on_where_they_were_after_all_processes_were_killed(workers: Workers) -> None:
    # Given
    workers.start()
    wait_for(lambda: workers.times("a"), "jobs run", 20)

    # When
    workers.kill_one()
    before = workers.times("a")
    workers.start()
    wait_for(lambda: len(workers.times("a")) >= len(before) + 2, "jobs run again", 20)

    # Then
    times = workers.times("a")
    assert times == sorted(set(times))
