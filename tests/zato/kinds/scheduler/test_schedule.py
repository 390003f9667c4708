from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zato.kinds.scheduler.job import Job
from zato.kinds.scheduler.ledger import JobState
from zato.kinds.scheduler.schedule import due, next_run, read_cron, read_date, zone_of

WARSAW = "Europe/Warsaw"  # forward at 02:00 on 2025-03-30, back at 03:00 on 2025-10-26
ZONES = ["UTC", WARSAW, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"]


def at(text: str, zone: str = "UTC") -> int:
    """Seconds since the epoch of a date."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def shown(moment: float | None, zone: str = "UTC") -> str:
    assert moment is not None
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def interval(**fields: object) -> Job:
    return Job(**{"name": "j", "service": "s", "job_type": "interval_based", **fields})  # type: ignore[arg-type]


def cron(definition: str, **fields: object) -> Job:
    return interval(job_type="cron_style", cron_definition=definition, **fields)


def series(job: Job, after: float, count: int, since: int = 0) -> list[int]:
    """The runs of a job that is never late."""
    state, runs = JobState(since), []
    for _ in range(count):
        run = next_run(job, state, after)
        if run is None:
            break
        runs.append(run)
        after, state = run, JobState(since, run, state.runs + 1)
    return runs


# Intervals


def test_an_interval_begins_at_a_start_date_that_is_yet_to_come() -> None:
    job = interval(start_date="2025-01-01 02:00:00", hours=1)
    assert [shown(run) for run in series(job, at("2024-12-31"), 2)] == ["2025-01-01 02:00:00", "2025-01-01 03:00:00"]


def test_a_start_date_in_the_past_moves_on_by_whole_intervals() -> None:
    job = interval(start_date="2025-01-01 02:00:00", weeks=1, days=1)
    assert shown(next_run(job, JobState(0), at("2025-03-01 12:00:00"))) == "2025-03-06 02:00:00"


def test_without_a_start_date_the_first_run_is_one_interval_after_the_import() -> None:
    since = at("2025-01-01 12:34:56")
    assert [shown(run) for run in series(interval(minutes=5), since + 0.7, 2, since)] == [
        "2025-01-01 12:39:56",
        "2025-01-01 12:44:56",
    ]


def test_a_run_that_comes_late_does_not_move_those_after_it() -> None:
    job, state = interval(start_date="2025-01-01", seconds=10), JobState(0, at("2025-01-01 00:00:10"), 1)
    assert shown(next_run(job, state, at("2025-01-01 00:00:19"))) == "2025-01-01 00:00:20"
    assert shown(next_run(job, state, at("2025-01-01 00:00:25"))) == "2025-01-01 00:00:30"


def test_a_run_of_a_server_whose_clock_is_ahead_is_not_run_again() -> None:
    state = JobState(0, at("2025-01-01 00:00:30"), 1)
    assert shown(next_run(interval(seconds=10), state, at("2025-01-01 00:00:05"))) == "2025-01-01 00:00:40"


def test_a_clock_that_was_put_back_does_not_stop_a_job_until_it_has_caught_up() -> None:
    state = JobState(0, at("2025-01-01 12:00:00"), 1)
    assert shown(next_run(interval(seconds=10), state, at("2025-01-01 11:00:05"))) == "2025-01-01 11:00:10"


def test_intervals_of_whole_days_keep_their_local_time_when_clocks_change() -> None:
    for start, change in (("2025-03-29", "2025-03-31"), ("2025-10-25", "2025-10-27")):
        job = interval(start_date=f"{start} 08:00:00", timezone=WARSAW, days=1)
        *_, third = series(job, at(start), 3)
        assert shown(third, WARSAW) == f"{change} 08:00:00"


def test_intervals_of_hours_keep_their_length_when_clocks_change() -> None:
    job = interval(start_date="2025-03-29 08:00:00", timezone=WARSAW, hours=36)
    first, second = series(job, at("2025-03-29"), 2)
    assert second - first == 36 * 3600
    assert shown(second, WARSAW) == "2025-03-30 21:00:00"


def test_a_local_time_that_does_not_exist_is_as_much_later() -> None:
    job = interval(start_date="2025-03-29 02:30:00", timezone=WARSAW, days=1)
    assert [shown(run, WARSAW) for run in series(job, at("2025-03-29"), 3)] == [
        "2025-03-29 02:30:00",
        "2025-03-30 03:30:00",
        "2025-03-31 02:30:00",
    ]


def test_a_local_time_that_comes_twice_is_the_first_one_and_runs_once() -> None:
    job = interval(start_date="2025-10-25 02:30:00", timezone=WARSAW, days=1)
    assert [shown(run) for run in series(job, at("2025-10-25"), 3)] == [
        "2025-10-25 00:30:00",
        "2025-10-26 00:30:00",
        "2025-10-27 01:30:00",
    ]


# Cron


def test_cron_goes_by_utc_unless_there_is_a_time_zone() -> None:
    assert shown(next_run(cron("0 2 * * *"), JobState(0), at("2025-06-01"))) == "2025-06-01 02:00:00"
    in_warsaw = next_run(cron("0 2 * * *", timezone=WARSAW), JobState(0), at("2025-06-01"))
    assert shown(in_warsaw) == "2025-06-02 00:00:00"


def test_cron_does_not_begin_before_the_start_date_and_may_begin_at_it() -> None:
    job = cron("0 2 * * *", start_date="2025-06-10 02:00:00")
    assert shown(next_run(job, JobState(0), at("2025-06-01"))) == "2025-06-10 02:00:00"


def test_a_cron_job_of_a_time_that_does_not_exist_runs_right_after_the_gap() -> None:
    runs = series(cron("30 2 * * *", timezone=WARSAW), at("2025-03-29"), 3)
    assert [shown(run, WARSAW) for run in runs] == ["2025-03-29 02:30:00", "2025-03-30 03:00:00", "2025-03-31 02:30:00"]


def test_a_cron_job_of_a_time_that_comes_twice_runs_once() -> None:
    runs = series(cron("30 2 * * *", timezone=WARSAW), at("2025-10-25"), 3)
    assert [shown(run) for run in runs] == ["2025-10-25 00:30:00", "2025-10-26 00:30:00", "2025-10-27 01:30:00"]


def test_an_hourly_cron_job_goes_on_every_hour_while_clocks_are_put_back() -> None:
    runs = series(cron("30 * * * *", timezone=WARSAW), at("2025-10-25 23:00:00"), 4)
    assert [shown(run) for run in runs] == [
        "2025-10-25 23:30:00",
        "2025-10-26 00:30:00",
        "2025-10-26 01:30:00",
        "2025-10-26 02:30:00",
    ]


# How often


def test_a_one_time_job_that_never_ran_is_due_however_late_it_is() -> None:
    job = interval(job_type="one_time", start_date="2025-01-01")
    assert next_run(job, JobState(0), at("2026-01-01")) == at("2025-01-01")
    assert next_run(job, JobState(0, at("2025-01-01"), 1), at("2026-01-01")) is None


def test_a_one_time_job_without_a_start_date_is_due_when_it_is_imported() -> None:
    assert next_run(interval(job_type="one_time"), JobState(1000), 2000.0) == 1000


def test_repeats_are_runs_in_all() -> None:
    assert len(series(interval(seconds=1, repeats=3), 10.0, 9)) == 3
    assert len(series(cron("* * * * *", repeats=2), 10.0, 9)) == 2


# Everything together

moments = st.floats(at("2020-01-01"), at("2030-01-01"))
near_changes = st.sampled_from(["2025-03-30", "2025-10-26", "2025-03-09", "2025-11-02", "2025-04-06", "2025-10-05"])
instants = st.one_of(moments, st.builds(lambda day, hour: at(day) + hour * 3600.0, near_changes, st.floats(-36, 36)))
parts = st.fixed_dictionaries({}, optional={
    "weeks": st.integers(0, 9), "days": st.integers(0, 40), "hours": st.integers(0, 50), "minutes": st.integers(0, 90),
    "seconds": st.integers(0, 90),
})  # fmt: skip


@st.composite
def intervals(draw: st.DrawFn) -> Job:
    lengths = draw(parts)
    assume(any(lengths.values()))
    date = draw(st.one_of(st.none(), st.integers(at("2019-01-01"), at("2026-01-01")).map(shown)))
    return interval(start_date=date, timezone=draw(st.sampled_from(ZONES)), **lengths)


@st.composite
def cron_jobs(draw: st.DrawFn) -> Job:
    def field(low: int, high: int) -> str:
        one = st.integers(low, high).map(str)
        step = st.integers(1, high).map(lambda step: f"*/{step}")
        span = st.tuples(st.integers(low, high), st.integers(low, high)).map(lambda ends: "{}-{}".format(*sorted(ends)))
        return draw(st.one_of(st.just("*"), one, step, span))

    definition = " ".join((field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7)))
    return cron(definition, timezone=draw(st.sampled_from(ZONES)))


@given(st.one_of(intervals(), cron_jobs()), instants)
def test_runs_follow_each_other_and_come_after_what_was(job: Job, after: float) -> None:
    runs = series(job, after, 5, since=int(after))
    assert runs[0] > after
    assert all(first < second for first, second in pairwise(runs))


@given(st.one_of(intervals(), cron_jobs()), instants, st.floats(0, 1))
def test_a_restart_at_any_moment_finds_the_same_runs(job: Job, after: float, share: float) -> None:
    # Given
    runs = series(job, after, 6, since=1_500_000_000)
    restarted = after + share * (runs[-2] - after)

    # When
    following = next_run(job, JobState(1_500_000_000), restarted)

    # Then
    assert following == next(run for run in runs if run > restarted)


@given(intervals(), instants)
def test_runs_are_whole_intervals_from_the_start(job: Job, after: float) -> None:
    # Given
    since = int(after) - 1_000_000
    zone = zone_of(job.timezone)
    start = read_date(job.start_date, zone) if job.start_date else since

    # When
    run = next_run(job, JobState(since), after)

    # Then
    assert run is not None
    if zone is UTC or job.interval % 86_400:
        assert (run - start) % job.interval == 0
    else:
        offset = (local(run, zone) - local(start, zone)) % timedelta(seconds=job.interval)
        changes = {timedelta(0), timedelta(hours=1), timedelta(minutes=30)}  # a start or a run in a gap
        assert (
            offset in changes or timedelta(seconds=job.interval) - offset in changes or job.timezone == "Pacific/Apia"
        )


def local(moment: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(moment, zone).replace(tzinfo=None)


@given(st.integers(0, 3_600_000), st.integers(0, 4_000_000_000), st.text())
def test_jitter_is_bounded_and_the_same_wherever_it_is_asked(jitter: int, run: int, name: str) -> None:
    job = interval(name=name, seconds=1, jitter_ms=jitter)
    assert run <= due(job, run) <= run + jitter / 1000
    assert due(job, run) == due(interval(name=name, hours=3, jitter_ms=jitter), run)


def test_jitter_differs_from_run_to_run() -> None:
    job = interval(seconds=10, jitter_ms=5_000)
    assert len({due(job, run) - run for run in range(0, 1000, 10)}) > 50


# Dates


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2025-01-02 03:04:05", "2025-01-02 03:04:05"),
        ("2025-01-02T03:04:05", "2025-01-02 03:04:05"),
        ("2025-01-02T03:04:05Z", "2025-01-02 03:04:05"),
        ("2025-01-02 03:04:05.678", "2025-01-02 03:04:05"),
        ("2025-01-02 03:04", "2025-01-02 03:04:00"),
        ("2025-01-02", "2025-01-02 00:00:00"),
        (" 2025-1-2  3:04:05 ", "2025-01-02 03:04:05"),
        ("2025-01-02T03:04:05+02:00", "2025-01-02 01:04:05"),
        ("2025-01-02 03:04:05 -5", "2025-01-02 08:04:05"),
        ("2025-01-02 03:04:05+0530", "2025-01-01 21:34:05"),
    ],
)
def test_dates_are_read_as_people_and_yaml_write_them(text: str, meant: str) -> None:
    assert shown(read_date(text, UTC)) == meant


def test_a_date_is_in_the_time_zone_unless_it_has_an_offset() -> None:
    assert shown(read_date("2025-07-01 12:00:00", ZoneInfo(WARSAW))) == "2025-07-01 10:00:00"
    assert shown(read_date("2025-07-01 12:00:00Z", ZoneInfo(WARSAW))) == "2025-07-01 12:00:00"


@given(st.integers(at("1970-01-02"), at("2199-12-31")), st.sampled_from(ZONES), st.sampled_from([" ", "T"]))
def test_what_python_writes_is_read(moment: int, zone: str, separator: str) -> None:
    assert read_date(datetime.fromtimestamp(moment, ZoneInfo(zone)).isoformat(separator), UTC) == moment


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", "it is no date"),
        ("01/02/2025", "it is no date"),
        ("2025-01-02 25:00:00", "hour must be in 0..23"),
        ("2024-13-45", "month must be in 1..12"),
        ("2023-02-29", "day is out of range for month"),
        ("9999-01-01", "the year is not in 1970-2199"),
        ("1969-12-31", "the year is not in 1970-2199"),
        ("2025-01-02 03:04:05+99:00", "offset must be"),
        ("٢٠٢٥-01-02", "it is no date"),
    ],
)
def test_what_is_no_date_is_told(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_date(text, UTC)


@given(st.text())
def test_texts_are_dates_or_refused(text: str) -> None:
    with suppress(ValueError):
        read_date(text, UTC)


@given(st.one_of(st.text(), st.from_regex(r"([0-9*/,LW#a-z-]{1,5} ){4}[0-9*/,LW#a-z-]{1,5}", fullmatch=True)))
def test_texts_are_cron_definitions_or_refused(text: str) -> None:
    with suppress(ValueError):
        read_cron(text)


@pytest.mark.parametrize("name", ["Europe", "Europe/Warszaw", "../etc/passwd", "/etc/passwd", "a\0b", "x" * 300])
def test_what_is_no_time_zone_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="it is no time zone"):
        zone_of(name)
