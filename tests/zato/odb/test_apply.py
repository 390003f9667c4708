"""Imports with several workers, one of which is a process that does not do as it should."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from signal import SIGKILL

import pytest

from tests.servers import processes
from tests.servers.waiting import wait_for
from tests.zato.odb.conftest import Address
from tests.zato.odb.stubborn import SLOW_SECONDS
from zato.common.ext.bunch import Bunch
from zato.config.plan import plan
from zato.errors import SwitchError
from zato.kinds.base import Kind
from zato.kinds.security.basic_auth import BasicAuth
from zato.odb.apply import apply
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets
from zato.server.deploy import Services
from zato.server.follow import Follower
from zato.server.runtime import Runtime
from zato.server.world import Worlds

API = BasicAuth(name="API", username="api", password="s3cret")
OTHER = BasicAuth(name="Other", username="other", password="s3cret")

Stubborn = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def odb(address: Address, secrets: Secrets) -> Iterator[ODB]:
    with closing(ODB(address, secrets, create=True)) as odb:
        yield odb


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return Runtime("server1", tmp_path, Services([]), Bunch())


@pytest.fixture
def follower(address: Address, secrets: Secrets, odb: ODB, runtime: Runtime) -> Iterator[Follower]:
    """A worker that does all that it should."""
    worlds = Worlds(runtime)
    follower = Follower(lambda: ODB(address, secrets), runtime, worlds)
    follower.start()
    yield follower
    follower.stop()
    worlds.stop()


@pytest.fixture
def stubborn(address: Address, key_file: Path, odb: ODB, tmp_path: Path) -> Iterator[Stubborn]:
    """Starts a worker that does not."""
    started: list[subprocess.Popen[bytes]] = []

    def start(mode: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.zato.odb.stubborn", str(address), str(key_file), mode]
        process = processes.start(command, log=tmp_path / "stubborn.log")
        started.append(process)
        wait_for(lambda: "stubborn" in {worker.id for worker in odb.workers()}, "the process works", 20)
        return process

    yield start
    for process in started:
        processes.kill(process)


def bring_in(odb: ODB, follower: Follower, *objects: Kind) -> int:
    with odb.importing():
        return apply(odb, plan(odb.load(), objects), variables={}, source={}, wake=follower.wake)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("refuses", "cannot serve the new configuration: no room"),
        ("fails", "could not switch to the new configuration: no room"),
        ("stalls", "did not switch to the new configuration within 1 s"),
    ],
)
def test_where_one_worker_fails_all_return_to_the_previous_revision(
    odb: ODB,
    follower: Follower,
    runtime: Runtime,
    stubborn: Stubborn,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    told: str,
) -> None:
    # Given
    monkeypatch.setattr("zato.odb.apply.SWITCH_SECONDS", 1)
    bring_in(odb, follower, API)
    process = stubborn(mode)

    # When
    with pytest.raises(SwitchError) as e:
        bring_in(odb, follower, OTHER)

    # Then
    assert str(e.value) == f"stubborn (pid {process.pid} on {socket.gethostname()}) {told}"
    assert (odb.current, odb.staged) == (1, None)
    assert list(odb.load()) == [API]
    assert [revision.number for revision in odb.revisions()] == [1]
    wait_for(lambda: runtime.world.revision == 1, "the other worker is back")
    assert list(runtime.world.snapshot) == [API]
    assert {worker.serving for worker in odb.workers()} == {1}

    # When
    processes.kill(process)
    bring_in(odb, follower, OTHER)

    # Then
    assert len(runtime.world.snapshot) == 2
    assert odb.current == 3


class TestSlowWorkers:
    @pytest.fixture(autouse=True)
    def _short_lease(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("zato.odb.odb.LEASE_SECONDS", 0.3)

    def test_one_that_is_not_heard_of_while_it_prepares_is_waited_for(self, odb: ODB, stubborn: Stubborn) -> None:
        # Given
        stubborn("slow")

        # When
        with odb.importing():
            revision = apply(odb, plan(odb.load(), [API]), variables={}, source={})

        # Then
        assert [worker.serving for worker in odb.workers()] == [revision]

    def test_but_not_for_ever(self, odb: ODB, stubborn: Stubborn, monkeypatch: pytest.MonkeyPatch) -> None:
        # Given
        monkeypatch.setattr("zato.odb.apply.PREPARE_SECONDS", SLOW_SECONDS / 2)
        process = stubborn("slow")

        # When
        with pytest.raises(SwitchError) as e, odb.importing():
            apply(odb, plan(odb.load(), [API]), variables={}, source={})

        # Then
        told = f"did not get ready within {SLOW_SECONDS / 2:g} s; see its log"
        assert str(e.value) == f"stubborn (pid {process.pid} on {socket.gethostname()}) {told}"
        assert odb.current == 0

    def test_one_that_is_killed_while_it_prepares_is_not_waited_for(self, odb: ODB, stubborn: Stubborn) -> None:
        # Given
        process = stubborn("slow")

        # When
        with odb.importing():
            began = time.monotonic()
            revision = apply(
                odb, plan(odb.load(), [API]), variables={}, source={}, wake=lambda: process.send_signal(SIGKILL)
            )

        # Then
        assert odb.current == revision
        assert time.monotonic() - began < SLOW_SECONDS


def test_a_worker_that_served_the_new_revision_already_serves_the_previous_one_when_the_error_is_told(
    odb: ODB, follower: Follower, runtime: Runtime, stubborn: Stubborn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setattr("zato.odb.apply.SWITCH_SECONDS", 1)
    bring_in(odb, follower, API)
    stubborn("stalls")
    served: list[int] = []
    switch = Worlds.switch

    def noted(worlds: Worlds, prepared: object) -> None:
        switch(worlds, prepared)  # type: ignore[arg-type]
        served.append(runtime.world.revision)

    monkeypatch.setattr(Worlds, "switch", noted)

    # When
    with pytest.raises(SwitchError):
        bring_in(odb, follower, OTHER)

    # Then
    assert served == [2, 1]
    assert runtime.world.revision == 1


def test_an_import_that_is_interrupted_after_the_switch_is_undone_too(
    odb: ODB, follower: Follower, runtime: Runtime, stubborn: Stubborn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    bring_in(odb, follower, API)
    stubborn("stalls")

    def interrupted(_: float) -> None:
        if odb.current == 2:
            monkeypatch.undo()
            raise KeyboardInterrupt

    monkeypatch.setattr("zato.odb.apply.time.sleep", interrupted)

    # When
    with pytest.raises(KeyboardInterrupt):
        bring_in(odb, follower, OTHER)

    # Then
    assert odb.current == 1
    wait_for(lambda: runtime.world.revision == 1, "the other worker is back")
