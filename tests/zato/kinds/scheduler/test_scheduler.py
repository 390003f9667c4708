from __future__ import annotations

import sqlite3
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zato.kinds.scheduler.worlds import Cluster, Invoked
from zato.kinds.scheduler.job import Job
from zato.kinds.scheduler.scheduler import MAX_RUNNING


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with closing(Cluster(tmp_path)) as cluster:
        yield cluster


def job(name: str = "j", **fields: Any) -> Job:
    if not {"seconds", "minutes", "hours", "job_type"} & fields.keys():
        fields["seconds"] = 2
    return Job(**{"name": name, "service": f"{name}.service", "job_type": "interval_based", **fields})


def lines(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if text in record.getMessage()]


# When


def test_an_interval_job_runs_once_in_each_interval(cluster: Cluster) -> None:
    cluster.server()
    cluster.configure(job(extra="a=b"))

    cluster.pass_time(7)

    assert cluster.times("j") == [2, 4, 6]
    first = cluster.runs[0]
    assert (first.service, first.payload, first.job_type) == ("j.service", "a=b", "interval_based")
    assert len({run.cid for run in cluster.runs}) == 3


def test_a_one_time_job_of_the_past_runs_at_once_and_never_again(cluster: Cluster) -> None:
    server = cluster.server()
    cluster.configure(job(job_type="one_time", start_date="2020-01-01"))
    cluster.pass_time(5)
    server.crash()
    cluster.server("restarted").serve(job(job_type="one_time", start_date="2020-01-01"))

    cluster.pass_time(5)

    assert cluster.times("j") == [0]


def test_a_one_time_job_of_the_time_when_no_server_ran_runs_at_the_start(cluster: Cluster) -> None:
    once = job(job_type="one_time", start_date="2025-06-15 15:07:00")  # 20 s after the cluster began
    server = cluster.server()
    cluster.configure(once)
    cluster.pass_time(10)
    server.crash()

    cluster.pass_time(3600, step=3600)
    cluster.server("restarted").serve(once)
    cluster.pass_time(5)

    assert cluster.times("j") == [3610]


def test_a_cron_job_runs_at_its_minutes(cluster: Cluster) -> None:
    cluster.server()
    cluster.configure(job(job_type="cron_style", cron_definition="*/2 * * * *"))
    cluster.pass_time(400, step=1)
    assert cluster.times("j") == [80, 200, 320]


def test_repeats_are_counted_across_servers_and_restarts(cluster: Cluster) -> None:
    # Given
    limited = job(repeats=3)
    first = cluster.server()
    cluster.configure(limited)
    cluster.pass_time(4)
    first.crash()

    # When
    cluster.server("second").serve(limited)
    cluster.pass_time(20)

    # Then
    assert cluster.times("j") == [2, 4, 6]


def test_what_no_server_ran_is_not_caught_up_with(cluster: Cluster) -> None:
    server = cluster.server()
    cluster.configure(job())
    cluster.pass_time(3)
    server.crash()
    cluster.pass_time(31)
    cluster.server("restarted").serve(job())

    cluster.pass_time(5)

    assert cluster.times("j") == [2, 36, 38]


def test_jitter_puts_runs_off_without_losing_one(cluster: Cluster) -> None:
    cluster.server()
    cluster.configure(job(seconds=10, jitter_ms=5_000))
    cluster.pass_time(106)
    assert [time // 10 for time in cluster.times("j")] == list(range(1, 11))
    assert len({time % 10 for time in cluster.times("j")}) > 3


def test_an_inactive_job_does_not_run(cluster: Cluster) -> None:
    cluster.server()
    cluster.configure(job(is_active=False))
    cluster.pass_time(5)
    assert cluster.runs == []


# Several servers


def test_three_servers_run_each_interval_once(cluster: Cluster) -> None:
    for name in ("a", "b", "c"):
        cluster.server(name)
    cluster.configure(job())
    cluster.pass_time(20)
    assert cluster.times("j") == [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]


def test_a_server_whose_clock_is_ahead_does_not_make_others_run_twice(cluster: Cluster) -> None:
    cluster.server("a")
    cluster.server("b", clock_ahead=5)
    cluster.server("c", clock_ahead=-3)
    cluster.configure(job())
    cluster.pass_time(20)
    assert {run.server for run in cluster.runs} == {"b"}
    assert len(cluster.runs) == len({run.time for run in cluster.runs}) == 10


def test_another_server_goes_on_when_one_is_gone(cluster: Cluster) -> None:
    first = cluster.server("a")
    cluster.server("b")
    cluster.configure(job())
    cluster.pass_time(5)
    first.crash()
    cluster.pass_time(5)
    assert cluster.times("j") == [2, 4, 6, 8, 10]


def test_a_run_of_a_server_that_is_gone_blocks_its_job_until_the_lease_ends(cluster: Cluster) -> None:
    # Given
    first = cluster.server("a")
    cluster.server("b")
    cluster.configure(job())
    first.is_holding = True
    cluster.pass_time(2)
    first.crash()

    # When
    cluster.pass_time(20)

    # Then
    assert cluster.times("j") == [18, 20, 22]


# Changes


def test_a_job_in_the_old_and_the_new_world_runs_once(cluster: Cluster) -> None:
    # Given
    late, prompt = cluster.server("late"), cluster.server("prompt")
    cluster.configure(job())
    cluster.pass_time(3)

    # When
    changed = job(service="changed")
    cluster.wish(changed)
    prompt.serve(changed)
    cluster.pass_time(3)
    late.serve(changed)
    cluster.pass_time(2)

    # Then
    assert cluster.times("j") == [2, 4, 6, 8]


def test_a_job_whose_schedule_changed_starts_anew(cluster: Cluster) -> None:
    cluster.server("a")
    cluster.server("b")
    cluster.configure(job(repeats=2))
    cluster.pass_time(10)

    cluster.configure(job(seconds=3, repeats=2))
    cluster.pass_time(10)

    assert cluster.times("j") == [2, 4, 13, 16]


def test_a_job_keeps_its_runs_when_anything_but_its_schedule_changes(cluster: Cluster) -> None:
    cluster.server()
    cluster.configure(job(job_type="one_time"))
    cluster.pass_time(1)
    cluster.configure(job(job_type="one_time", service="changed", extra="x"))
    cluster.pass_time(10)
    assert cluster.times("j") == [0]


def test_a_server_that_is_behind_does_not_bring_an_old_schedule_back(cluster: Cluster) -> None:
    # Given
    prompt = cluster.server("prompt")
    cluster.configure(job(seconds=2))
    changed = job(seconds=5)
    cluster.wish(changed)
    prompt.serve(changed)
    cluster.pass_time(1)

    # When
    cluster.server("behind").serve(job(seconds=2))
    cluster.pass_time(11)

    # Then
    assert cluster.times("j") == [5, 10]


def test_a_deleted_job_leaves_nothing_and_does_not_run_where_it_still_is(cluster: Cluster) -> None:
    cluster.server()
    cluster.configure(job("a"), job("b"))
    cluster.pass_time(3)
    assert cluster.rows() == ["a", "b"]

    cluster.wish(job("b"))
    cluster.pass_time(20)

    assert cluster.rows() == ["b"]
    assert cluster.times("a") == [2]


def test_a_job_that_was_deleted_and_is_back_starts_anew_even_where_the_deletion_was_not_seen(cluster: Cluster) -> None:
    cluster.server()
    cluster.configure(job(repeats=5))
    cluster.pass_time(5)
    cluster.wish()
    cluster.configure(job(repeats=5))

    cluster.pass_time(30)

    assert len(cluster.times("j")) == 2 + 5


# One after the other


def test_a_run_is_skipped_while_the_one_before_goes_on(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    # Given
    server = cluster.server("a")
    cluster.server("b")
    cluster.configure(job())
    server.is_holding = True
    cluster.pass_time(2)

    # When
    cluster.pass_time(60)
    server.let_go()
    cluster.pass_time(4)

    # Then
    assert cluster.times("j") == [62, 64, 66]
    assert len(lines(caplog, "Job `j` skips a run, since the one before has not ended")) == 30


def test_a_slow_job_does_not_delay_others(cluster: Cluster) -> None:
    server = cluster.server()
    cluster.configure(job("slow"))
    server.is_holding = True
    cluster.pass_time(2)
    server.is_holding = False
    cluster.configure(job("slow"), job("other", seconds=1))
    cluster.pass_time(3)
    assert cluster.times("other") == [3, 4, 5]


def test_no_more_than_so_many_jobs_run_at_a_time_and_others_wait(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    server = cluster.server()
    cluster.configure(*(job(f"j{number}", seconds=30) for number in range(3 * MAX_RUNNING)))
    server.is_holding = True
    cluster.pass_time(40)
    assert len(server._held) == MAX_RUNNING

    # When
    server.let_go()
    cluster.pass_time(1)

    # Then
    assert len(cluster.runs) == 3 * MAX_RUNNING
    assert len(lines(caplog, "16 jobs are running, which is the most; others wait for one to end")) == 1


def test_a_run_that_takes_too_long_is_logged_once(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    server = cluster.server()
    cluster.configure(job(max_execution_time_ms=5_000, hours=1))
    server.is_holding = True
    cluster.pass_time(3620, step=1)
    (line,) = lines(caplog, "max_execution_time_ms")
    assert line.startswith("Job `j` has been running for 6000 ms; its max_execution_time_ms is 5000 (CID:")


# What comes after


def fail(_: Invoked) -> None:
    raise ValueError("no such file")


def test_what_is_to_run_after_a_job_that_did_not_fail_runs(cluster: Cluster) -> None:
    # Given
    cluster.services["a.service"] = lambda _: {"count": 3}
    cluster.server()
    cluster.configure(
        job("a", seconds=5, on_success_service="done", on_success_job="b", on_error_service="no"),
        job("b", hours=1),
    )

    # When
    cluster.pass_time(6)

    # Then
    first, second, third = cluster.runs
    assert (second.job, second.service) == ("a", "done")
    assert second.payload == {"job_name": "a", "service": "a.service", "cid": first.cid, "response": {"count": 3}}
    assert (third.job, third.service) == ("b", "b.service")
    assert third.cid != first.cid


def test_what_is_to_run_after_a_job_that_failed_runs(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    # Given
    cluster.services["a.service"] = fail
    cluster.server()
    cluster.configure(
        job("a", seconds=5, on_error_service="failed", on_error_job="b", on_success_service="no"), job("b", hours=1)
    )

    # When
    cluster.pass_time(6)

    # Then
    first, second, third = cluster.runs
    assert (second.service, second.payload["error"]) == ("failed", "ValueError: no such file")
    assert third.job == "b"
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.getMessage() == f"Job `a` failed in a.service (CID:{first.cid})"


@pytest.mark.parametrize("failure", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, CancelledError])
def test_a_job_goes_on_after_failures_of_its_service_and_of_what_comes_after_it(
    cluster: Cluster, failure: type[BaseException]
) -> None:
    def end(_: Invoked) -> None:
        raise failure

    cluster.services = {"j.service": end, "failed": end}
    cluster.server()
    cluster.configure(job(on_error_service="failed"))
    cluster.pass_time(6)
    assert [run.service for run in cluster.runs] == ["j.service", "failed"] * 3


def test_jobs_that_name_each_other_do_not_run_without_end(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    cluster.server()
    cluster.configure(
        job("a", seconds=5, on_success_job="b"),
        job("b", hours=1, on_success_job="c"),
        job("c", hours=1, on_success_job="a"),
    )
    cluster.pass_time(9)
    assert [run.job for run in cluster.runs] == ["a", "b", "c"]
    assert lines(caplog, "Job `a` does not run again after a → b → c, or they would run without end")


def test_a_job_that_is_not_active_does_not_run_after_another_either(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.server()
    cluster.configure(job("a", seconds=5, on_success_job="b"), job("b", is_active=False))
    cluster.pass_time(6)
    assert [run.job for run in cluster.runs] == ["a"]
    assert lines(caplog, "Job `b` cannot run after `a`: it is not active")


def test_a_job_that_runs_after_another_skips_its_turn_while_it_is_running(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    server = cluster.server()
    cluster.configure(job("b", seconds=3600))
    server.is_holding = True
    cluster.pass_time(3600, step=3600)
    server.is_holding = False
    cluster.configure(job("a", seconds=5, on_success_job="b"), job("b", seconds=3600))
    cluster.pass_time(6)
    assert lines(caplog, "Job `b` does not run after `a`: it is running, or was deleted")


# Trouble


def test_a_clock_that_is_put_back_does_not_stop_jobs(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    cluster.server()
    cluster.configure(job())
    cluster.pass_time(5)
    cluster.now -= 3600
    cluster.pass_time(5)
    assert cluster.times("j") == [2, 4, -3594, -3592, -3590]
    assert lines(caplog, "The clock was put back by 3600 s")


def test_a_clock_that_is_put_forward_leaves_runs_out(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    cluster.server()
    cluster.configure(job())
    cluster.pass_time(5)
    cluster.now += 3600
    cluster.pass_time(5)
    assert cluster.times("j") == [2, 4, 3606, 3608, 3610]
    assert len(lines(caplog, "is left out")) == 1


def test_jobs_go_on_once_the_odb_can_be_used_again(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    server = cluster.server()
    cluster.configure(job())
    cluster.pass_time(3)
    with closing(sqlite3.connect(cluster._address)) as other:
        other.execute("ALTER TABLE job RENAME TO hidden")
        cluster.now += 1
        with pytest.raises(Exception, match="no such table"):
            server.work()

        # When
        other.execute("ALTER TABLE hidden RENAME TO job")
    cluster.pass_time(4)

    # Then
    assert cluster.times("j") == [2, 4, 6, 8]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_happens_no_run_happens_twice_and_none_is_lost_while_a_server_lives(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    # Given
    with closing(Cluster(tmp_path_factory.mktemp("cluster"))) as cluster:
        cluster.server("always")
        others = [cluster.server(name, data.draw(st.floats(-0.2, 0.2))) for name in ("a", "b")]
        jobs = [job("x", seconds=1), job("y", seconds=3), job("z", seconds=2, jitter_ms=1000)]
        cluster.configure(*jobs)

        # When
        for number in range(data.draw(st.integers(1, 12))):
            cluster.pass_time(data.draw(st.floats(0.1, 4)), step=data.draw(st.sampled_from([0.05, 0.25, 0.9])))
            if data.draw(st.booleans()):
                others.pop(0).crash()
                others.append(cluster.server(f"c{number}"))
                others[-1].serve(*jobs)

        # Then
        passed = cluster.now - 1_750_000_000
        assert len(cluster.won) == len(set(cluster.won)) == len(cluster.runs)
        for name, length in (("x", 1), ("y", 3), ("z", 2)):
            assert len(cluster.times(name)) >= int((passed - 1.5) // length)
