"""Who runs a job when. On both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import msgspec
import pytest

from tests.zato.odb.conftest import Address
from zato.config.plan import plan
from zato.kinds.scheduler.job import Job
from zato.kinds.scheduler.ledger import Claim, JobState
from zato.odb.jobs import LEASE_SECONDS, Jobs
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets

NOW = 1_750_000_000.5
SINCE = 1_750_000_000
DAILY = Job(name="j", service="s", job_type="interval_based", days=1)
WEEKLY = msgspec.structs.replace(DAILY, days=7)


@pytest.fixture
def odb(address: Address, secrets: Secrets) -> Iterator[ODB]:
    with closing(ODB(address, secrets, create=True)) as odb:
        yield odb


def stage(odb: ODB, *jobs: Job) -> int:
    gone = [(thing.section, thing.name) for thing in odb.load() if thing.name not in {job.name for job in jobs}]
    return odb.stage(plan(odb.load(), jobs, gone), variables={}, made_by="me", source={})


def keep(odb: ODB, *jobs: Job) -> int:
    """Have a configuration of exactly these jobs."""
    with odb.importing():
        revision = stage(odb, *jobs)
        odb.make_current(revision)
        odb.settle()
    return revision


def adopt(odb: ODB, job: Job = DAILY, now: float = NOW) -> JobState | None:
    return odb.jobs.adopt({"j": job.schedule}, now).get("j")


def elsewhere(odb: ODB) -> Jobs:
    """What a server on another host sees."""
    jobs = odb.jobs
    jobs._host = "another.host"
    return jobs


def claim(jobs: Jobs, state: JobState, time: int, run: str = "r", *, job: Job = DAILY, skip: bool = True) -> Claim:
    return jobs.claim("j", job.schedule, state, time, run, NOW, skip=skip)


@pytest.fixture
def state(odb: ODB) -> JobState:
    """The state of the job `j`, which has just been imported."""
    keep(odb, DAILY)
    state = adopt(odb)
    assert state is not None
    return state


def test_a_job_that_is_new_has_no_runs(odb: ODB, state: JobState) -> None:
    assert state == JobState(SINCE, 0, 0)
    assert adopt(odb, now=NOW + 99) == state


def test_of_two_who_claim_a_run_one_gets_it(odb: ODB, state: JobState) -> None:
    won = claim(odb.jobs, state, SINCE + 60, "a")
    assert won == Claim("won", JobState(SINCE, SINCE + 60, 1))
    assert claim(elsewhere(odb), state, SINCE + 60, "b") == Claim("lost", won.state)


@pytest.mark.parametrize("attempt", range(5))
def test_of_many_who_claim_a_run_at_once_one_gets_it(
    address: Address, secrets: Secrets, odb: ODB, state: JobState, attempt: int
) -> None:
    # Given
    together = Barrier(8)

    def work(number: int) -> list[str]:
        outcomes: list[str] = []
        expected = state
        with closing(ODB(address, secrets)) as mine:
            jobs = mine.jobs
            together.wait(20)
            for time in range(SINCE + 1, SINCE + 6):
                claimed = claim(jobs, expected, time, f"{number}/{time}")
                if claimed.outcome == "won":
                    jobs.release([f"{number}/{time}"])
                outcomes.append(claimed.outcome)
                assert claimed.state is not None
                expected = claimed.state
        return outcomes

    # When
    with ThreadPoolExecutor(8) as threads:
        outcomes = [outcome for found in threads.map(work, range(8)) for outcome in found]

    # Then
    last = adopt(odb)
    assert last is not None
    assert outcomes.count("won") == last.runs >= 1
    assert "gone" not in outcomes


def test_while_a_run_goes_on_the_next_one_is_skipped_by_one_server(odb: ODB, state: JobState) -> None:
    first = claim(odb.jobs, state, SINCE + 60).state
    assert first is not None
    second = claim(elsewhere(odb), first, SINCE + 61)
    assert second == Claim("busy", JobState(SINCE, SINCE + 61, 1))
    assert claim(odb.jobs, first, SINCE + 61) == Claim("lost", second.state)


def test_a_run_that_is_not_to_be_skipped_can_be_claimed_later(odb: ODB, state: JobState) -> None:
    assert odb.jobs.take("j", "other", NOW)
    assert claim(odb.jobs, state, SINCE + 60, skip=False) == Claim("busy", state)
    odb.jobs.release(["other"])
    assert claim(odb.jobs, state, SINCE + 60, skip=False).outcome == "won"


def test_a_run_outside_the_schedule_does_not_count_and_keeps_others_away(odb: ODB, state: JobState) -> None:
    assert odb.jobs.take("j", "a", NOW)
    assert not elsewhere(odb).take("j", "b", NOW)
    odb.jobs.release(["a"])
    assert adopt(odb) == state
    assert not odb.jobs.take("nobody", "c", NOW)


def test_a_run_of_another_host_is_over_once_nothing_was_heard_of_it_for_a_while(odb: ODB, state: JobState) -> None:
    # Given
    other = elsewhere(odb)
    first = claim(other, state, SINCE + 1, "a").state
    assert first is not None
    other.renew(["a"], NOW + 10)

    # When, Then
    assert not odb.jobs.take("j", "b", NOW + 10 + LEASE_SECONDS - 1)
    assert odb.jobs.take("j", "b", NOW + 10 + LEASE_SECONDS + 1)


def test_a_run_of_a_process_that_has_ended_is_over_at_once(odb: ODB, state: JobState) -> None:
    # Given
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    jobs = odb.jobs
    jobs._pid = ended.pid

    # When
    first = claim(jobs, state, SINCE + 1, "a").state

    # Then
    assert first is not None
    assert claim(odb.jobs, first, SINCE + 2, "b").outcome == "won"


def test_who_ended_late_does_not_end_the_run_of_another(odb: ODB, state: JobState) -> None:
    elsewhere(odb).take("j", "a", NOW)
    assert odb.jobs.take("j", "b", NOW + 99)
    elsewhere(odb).release(["a"])
    assert not elsewhere(odb).take("j", "c", NOW + 100)


def test_another_schedule_starts_anew_when_it_is_current(odb: ODB, state: JobState) -> None:
    # Given
    claim(odb.jobs, state, SINCE + 60)
    with odb.importing():
        revision = stage(odb, WEEKLY)
        assert adopt(odb, WEEKLY) is None

        # When
        odb.make_current(revision)

    # Then
    assert adopt(odb, WEEKLY, NOW + 100) == JobState(SINCE + 100, 0, 0)
    assert adopt(odb, DAILY) is None


def test_a_schedule_that_is_current_no_more_has_no_runs_wherever_it_still_is(odb: ODB, state: JobState) -> None:
    keep(odb, WEEKLY)
    changed = adopt(odb, WEEKLY)
    assert changed is not None
    assert claim(odb.jobs, state, SINCE + 60) == Claim("gone", None)
    assert claim(odb.jobs, changed, SINCE + 60, job=WEEKLY).outcome == "won"


def test_a_run_keeps_the_next_one_away_though_the_schedule_changed(odb: ODB, state: JobState) -> None:
    claim(odb.jobs, state, SINCE + 60)
    keep(odb, WEEKLY)
    changed = adopt(odb, WEEKLY)
    assert changed is not None
    assert claim(odb.jobs, changed, SINCE + 61, job=WEEKLY).outcome == "busy"


def test_a_job_has_its_runs_again_when_an_import_is_undone(odb: ODB, state: JobState) -> None:
    # Given
    before = claim(odb.jobs, state, SINCE + 60).state
    with odb.importing():
        previous, revision = odb.current, stage(odb, WEEKLY)
        odb.make_current(revision)
        adopt(odb, WEEKLY)

        # When
        odb.revert(revision, previous)

    # Then
    assert adopt(odb) == before
    assert adopt(odb, WEEKLY) is None


def test_a_deleted_job_leaves_nothing_and_is_not_adopted(odb: ODB, state: JobState) -> None:
    claim(odb.jobs, state, SINCE + 60)
    keep(odb)
    assert odb._database.rows("SELECT name FROM job UNION SELECT name FROM job_run") == []
    assert claim(odb.jobs, state, SINCE + 60) == Claim("gone", None)
    assert not odb.jobs.take("j", "a", NOW)
    assert adopt(odb) is None


def test_a_deleted_job_does_not_run_from_the_moment_on_that_its_revision_is_current(odb: ODB, state: JobState) -> None:
    with odb.importing():
        revision = stage(odb)
        assert claim(odb.jobs, state, SINCE + 60).outcome == "won"
        odb.make_current(revision)
        assert claim(odb.jobs, JobState(SINCE, SINCE + 60, 1), SINCE + 61) == Claim("gone", None)


def test_times_far_ahead_are_kept_exactly(odb: ODB, state: JobState) -> None:
    time = 7_258_118_399  # the end of 2199
    assert claim(odb.jobs, state, time).state == JobState(SINCE, time, 1) == adopt(odb)
