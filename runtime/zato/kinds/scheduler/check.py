"""What can be wrong with a job's schedule though every field by itself is sound."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, tzinfo
from zoneinfo import available_timezones

from zato.kinds.base import Mistake
from zato.kinds.scheduler.job import Job
from zato.kinds.scheduler.schedule import read_cron, read_date, zone_of

UNITS = ("weeks", "days", "hours", "minutes", "seconds")


def mistakes(job: Job) -> Iterator[Mistake]:
    """Tell what is wrong."""
    zone: tzinfo = UTC
    try:
        zone = zone_of(job.timezone)
    except ValueError as e:
        hint = "write it as in Europe/Warsaw"
        yield Mistake("timezone", f"`{job.timezone}`: {e}", hint, known=available_timezones())
    if job.start_date is not None:
        try:
            read_date(job.start_date, zone)
        except ValueError as e:
            yield Mistake("start_date", f"`{job.start_date}`: {e}", "write it as YYYY-MM-DD HH:MM:SS")
    yield from _cron(job) if job.job_type == "cron_style" else _interval(job)
    yield from _without_effect(job)
    for field in ("on_success_job", "on_error_job"):
        if getattr(job, field) == job.name:
            yield Mistake(field, "the job would run itself without end", "name another job")


def _cron(job: Job) -> Iterator[Mistake]:
    hint = "minute, hour, day of month, month, day of week, as in `*/15 8-18 * * mon-fri`"
    if job.cron_definition is None:
        yield Mistake("", "the field `cron_definition` is missing", hint)
        return
    try:
        read_cron(job.cron_definition)
    except ValueError as e:
        yield Mistake("cron_definition", f"`{job.cron_definition}`: {e}", hint)


def _interval(job: Job) -> Iterator[Mistake]:
    if job.job_type != "interval_based":
        return
    if not job.interval:
        yield Mistake("", "it has no interval", f"set one of {', '.join(UNITS)}")
    elif job.jitter_ms >= 1000 * job.interval:
        yield Mistake("jitter_ms", "the jitter is not shorter than the interval")


def _without_effect(job: Job) -> Iterator[Mistake]:
    """Fields that belong to another type of job are warned of: Zato takes such files."""
    kept = {"interval_based": (*UNITS, "repeats"), "cron_style": ("cron_definition", "repeats"), "one_time": ()}
    for field in (*UNITS, "repeats", "cron_definition"):
        if getattr(job, field) and field not in kept[job.job_type]:
            yield Mistake(field, f"`{field}` has no effect for job_type {job.job_type}", is_warning=True)
