from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers.waiting import wait_for
from zato.common.ext.bunch import Bunch
from zato.config.plan import plan
from zato.config.snapshot import Snapshot
from zato.errors import ODBError, SwitchError
from zato.kinds.base import Kind
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.security.apikey import APIKey
from zato.odb.apply import apply
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets
from zato.server.deploy import Services
from zato.server.directory import ServerDirectory
from zato.server.follow import Follower
from zato.server.runtime import Runtime
from zato.server.settings import Main
from zato.server.world import Worlds

OpenODB = Callable[[], ODB]


@pytest.fixture
def open_odb(tmp_path: Path) -> OpenODB:
    directory = ServerDirectory.create(tmp_path / "server1")
    return lambda: ODB(directory.odb(Main()), Secrets(directory.key_file))


@pytest.fixture
def odb(open_odb: OpenODB) -> Iterator[ODB]:
    with closing(open_odb()) as odb:
        yield odb


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return Runtime("server1", tmp_path / "server1", Services([]), Bunch())


@pytest.fixture
def follower(open_odb: OpenODB, runtime: Runtime) -> Iterator[Follower]:
    worlds = Worlds(runtime)
    follower = Follower(open_odb, runtime, worlds)
    follower.start()
    yield follower
    follower.stop()
    worlds.stop()


def connection(host: str = "http://127.0.0.1:1", **fields: object) -> OutgoingREST:
    return OutgoingREST(**{"name": "CRM", "host": host, "url_path": "/", **fields})  # type: ignore[arg-type]


def bring_in(odb: ODB, follower: Follower, *objects: Kind) -> int:
    """What an import does."""
    with odb.importing():
        planned = plan(odb.load(), Snapshot(objects))
        return apply(odb, planned, variables={}, source={}, wake=follower.wake)


def test_once_it_has_started_imports_know_of_it(odb: ODB, follower: Follower) -> None:
    (worker,) = odb.workers()

    assert (worker.server, worker.pid, worker.host) == ("server1", os.getpid(), socket.gethostname())
    assert (worker.prepared, worker.serving, worker.problem) == (0, 0, "")


def test_an_import_returns_once_its_revision_is_served(odb: ODB, follower: Follower, runtime: Runtime) -> None:
    for revision in range(1, 6):
        # When
        made = bring_in(odb, follower, connection(f"http://127.0.0.1:{revision}"))

        # Then
        assert made == revision == runtime.world.revision
        assert runtime.world.handle("outgoing_rest", "CRM").config.host.endswith(f":{revision}")  # type: ignore[attr-defined]


def test_a_revision_is_followed_without_being_woken(
    odb: ODB, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    # Given
    monkeypatch.setattr("zato.server.follow.POLL_SECONDS", 0.05)
    request.getfixturevalue("follower")

    # When
    with odb.importing():
        apply(odb, plan(odb.load(), Snapshot([connection()])), variables={}, source={})

    # Then
    assert runtime.world.revision == 1


def test_a_revision_in_postgresql_is_heard_of_without_being_woken(
    postgresql: str, tmp_path: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    monkeypatch.setattr("zato.server.follow.POLL_SECONDS", 60)
    directory = ServerDirectory.create(tmp_path / "server2", Main(odb=postgresql))
    worlds = Worlds(runtime)
    follower = Follower(lambda: ODB(postgresql, Secrets(directory.key_file)), runtime, worlds)
    follower.start()

    # When
    with closing(ODB(postgresql, Secrets(directory.key_file))) as odb, odb.importing():
        apply(odb, plan(odb.load(), Snapshot([connection()])), variables={}, source={})

    # Then
    assert runtime.world.revision == 1
    follower.stop()
    worlds.stop()


def test_a_revision_that_cannot_be_served_is_refused_with_the_reason(
    odb: ODB, follower: Follower, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    bring_in(odb, follower, connection())
    before = runtime.world
    broken = connection("https://127.0.0.1:1", validate_tls="/none.pem")

    # When
    with pytest.raises(SwitchError) as e:
        bring_in(odb, follower, broken, APIKey(name="k", password="p"))

    # Then
    assert str(e.value) == (
        f"server1 (pid {os.getpid()} on {socket.gethostname()}) cannot serve the new configuration: outgoing_rest/CRM: "
        "`CRM`: cannot read the CA bundle of `validate_tls`: /none.pem: [Errno 2] No such file or directory"
    )
    assert runtime.world is before
    assert odb.current == 1
    assert len(odb.load()) == 1
    assert [record.levelno for record in caplog.records if record.name == "zato.follow"].count(logging.ERROR) == 1

    # When
    bring_in(odb, follower, connection(), APIKey(name="k", password="p"))

    # Then
    assert len(runtime.world.snapshot) == 2


def test_a_bug_in_preparing_is_a_reason_too(
    odb: ODB, follower: Follower, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("zato.server.world.World.__init__", fail)

    # When
    with pytest.raises(SwitchError, match=r"cannot serve the new configuration: AssertionError$"):
        bring_in(odb, follower, connection())

    # Then
    assert "Traceback" in caplog.text


def test_what_an_import_that_was_killed_had_staged_is_given_up(odb: ODB, follower: Follower, runtime: Runtime) -> None:
    # Given
    with odb.importing():
        odb.stage(plan(odb.load(), Snapshot([connection()])), variables={}, made_by="me", source={})
        follower.wake()
        wait_for(lambda: odb.workers()[0].prepared == 1, "the revision is prepared")

    # When
    bring_in(odb, follower, APIKey(name="k", password="p"))

    # Then
    assert [thing.name for thing in runtime.world.snapshot] == ["k"]
    assert odb.workers()[0].serving == 2


def test_an_odb_that_cannot_be_used_is_told_once_and_waited_for(
    open_odb: OpenODB, odb: ODB, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    down = threading.Event()
    asked = threading.Semaphore(0)

    def open_if_up() -> ODB:
        asked.release()
        if down.is_set():
            raise ODBError("the ODB cannot be used: disk I/O error")
        return open_odb()

    down.set()
    worlds = Worlds(runtime)
    follower = Follower(open_if_up, runtime, worlds)

    # When
    follower.start()
    for _ in range(3):
        follower.wake()
        assert asked.acquire(timeout=5)

    # Then
    told = [record.getMessage() for record in caplog.records]
    assert told == ["the ODB cannot be used: disk I/O error; going on with revision 0"]

    # When
    down.clear()
    bring_in(odb, follower, connection())

    # Then
    wait_for(lambda: runtime.world.revision == 1, "the revision is served")
    follower.stop()
    worlds.stop()


def test_at_its_end_it_signs_off(open_odb: OpenODB, odb: ODB, runtime: Runtime) -> None:
    # Given
    worlds = Worlds(runtime)
    follower = Follower(open_odb, runtime, worlds)
    follower.start()

    # When
    follower.stop()

    # Then
    assert odb.workers() == []
    worlds.stop()


def test_at_its_end_it_closes_what_it_had_prepared(open_odb: OpenODB, odb: ODB, runtime: Runtime) -> None:
    # Given
    worlds = Worlds(runtime)
    follower = Follower(open_odb, runtime, worlds)
    follower.start()
    with odb.importing():
        odb.stage(plan(odb.load(), Snapshot([connection()])), variables={}, made_by="me", source={})
        follower.wake()
        wait_for(lambda: odb.workers()[0].prepared == 1, "the revision is prepared")
        assert follower._prepared is not None

        # When
        follower.stop()

    # Then
    assert follower._prepared is None
    worlds.stop()


def test_what_does_not_answer_is_pinged_once_and_not_served(
    odb: ODB, follower: Follower, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    bring_in(odb, follower, APIKey(name="k", password="p"))
    planned = plan(odb.load(), [connection()])

    # When
    with odb.importing(), pytest.raises(SwitchError) as e:
        apply(odb, planned, variables={}, source={}, wake=follower.wake, pings=[("outgoing_rest", "CRM")])

    # Then
    reason = "`CRM` does not answer: `CRM`: connection refused"
    assert f"cannot serve the new configuration: {reason}" in str(e.value)
    assert (runtime.world.revision, odb.current) == (1, 1)
    (told,) = [record.getMessage() for record in caplog.records if record.name == "zato.follow" and record.levelno > 20]
    assert told.startswith(f"Revision 2 is not served: {reason}")


def test_what_goes_wrong_in_the_switch_is_told_and_everything_goes_back(
    odb: ODB, follower: Follower, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    bring_in(odb, follower, connection())
    before = runtime.world

    def fail(*_: object) -> None:
        raise RuntimeError("out of luck")

    with monkeypatch.context() as broken:
        broken.setattr(Worlds, "switch", fail)

        # When
        with pytest.raises(SwitchError, match=r"could not switch to the new configuration: out of luck$"):
            bring_in(odb, follower, connection("http://127.0.0.1:2"))

    # Then
    assert runtime.world is before
    assert odb.current == 1
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert told == ["Revision 2 cannot be served; going on with revision 1"]
    assert bring_in(odb, follower, connection("http://127.0.0.1:2")) == runtime.world.revision == 3
