"""Who runs a job when: what the scheduler asks of the ODB, where all servers agree on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

import msgspec

CLOCK_TOLERANCE = 60.0
"""Seconds by which the clocks of servers may differ. A run further ahead means that the clock was put back."""


class JobState(msgspec.Struct, frozen=True):
    """What is known of a job's runs. Times are seconds since the epoch."""

    since: int
    """When the job got the schedule that it has."""
    latest: int = 0
    """The time of the latest run that was begun or skipped; 0 if there is none."""
    runs: int = 0
    """How many were begun."""


class Claim(msgspec.Struct, frozen=True):
    """What became of the wish to run a job at one of its times."""

    outcome: Literal["won", "lost", "busy", "gone"]
    """`lost` to another server; `busy` with a run that has not ended; `gone`: deleted, or another schedule now."""
    state: JobState | None
    """The job's state afterwards; None if it is gone."""


class JobLedger(Protocol):
    """Where servers agree on who runs what. Used by one thread; every method raises ZatoError."""

    def adopt(self, schedules: Mapping[str, str], now: float) -> dict[str, JobState]:
        """The states of jobs by name; a schedule that is new has had no runs.

        Jobs that the current revision does not hold, or with another schedule, are left out.
        """
        ...

    def claim(
        self, name: str, schedule: str, expected: JobState, time: int, run: str, now: float, *, skip: bool
    ) -> Claim:
        """Take the job's run of `time`, as `run`, if its state is still the expected one, so that one server wins.

        A job that is busy misses the run; unless `skip`, nobody has it then and it can be asked for again.
        """
        ...

    def take(self, name: str, run: str, now: float) -> bool:
        """Begin a run outside the schedule, unless the job is busy or gone."""
        ...

    def renew(self, runs: Iterable[str], now: float) -> None:
        """Tell that runs go on; a job is no longer busy once nothing was heard of its run for a while."""
        ...

    def release(self, runs: Iterable[str]) -> None:
        """Tell that runs have ended."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
