"""Jobs: services that run by themselves, at set times."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal, Self

import msgspec

from zato.kinds.base import Kind, Mistake, Opening, about

if TYPE_CHECKING:
    from zato.kinds.scheduler.scheduler import ScheduledJob

CENTURY = 100 * 365 * 86_400
"""Seconds; the longest interval."""


class Job(Kind, frozen=True, kw_only=True):
    """When a service is run by itself, and with what (reference: enmasse, section 3.8)."""

    section = "scheduler"
    inbound = True
    dropped = {"id": "", "cluster_id": "", "service_id": "", "opaque1": ""}

    is_active: Annotated[bool, about("An inactive job is kept but not run.", was="true in 3.2, false in 4.x")] = True
    service: Annotated[str, about("Name of the service to run.", also={"service_name": "3.2"}, min_length=1)]
    job_type: Annotated[Literal["one_time", "interval_based", "cron_style"], about("What decides when it runs.")]
    start_date: (
        Annotated[
            str,
            about(
                "Not before this date, `YYYY-MM-DD HH:MM:SS` or ISO 8601; intervals count from it. Without it: from"
                " when the job is imported.",
                spelled={"": None},
            ),
        ]
        | None
    ) = None
    timezone: Annotated[
        str, about("Time zone of `start_date` and `cron_definition`, as in `Europe/Warsaw`.", spelled={"": "UTC"})
    ] = "UTC"
    weeks: Annotated[int, about("Weeks of the interval.", ge=0, le=CENTURY // (7 * 86_400))] = 0
    days: Annotated[int, about("Days of the interval.", ge=0, le=CENTURY // 86_400)] = 0
    hours: Annotated[int, about("Hours of the interval.", ge=0, le=CENTURY // 3_600)] = 0
    minutes: Annotated[int, about("Minutes of the interval.", ge=0, le=CENTURY // 60)] = 0
    seconds: Annotated[int, about("Seconds of the interval.", ge=0, le=CENTURY)] = 0
    repeats: (
        Annotated[
            int,
            about("How often it runs in all; without end if not set.", ge=1, spelled={"": None, 0: None, "0": None}),
        ]
        | None
    ) = None
    cron_definition: (
        Annotated[
            str,
            about(
                "Minute, hour, day of month, month and day of week, as in `*/15 8-18 * * mon-fri`.", spelled={"": None}
            ),
        ]
        | None
    ) = None
    extra: Annotated[str, about("What the service gets as its payload.", lines=True)] = ""
    should_ignore_existing: Annotated[
        bool,
        about(
            "Whether an import leaves an existing job of this name as it is.",
            pending="an existing job changes with --replace-odb-objects only",
        ),
    ] = False
    jitter_ms: Annotated[
        int, about("Runs are put off by up to this much, differently each time.", unit="ms", ge=0, le=3_600_000)
    ] = 0
    max_execution_time_ms: Annotated[
        int, about("A run that takes longer is logged; it goes on.", unit="ms", ge=1_000, le=86_400_000)
    ] = 3_600_000
    on_success_service: (
        Annotated[str, about("Service to run after one that did not fail.", spelled={"": None})] | None
    ) = None
    on_success_job: (
        Annotated[str, about("Job to run at once after one that did not fail.", ref="scheduler", spelled={"": None})]
        | None
    ) = None
    on_error_service: Annotated[str, about("Service to run after one that failed.", spelled={"": None})] | None = None
    on_error_job: (
        Annotated[str, about("Job to run at once after one that failed.", ref="scheduler", spelled={"": None})] | None
    ) = None

    @property
    def interval(self) -> int:
        """Seconds from one run to the next of an interval-based job."""
        return (((self.weeks * 7 + self.days) * 24 + self.hours) * 60 + self.minutes) * 60 + self.seconds

    @property
    def schedule(self) -> str:
        """Everything that decides when the job runs. A job whose schedule changes starts anew."""
        decisive = (
            self.job_type, self.start_date, self.timezone, self.interval, self.repeats, self.cron_definition
        )  # fmt: skip
        return msgspec.json.encode(decisive).decode()

    def mistakes(self) -> Iterable[Mistake]:
        """What its schedule lacks or cannot mean."""
        from zato.kinds.scheduler.check import mistakes

        return mistakes(self)

    def when_added(self) -> str:
        """It runs."""
        return f"runs {self.service} at its times from now on"

    def when_changed(self, before: Self) -> str:
        """It goes on, or starts anew where its schedule is another one."""
        if before.schedule == self.schedule:
            return "applies from the next run on"
        return f"starts anew and runs {self.service} at its new times"

    def when_removed(self) -> str:
        """It does not run; a run that has begun goes on to its end."""
        return f"runs {self.service} no more"

    def open(self, opening: Opening) -> ScheduledJob:
        """Make the handle; the job runs at its times once that is started. Raises ValueError."""
        from zato.kinds.scheduler.scheduler import ScheduledJob

        for mistake in self.mistakes():
            if not mistake.is_warning:  # the import may have found none, on a machine that knows other time zones
                raise ValueError(mistake.message)
        return ScheduledJob(self, opening)
