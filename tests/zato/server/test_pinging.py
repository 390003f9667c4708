from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.http_server import Answer, HTTPServer, Request
from tests.servers.ports import free_port
from zato.common.ext.bunch import Bunch
from zato.config.snapshot import Snapshot
from zato.errors import ZatoError
from zato.kinds.base import Kind
from zato.kinds.rest.outgoing import OutgoingREST
from zato.server.deploy import Services
from zato.server.pinging import AT_ONCE, ping
from zato.server.runtime import Runtime
from zato.server.world import World, Worlds


@pytest.fixture
def backend() -> Iterator[HTTPServer]:
    with HTTPServer() as backend:
        yield backend


def connection(name: str, url: str, **fields: object) -> OutgoingREST:
    return OutgoingREST(**{"name": name, "host": url, "url_path": f"/{name}", **fields})  # type: ignore[arg-type]


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return Runtime("tested", tmp_path, Services([]), Bunch())


@pytest.fixture
def worlds(runtime: Runtime) -> Iterator[Worlds]:
    worlds = Worlds(runtime)
    yield worlds
    worlds.stop()


def world_of(runtime: Runtime, worlds: Worlds, *objects: Kind) -> World:
    worlds.switch(worlds.prepare(1, Snapshot(objects), lenient=True))
    return runtime.world


def test_connections_are_pinged_by_name(runtime: Runtime, worlds: Worlds, backend: HTTPServer) -> None:
    world = world_of(runtime, worlds, connection("a", backend.url), connection("b", backend.url))

    (pinged,) = ping(world, ["b"])

    assert (pinged.section, pinged.name, pinged.ping.ok) == ("outgoing_rest", "b", True)
    assert [request.target for request in backend.requests] == ["/b"]


def test_without_a_name_all_that_are_active_are_pinged(runtime: Runtime, worlds: Worlds, backend: HTTPServer) -> None:
    off = connection("off", backend.url, is_active=False)
    world = world_of(runtime, worlds, connection("a", backend.url), off, connection("b", backend.url))

    assert [pinged.name for pinged in ping(world, [])] == ["a", "b"]


def test_one_that_is_switched_off_can_be_asked_for(runtime: Runtime, worlds: Worlds) -> None:
    world = world_of(runtime, worlds, connection("off", "http://127.0.0.1:1", is_active=False))

    (pinged,) = ping(world, ["off"])

    assert (pinged.ping.ok, pinged.ping.detail) == (False, "`off` is inactive")


def test_one_that_fails_keeps_no_other_from_being_pinged(runtime: Runtime, worlds: Worlds, backend: HTTPServer) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    broken = connection("broken", "https://127.0.0.1:1", validate_tls="/none.pem")
    world = world_of(runtime, worlds, connection("a", nobody), broken, connection("b", backend.url))

    found = {pinged.name: pinged.ping for pinged in ping(world, [])}

    assert [(name, each.ok, each.category) for name, each in found.items()] == [
        ("a", False, "refused"),
        ("broken", False, "other"),
        ("b", True, ""),
    ]
    assert found["broken"].detail.startswith("it cannot be used: `broken`: cannot read the CA bundle")


def test_a_section_may_be_asked_for(runtime: Runtime, worlds: Worlds, backend: HTTPServer) -> None:
    world = world_of(runtime, worlds, connection("a", backend.url))

    assert len(ping(world, [], ["outgoing_rest"])) == 1
    assert ping(world, [], ["outgoing_amqp"]) == []
    with pytest.raises(ZatoError, match=r"^there is no outgoing connection `a`$"):
        ping(world, ["a"], ["outgoing_amqp"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Paymets", "there is no outgoing connection `Paymets`; did you mean `Payments`?"),
        ("zzz", "there is no outgoing connection `zzz`"),
    ],
)
def test_an_unknown_name_is_an_error(runtime: Runtime, worlds: Worlds, name: str, message: str) -> None:
    world = world_of(runtime, worlds, connection("Payments", "http://127.0.0.1:1"))

    with pytest.raises(ZatoError) as e:
        ping(world, ["Payments", name])

    assert str(e.value) == message


def test_connections_are_pinged_side_by_side(runtime: Runtime, worlds: Worlds, backend: HTTPServer) -> None:
    # Given
    together = threading.Barrier(AT_ONCE)

    def answer(_: Request) -> Answer:
        together.wait(10)
        return Answer()

    backend.routes[""] = answer
    world = world_of(runtime, worlds, *(connection(f"c{number}", backend.url) for number in range(AT_ONCE)))

    # Then
    assert all(pinged.ping.ok for pinged in ping(world, []))
