from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest

from tests.servers.waiting import wait_for
from zato.common.exception import Inactive
from zato.common.ext.bunch import Bunch
from zato.config.snapshot import Snapshot
from zato.errors import SwitchError
from zato.kinds.base import Kind, Opening, Ping, about
from zato.server.deploy import Services
from zato.server.runtime import Runtime
from zato.server.world import World, Worlds


class Backend:
    """What the objects of these tests connect to."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.broken: set[str] = set()
        self.failure: BaseException = OSError("it was broken")
        self.slow_to_close: threading.Barrier | None = None


backend = Backend()


class Line:
    """The live handle of the objects of these tests."""

    def __init__(self, name: str, opening: Opening) -> None:
        self.name = name
        self.opening = opening  # as consumers keep it
        backend.events.append(f"open {name}")

    def start(self) -> None:
        backend.events.append(f"start {self.name}")
        if self.name in backend.broken:
            raise backend.failure

    def ping(self) -> Ping:
        return Ping(ok=True, address="", latency=0.0, detail="")

    def close(self) -> None:
        if backend.slow_to_close:
            backend.slow_to_close.wait(5)
        backend.events.append(f"close {self.name}")
        if self.name in backend.broken:
            raise backend.failure


class Definition(Kind, frozen=True, kw_only=True):
    section = "def_amqp"
    value: int = 0

    def open(self, opening: Opening) -> Line:
        if self.name in backend.broken:
            raise OSError(f"{self.name} is broken")
        return Line(self.name, opening)


class Connection(Definition, frozen=True, kw_only=True):
    section = "outgoing_amqp"
    uses: Annotated[str, about("What it goes through.", ref="def_amqp")] | None = None

    def open(self, opening: Opening) -> Line:
        if self.uses:
            opening.handle("def_amqp", self.uses)
        return super().open(opening)


class Consumer(Definition, frozen=True, kw_only=True):
    section = "channel_amqp"
    inbound = True


@pytest.fixture(autouse=True)
def fresh_backend() -> None:
    backend.__init__()  # type: ignore[misc]


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return Runtime("tested", tmp_path, Services([]), Bunch())


@pytest.fixture
def worlds(runtime: Runtime) -> Iterator[Worlds]:
    worlds = Worlds(runtime)
    yield worlds
    worlds.stop()


def switch(worlds: Worlds, *objects: Kind, revision: int = 1) -> None:
    worlds.switch(worlds.prepare(revision, Snapshot(objects)))


def happened(*events: str) -> None:
    wait_for(lambda: sorted(backend.events) == sorted(events), f"{events} and not {backend.events}", 2)


def test_objects_that_did_not_change_keep_their_handles(runtime: Runtime, worlds: Worlds) -> None:
    # Given
    switch(worlds, Definition(name="a"), Connection(name="b", uses="a"), Connection(name="c"))
    handles = runtime.world.handles

    # When
    switch(worlds, Definition(name="a"), Connection(name="b", uses="a"), Connection(name="c", value=1))

    # Then
    assert runtime.world.handle("def_amqp", "a") is handles["def_amqp", "a"]
    assert runtime.world.handle("outgoing_amqp", "b") is handles["outgoing_amqp", "b"]
    assert runtime.world.handle("outgoing_amqp", "c") is not handles["outgoing_amqp", "c"]


def test_a_changed_definition_reopens_those_who_use_it(runtime: Runtime, worlds: Worlds) -> None:
    # Given
    switch(worlds, Definition(name="a"), Connection(name="b", uses="a"))

    # When
    switch(worlds, Definition(name="a", value=1), Connection(name="b", uses="a"))

    # Then
    happened("open a", "open b", "open a", "open b", "close b", "close a")
    assert backend.events.index("close b") < backend.events.index("close a")


def test_a_world_that_cannot_be_prepared_leaves_nothing_open(runtime: Runtime, worlds: Worlds) -> None:
    # Given
    switch(worlds, Definition(name="a"))
    before = runtime.world
    backend.broken = {"c"}

    # When
    with pytest.raises(SwitchError, match=r"^outgoing_amqp/c: c is broken$"):
        worlds.prepare(2, Snapshot([Definition(name="a"), Definition(name="b"), Connection(name="c")]))

    # Then
    assert runtime.world is before
    assert backend.events == ["open a", "open b", "close b"]


def test_a_world_that_is_abandoned_closes_what_was_opened_for_it_and_nothing_else(worlds: Worlds) -> None:
    # Given
    switch(worlds, Definition(name="a"))
    prepared = worlds.prepare(2, Snapshot([Definition(name="a"), Connection(name="b", uses="a")]))

    # When
    prepared.abandon()

    # Then
    assert backend.events == ["open a", "open b", "close b"]


def test_what_cannot_be_opened_at_the_start_fails_those_who_use_it(runtime: Runtime, worlds: Worlds) -> None:
    # Given
    backend.broken = {"a"}

    # When
    objects = [Definition(name="a"), Connection(name="b", uses="a"), Connection(name="c")]
    worlds.switch(worlds.prepare(1, Snapshot(objects), lenient=True))

    # Then
    assert runtime.world.handle("outgoing_amqp", "c")
    with pytest.raises(OSError, match="a is broken"):
        runtime.world.handle("def_amqp", "a")
    with pytest.raises(Inactive):
        runtime.world.handle("outgoing_amqp", "b")


def test_what_could_not_be_opened_before_keeps_nothing_else_from_changing(runtime: Runtime, worlds: Worlds) -> None:
    # Given
    backend.broken = {"a"}
    worlds.switch(worlds.prepare(1, Snapshot([Definition(name="a"), Connection(name="b", uses="a")]), lenient=True))

    # When
    switch(worlds, Definition(name="a"), Connection(name="b", uses="a"), Connection(name="c"))

    # Then
    assert runtime.world.handle("outgoing_amqp", "c")
    with pytest.raises(SwitchError):
        switch(worlds, Definition(name="a", value=1))

    # When
    backend.broken = set()
    switch(worlds, Definition(name="a"), Connection(name="b", uses="a"))

    # Then
    assert runtime.world.handle("outgoing_amqp", "b")


def test_a_handle_is_asked_for_by_name(runtime: Runtime, worlds: Worlds) -> None:
    # Given
    switch(worlds, Connection(name="on"), Connection(name="off", is_active=False))

    # Then
    assert runtime.world.handle("outgoing_amqp", "on").name == "on"  # type: ignore[attr-defined]
    with pytest.raises(Inactive):
        runtime.world.handle("outgoing_amqp", "off")
    with pytest.raises(KeyError):
        runtime.world.handle("outgoing_amqp", "none")


def test_a_retired_handle_is_closed_after_the_last_request_of_its_world(runtime: Runtime, worlds: Worlds) -> None:
    # Given
    switch(worlds, Connection(name="a"))
    request = runtime.world

    # When
    switch(worlds, Connection(name="b"))
    switch(worlds, Connection(name="c"))

    # Then
    assert request.handle("outgoing_amqp", "a")
    happened("open a", "open b", "open c")

    # When
    del request

    # Then
    happened("open a", "open b", "open c", "close a", "close b")


def test_what_two_worlds_share_outlives_the_older_one(runtime: Runtime, worlds: Worlds) -> None:
    # Given
    switch(worlds, Connection(name="shared"), Connection(name="a"))
    request = runtime.world
    switch(worlds, Connection(name="shared"))

    # When
    switch(worlds, Connection(name="c"))

    # Then
    assert request.handle("outgoing_amqp", "shared")
    happened("open shared", "open a", "open c")

    # When
    del request

    # Then
    happened("open shared", "open a", "open c", "close a", "close shared")


def test_worlds_go_when_nobody_uses_them(runtime: Runtime, worlds: Worlds) -> None:
    # Given
    gone: list[weakref.ref[World]] = []
    for revision in range(1, 4):
        switch(worlds, Consumer(name="kept"), Connection(name="a", value=revision), revision=revision)
        gone.append(weakref.ref(runtime.world))

    # When
    switch(worlds, Consumer(name="kept"), revision=4)

    # Then
    wait_for(lambda: gc.collect() >= 0 and not any(world() for world in gone), "the old worlds are gone")


def test_a_consumer_finishes_before_the_one_that_replaces_it_begins(worlds: Worlds) -> None:
    # Given
    switch(worlds, Consumer(name="a"))
    happened("open a", "start a")

    # When
    switch(worlds, Consumer(name="a", value=1))

    # Then
    happened("open a", "start a", "open a", "close a", "start a")
    assert backend.events[-2:] == ["close a", "start a"]


def test_a_consumer_is_not_started_by_a_change_elsewhere(worlds: Worlds) -> None:
    # Given
    switch(worlds, Consumer(name="a"))

    # When
    switch(worlds, Consumer(name="a"), Connection(name="b"))

    # Then
    happened("open a", "start a", "open b")


def test_a_consumer_is_stopped_while_requests_of_its_world_still_run(runtime: Runtime, worlds: Worlds) -> None:
    # Given
    switch(worlds, Consumer(name="a"), Connection(name="b"))
    request = runtime.world

    # When
    switch(worlds)

    # Then
    happened("open b", "open a", "start a", "close a")
    assert request.handle("outgoing_amqp", "b")


@pytest.mark.parametrize("at_stop", [True, False])
def test_consumers_finish_side_by_side(runtime: Runtime, at_stop: bool) -> None:
    # Given
    worlds = Worlds(runtime)
    switch(worlds, Consumer(name="a"), Consumer(name="b"))
    backend.slow_to_close = threading.Barrier(2)

    # When
    if not at_stop:
        switch(worlds)
    worlds.stop()

    # Then
    assert sorted(backend.events[-2:]) == ["close a", "close b"]
    assert not backend.slow_to_close.broken


def test_at_the_end_what_takes_work_in_is_closed_before_what_it_may_use(runtime: Runtime) -> None:
    # Given
    worlds = Worlds(runtime)
    switch(worlds, Definition(name="a"), Connection(name="b", uses="a"), Consumer(name="c"))

    # When
    worlds.stop()

    # Then
    assert backend.events[-3:] == ["close c", "close b", "close a"]


def test_what_cannot_be_closed_is_logged_and_keeps_nothing_else_open(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    # Given
    worlds = Worlds(runtime)
    switch(worlds, Connection(name="a"), Connection(name="b"))
    backend.broken = {"b"}

    # When
    worlds.stop()

    # Then
    assert backend.events[-2:] == ["close b", "close a"]
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "A connection was not closed cleanly")
    ]


@pytest.mark.parametrize("failure", [OSError("no"), KeyboardInterrupt(), SystemExit(1), GeneratorExit()], ids=repr)
def test_what_cannot_be_started_or_closed_keeps_nothing_else_from_it(
    worlds: Worlds, caplog: pytest.LogCaptureFixture, failure: BaseException
) -> None:
    # Given
    backend.failure = failure
    switch(worlds, Connection(name="x"), Connection(name="y"))

    # When
    prepared = worlds.prepare(2, Snapshot([Consumer(name="a"), Consumer(name="b")]))
    backend.broken = {"a", "y"}
    worlds.switch(prepared)

    # Then
    opened = ["open x", "open y", "open a", "open b"]
    happened(*opened, "start a", "start b", "close x", "close y")
    assert sorted(record.message for record in caplog.records) == [
        "A connection was not closed cleanly",
        "channel_amqp `a` could not be started",
    ]

    # When
    switch(worlds, Consumer(name="b"))

    # Then
    happened(*opened, "start a", "start b", "close x", "close y", "close a")


def test_a_job_of_the_closing_thread_that_fails_is_logged_and_does_not_end_it(
    worlds: Worlds, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given
    def fail(*_: object) -> None:
        monkeypatch.undo()
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("zato.server.world._close_side_by_side", fail)
    switch(worlds, Consumer(name="a"))
    wait_for(lambda: "What an old world used was not closed" in caplog.text, "it is logged")

    # When
    switch(worlds, Consumer(name="b"))

    # Then
    wait_for(lambda: "start b" in backend.events, "the thread goes on")
