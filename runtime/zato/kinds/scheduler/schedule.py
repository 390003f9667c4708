"""When jobs run: arithmetic on whole seconds since the epoch. Only dates and cron definitions have a time zone.

Where clocks are put forward, a date in the gap is as much later; a cron job of that time runs right after the gap.
Where they are put back, a date that comes twice means the first one. Intervals of whole days keep their local time,
others their length. Cron is Debian's: a job that runs every hour or minute goes by elapsed time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zlib import crc32
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from zato.kinds.scheduler.job import Job
from zato.kinds.scheduler.ledger import CLOCK_TOLERANCE, JobState

DAY = 86_400
YEARS = range(1970, 2200)
"""What a `start_date` can be in; all others are slips."""

# ISO 8601, YAML timestamps, and what people make of them
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt]|\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d*)?)?\s*(Z|z|[+-]\d{1,2}(?::?\d{2})?)?)?",
    re.ASCII,
)


def read_date(text: str, zone: tzinfo) -> int:
    """Read a `start_date`; one without an offset of its own is in `zone`. Raises ValueError, saying what is wrong."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        raise ValueError("it is no date")
    *numbers, offset = found.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    date = datetime(year, month, day, hour, minute, second, tzinfo=_offset(offset) if offset else zone)
    if year not in YEARS:
        raise ValueError(f"the year is not in {YEARS.start}-{YEARS.stop - 1}")
    return int(date.timestamp())


def _offset(text: str) -> tzinfo:
    if text in {"Z", "z"}:
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])
    size = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-size if text[0] == "-" else size)


def zone_of(name: str) -> tzinfo:
    """The time zone of a name. Raises ValueError."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; the name of a directory
        raise ValueError("it is no time zone") from None


def read_cron(text: str) -> CronSim:
    """Read a cron definition, for times after 1970. Raises ValueError, saying what is wrong."""
    return _cron(text, datetime(YEARS.start, 1, 1, tzinfo=UTC))


def _cron(text: str, after: datetime) -> CronSim:
    if len(text.split()) != 5:
        raise ValueError("it does not have five fields")
    try:
        return CronSim(text, after)
    except CronSimError as e:
        message = str(e)
        raise ValueError(f"{message[:1].lower()}{message[1:]}") from None


def next_run(job: Job, state: JobState, now: float) -> int | None:
    """When a job runs next, which is after `now`, or in the past for a one-time job that never ran; None: never."""
    if job.job_type == "one_time":
        return _start(job, state) if state.runs == 0 else None
    if job.repeats is not None and state.runs >= job.repeats:
        return None
    was_put_back = state.latest > now + CLOCK_TOLERANCE
    after = now if was_put_back else max(now, state.latest)
    return _next_by_cron(job, state, after) if job.job_type == "cron_style" else _next_by_interval(job, state, after)


def due(job: Job, run: int) -> float:
    """The moment at which a run is begun: its time and the job's jitter, on which all servers agree."""
    return run + crc32(f"{job.name}/{run}".encode()) % (job.jitter_ms + 1) / 1000


def _start(job: Job, state: JobState) -> int:
    return read_date(job.start_date, zone_of(job.timezone)) if job.start_date else state.since


def _next_by_interval(job: Job, state: JobState, after: float) -> int:
    start, zone = _start(job, state), zone_of(job.timezone)
    if job.start_date and after < start:
        return start
    if zone is UTC or job.interval % DAY:
        return start + (int((after - start) // job.interval) + 1) * job.interval
    first = datetime.fromtimestamp(start, zone).replace(tzinfo=None)
    local = datetime.fromtimestamp(after, zone).replace(tzinfo=None)
    interval = timedelta(seconds=job.interval)
    following = first + (local - first) // interval * interval
    while (moment := int(following.replace(tzinfo=zone).timestamp())) <= after:
        following += interval
    return moment


def _next_by_cron(job: Job, state: JobState, after: float) -> int | None:
    assert job.cron_definition is not None
    if job.start_date:
        after = max(after, _start(job, state) - 1)
    moments = _cron(job.cron_definition, datetime.fromtimestamp(int(after), zone_of(job.timezone)))
    # asked about the second of two equal local times, it begins with the first
    return next((moment for date in moments if (moment := int(date.timestamp())) > after), None)
