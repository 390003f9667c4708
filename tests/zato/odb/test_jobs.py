"""Who runs a job when. On both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from tests.zato.odb.conftest import Address
from zato.config.plan import plan
from zato.kinds.scheduler.job import Job
from zato.kinds.scheduler.ledger import Adopted, Claim, JobState
from zato.odb.jobs import LEASE_SECONDS, Jobs
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets

NOW = 1_750_000_000.5
SINCE = 1_750_000_000


@pytest.fixture
def odb(address: Address, secrets: Secrets) -> Iterator[ODB]:
    with closing(ODB(address, secrets, create=True)) as odb:
        yield odb


def keep(odb: ODB, *names: str) -> int:
    """Have a configuration of exactly these jobs."""
    jobs = [Job(name=name, service="s", job_type="one_time") for name in names]
    gone = [(thing.section, thing.name) for thing in odb.load() if thing.name not in names]
    with odb.importing():
        revision = odb.stage(plan(odb.load(), jobs, gone), variables={}, made_by="me", source={})
        odb.make_current(revision)
    return revision


def elsewhere(odb: ODB) -> Jobs:
    """What a server on another host sees."""
    jobs = odb.jobs
    jobs._host = "another.host"
    return jobs


def claim(jobs: Jobs, state: JobState, time: int, run: str = "r", now: float = NOW, *, skip: bool = True) -> Claim:
    return jobs.claim("j", "daily", state, time, run, now, skip=skip)


@pytest.fixture
def state(odb: ODB) -> JobState:
    """The state of the job `j`, which has just been imported."""
    revision = keep(odb, "j")
    return odb.jobs.adopt([Adopted("j", "daily", revision)], NOW)["j"]


def test_a_job_that_is_new_has_no_runs(odb: ODB, state: JobState) -> None:
    assert state == JobState(SINCE, 0, 0)
    assert odb.jobs.adopt([Adopted("j", "daily", 1)], NOW + 99) == {"j": state}


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
    last = odb.jobs.adopt([Adopted("j", "daily", 1)], NOW)["j"]
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
    assert odb.jobs.adopt([Adopted("j", "daily", 1)], NOW) == {"j": state}
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


def test_another_schedule_starts_anew_if_its_revision_is_newer(odb: ODB, state: JobState) -> None:
    # Given
    claim(odb.jobs, state, SINCE + 60)
    revision = keep(odb, "j", "k")

    # When
    changed = odb.jobs.adopt([Adopted("j", "weekly", revision)], NOW + 100)

    # Then
    assert changed == {"j": JobState(SINCE + 100, 0, 0)}
    assert odb.jobs.adopt([Adopted("j", "daily", revision - 1)], NOW) == {}
    assert claim(odb.jobs, state, SINCE + 61) == Claim("gone", None)


def test_a_server_that_started_later_counts_as_its_revision(odb: ODB, state: JobState) -> None:
    newest = [keep(odb, "j", name) for name in "abc"][-1]
    odb.jobs.adopt([Adopted("j", "daily", newest)], NOW)
    assert odb.jobs.adopt([Adopted("j", "weekly", newest - 1)], NOW) == {}


def test_a_deleted_job_leaves_nothing_and_is_not_adopted(odb: ODB, state: JobState) -> None:
    keep(odb)
    assert odb._database.rows("SELECT name FROM job") == []
    assert claim(odb.jobs, state, SINCE + 60) == Claim("gone", None)
    assert odb.jobs.adopt([Adopted("j", "daily", 1)], NOW) == {}


def test_a_staged_revision_deletes_nothing_yet(odb: ODB, state: JobState) -> None:
    with odb.importing():
        odb.stage(plan(odb.load(), [], [("scheduler", "j")]), variables={}, made_by="me", source={})
        assert claim(odb.jobs, state, SINCE + 60).outcome == "won"


def test_times_far_ahead_are_kept_exactly(odb: ODB, state: JobState) -> None:
    time = 7_258_118_399  # the end of 2199
    assert claim(odb.jobs, state, time).state == JobState(SINCE, time, 1)
    assert odb.jobs.adopt([Adopted("j", "daily", 1)], NOW) == {"j": JobState(SINCE, time, 1)}
