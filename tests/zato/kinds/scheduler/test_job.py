from __future__ import annotations

from pathlib import Path

import pytest

from tests.zato.config.checking import Check
from zato.config.export import export
from zato.config.export import text as written
from zato.config.snapshot import Snapshot
from zato.kinds.scheduler.job import Job


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    monkeypatch.chdir(tmp_path)
    return Check(tmp_path)


NAMED = "name: j, service: s, "


def told(check: Check, fields: str) -> list[str]:
    """What is wrong with a job that has a name, a service and these fields."""
    return check.problems(f"scheduler:\n  - {{{NAMED}{fields}}}\n")


OF_3_2 = """
scheduler:
  - id: 12
    name: nightly
    is_active: 'True'
    job_type: cron_style
    start_date: '2014-01-02 11:47:20'
    extra: |
      a=1
      b=2
    service_id: 7
    service_name: orders.sync
    weeks: null
    days: null
    hours: ''
    minutes: null
    seconds: null
    repeats: ''
    cron_definition: '*/5 3 * * mon-fri'
"""

OF_4 = """
scheduler:
  - name: quick
    service: orders.poll
    job_type: interval_based
    start_date: 2025-01-01 02:00:00
    seconds: '10'
    repeats: 3
    extra: [a=1, b=2]
    jitter_ms: 200
    timezone: Europe/Warsaw
    max_execution_time_ms: 5000
    on_success_service: orders.done
    on_error_job: once
  - name: once
    service: orders.repair
    job_type: one_time
    is_active: false
    extra: ['{', '"', a, '"', ':', '1', '}']
"""


def test_jobs_of_zato_3_are_read(check: Check) -> None:
    assert check.object(OF_3_2) == Job(
        name="nightly", service="orders.sync", job_type="cron_style", start_date="2014-01-02 11:47:20",
        cron_definition="*/5 3 * * mon-fri", extra="a=1\nb=2\n",
    )  # fmt: skip


def test_jobs_of_zato_4_are_read(check: Check) -> None:
    quick, once = check.objects(OF_4)
    assert quick == Job(
        name="quick", service="orders.poll", job_type="interval_based", start_date="2025-01-01 02:00:00", seconds=10,
        repeats=3, extra="a=1\nb=2", jitter_ms=200, timezone="Europe/Warsaw", max_execution_time_ms=5000,
        on_success_service="orders.done", on_error_job="once",
    )  # fmt: skip
    assert once == Job(name="once", service="orders.repair", job_type="one_time", is_active=False, extra='{"a":1}')


@pytest.mark.parametrize("text", [OF_3_2, OF_4])
def test_what_is_exported_is_read_as_it_was(check: Check, text: str) -> None:
    objects = check.objects(text)
    assert Snapshot(check.objects(written(export(Snapshot(objects), {}), "yaml"))) == Snapshot(objects)


FIVE_FIELDS = "(minute, hour, day of month, month, day of week, as in `*/15 8-18 * * mon-fri`)"
NO_INTERVAL = "it has no interval (set one of weeks, days, hours, minutes, seconds)"
DATE = "(write it as YYYY-MM-DD HH:MM:SS)"
REPLACE = "(an existing job changes with --replace-odb-objects only)"
TYPES = "cron_style, interval_based, one_time"


@pytest.mark.parametrize(
    ("fields", "field", "problem"),
    [
        ("job_type: interval_based", "", NO_INTERVAL),
        ("job_type: interval_based, seconds: 0", "", NO_INTERVAL),
        ("job_type: interval_based, seconds: -1", "seconds", "`-1` is less than 0 (Seconds of the interval.)"),
        (
            "job_type: interval_based, seconds: 1, jitter_ms: 1000",
            "jitter_ms",
            "the jitter is not shorter than the interval",
        ),
        ("job_type: cron_style", "", f"the field `cron_definition` is missing {FIVE_FIELDS}"),
        (
            "job_type: cron_style, cron_definition: 61 * * * *",
            "cron_definition",
            f"`61 * * * *`: bad minute {FIVE_FIELDS}",
        ),
        (
            "job_type: cron_style, cron_definition: 0 0 1 * * *",
            "cron_definition",
            f"`0 0 1 * * *`: it does not have five fields {FIVE_FIELDS}",
        ),
        (
            "job_type: one_time, start_date: 9999-01-01",
            "start_date",
            f"`9999-01-01`: the year is not in 1970-2199 {DATE}",
        ),
        ("job_type: one_time, start_date: tomorrow", "start_date", f"`tomorrow`: it is no date {DATE}"),
        ("job_type: one_time, start_date: 2024-13-45", "start_date", f"`2024-13-45`: month must be in 1..12 {DATE}"),
        (
            "job_type: one_time, timezone: Europe/Warszaw",
            "timezone",
            "`Europe/Warszaw`: it is no time zone (did you mean `Europe/Warsaw`?)",
        ),
        ("job_type: one_time, timezone: '!'", "timezone", "`!`: it is no time zone (write it as in Europe/Warsaw)"),
        (
            "job_type: one_time, on_error_job: j",
            "on_error_job",
            "the job would run itself without end (name another job)",
        ),
        (
            "job_type: one_time, on_success_job: k",
            "on_success_job",
            "there is no `k` in `scheduler` (define it in `scheduler`)",
        ),
        ("job_type: one_tim", "job_type", f"`one_tim` is not one of {TYPES} (did you mean `one_time`?)"),
        ("job_type: one_time, extra: {a: b}", "extra", "a mapping is not a text"),
    ],
)
def test_what_a_job_cannot_mean_is_told_where_it_stands(check: Check, fields: str, field: str, problem: str) -> None:
    column, path = 5, ""
    if field:
        column, path = len(f"  - {{{NAMED}") + fields.index(f"{field}: ") + len(f"{field}: ") + 1, f"/{field}"
    assert told(check, fields) == [f"c.yaml:2:{column}: scheduler/j{path}: {problem}"]


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ("job_type: one_time, seconds: 5", "/seconds: `seconds` has no effect for job_type one_time"),
        (
            "job_type: interval_based, hours: 1, cron_definition: 1 1 1 1 1",
            "/cron_definition: `cron_definition` has no effect for job_type interval_based",
        ),
        (
            "job_type: one_time, should_ignore_existing: true",
            f"/should_ignore_existing: `should_ignore_existing` has no effect in j {REPLACE}",
        ),
    ],
)
def test_what_has_no_effect_is_warned_of(check: Check, fields: str, warning: str) -> None:
    (problem,) = told(check, fields)
    assert problem.endswith(f": warning: scheduler/j{warning}")


def test_a_schedule_is_what_decides_when_a_job_runs() -> None:
    job = Job(name="j", service="s", job_type="interval_based", minutes=1)
    assert job.schedule == Job(name="k", service="t", job_type="interval_based", seconds=60, extra="x").schedule
    assert job.schedule != Job(name="j", service="s", job_type="interval_based", minutes=1, repeats=3).schedule
    assert job.schedule != Job(name="j", service="s", job_type="interval_based", minutes=2).schedule
