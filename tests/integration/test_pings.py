"""Imports with --ping, rollbacks and refusals on two servers that have one ODB."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.servers import processes
from tests.servers.http_server import Answer, HTTPServer, Request
from tests.servers.rabbitmq import VHost
from tests.servers.zato_server import PROGRAM, Done, ZatoServer, environment
from zato.odb.odb import LEASE_SECONDS

CALLING = """
    from zato.server.service import Service

    class Call(Service):
        def handle(self):
            self.response.payload = self.out.rest['CRM'].conn.get(self.cid).data
"""
CHANNEL = {"name": "call", "service": "called.call", "url_path": "/call"}

Servers = tuple[ZatoServer, ZatoServer]


@pytest.fixture(params=["sqlite", "postgresql"])
def odb(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the ODB of both servers is."""
    return str(tmp_path / "shared.db") if request.param == "sqlite" else request.getfixturevalue("postgresql")


@pytest.fixture
def both(odb: str, tmp_path: Path) -> Iterator[Servers]:
    """Two servers that run."""
    with ExitStack() as ending:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        first = ZatoServer(tmp_path / "a", odb)
        ending.callback(first.kill9)
        second = ZatoServer(tmp_path / "b", odb, first.layout.key_file)
        ending.callback(second.kill9)
        for server in (first, second):
            server.deploy(CALLING, "called.py")
            server.start()
        yield first, second


@pytest.fixture
def backends() -> Iterator[tuple[HTTPServer, HTTPServer]]:
    with HTTPServer() as one, HTTPServer() as other:
        one.answer("", "one")
        other.answer("", "other")
        yield one, other


def crm(backend: HTTPServer | str, **fields: Any) -> dict[str, Any]:
    host = backend if isinstance(backend, str) else backend.url
    return {"name": "CRM", "host": host, "url_path": "/", **fields}


def bring_in(server: ZatoServer, *options: str, **sections: list[dict[str, Any]]) -> Done:
    return server.enmasse(json.dumps(sections), "--import", "--replace-odb-objects", *options)


def answers(servers: Servers) -> list[str]:
    return [server.call("/call").text for server in servers]


def serving(servers: Servers) -> set[int]:
    """The revisions that are served."""
    return {worker["serving"] for worker in json.loads(servers[0].zato("info", "--json").stdout)["workers"]}


def test_every_server_pings_what_changes_before_the_switch(
    both: Servers, backends: tuple[HTTPServer, HTTPServer]
) -> None:
    # Given
    one, other = backends
    assert bring_in(both[0], channel_rest=[CHANNEL], outgoing_rest=[crm(one)]).returncode == 0
    assert one.requests == []

    # When
    done = bring_in(both[0], "--ping", outgoing_rest=[crm(other)])

    # Then
    assert done.returncode == 0, done.stderr
    assert [request.method for request in other.requests] == ["HEAD", "HEAD"]
    assert one.requests == []
    assert answers(both) == ["other", "other"]


def test_a_ping_that_fails_on_one_server_leaves_both_as_they_were(
    both: Servers, backends: tuple[HTTPServer, HTTPServer]
) -> None:
    # Given
    one, other = backends
    bring_in(both[0], channel_rest=[CHANNEL], outgoing_rest=[crm(one)])
    asked = threading.Semaphore(1)
    other.routes[""] = lambda _: Answer(200 if asked.acquire(blocking=False) else 503)

    # When
    done = bring_in(both[0], "--ping", outgoing_rest=[crm(other)])

    # Then
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("Error: server1 (pid ")
    assert " cannot serve the new configuration: `CRM` does not answer: 503" in done.stderr
    assert done.stderr.endswith("; everything is as it was, at revision 1\n")
    assert len(other.requests) == 2
    assert answers(both) == ["one", "one"]
    assert serving(both) == {1}

    # When
    done = bring_in(both[1], outgoing_rest=[crm(other)])

    # Then
    assert done.returncode == 0, done.stderr
    assert serving(both) == {3}


def test_a_ping_may_take_longer_than_a_server_may_be_silent(both: Servers) -> None:
    # Given
    with HTTPServer() as slow:

        def answer(_: Request) -> Answer:
            slow.stopping.wait(LEASE_SECONDS + 1)
            return Answer(503)

        slow.routes[""] = answer

        # When
        done = bring_in(both[0], "--ping", outgoing_rest=[crm(slow)])

    # Then
    assert done.returncode == 4
    assert "`CRM` does not answer: 503" in done.stderr
    assert serving(both) == {0}


def test_an_import_that_is_killed_while_servers_ping_holds_up_nobody(
    both: Servers, backends: tuple[HTTPServer, HTTPServer], tmp_path: Path
) -> None:
    # Given
    one, other = backends
    begun, go = threading.Semaphore(0), threading.Event()

    def answer(_: Request) -> Answer:
        begun.release()
        go.wait(30)
        return Answer(503)

    one.routes[""] = answer
    file = tmp_path / "killed.json"
    file.write_text(json.dumps({"outgoing_rest": [crm(one)]}))
    command = [str(PROGRAM), "enmasse", str(both[0].path), "--import", "--ping", "--input", str(file)]
    importing = processes.start(command, log=tmp_path / "killed.log", env=environment())
    for _ in both:
        assert begun.acquire(timeout=30)

    # When
    processes.kill(importing)
    done = bring_in(both[1], channel_rest=[CHANNEL], outgoing_rest=[crm(other)])
    go.set()

    # Then
    assert done.returncode == 0, done.stderr
    assert answers(both) == ["other", "other"]
    assert serving(both) == {2}


def test_outgoing_connections_are_pinged_when_their_definition_changes(both: Servers, vhost: VHost) -> None:
    # Given
    broker = {"name": "Broker", "host": "127.0.0.1", "port": vhost.server.port, "vhost": vhost.name}
    broker |= {"username": vhost.user, "password": vhost.password}
    done = bring_in(both[0], "--ping", def_amqp=[broker], outgoing_amqp=[{"name": "Fraud", "def_name": "Broker"}])
    assert done.returncode == 0, done.stderr

    # When
    done = bring_in(both[1], "--ping", def_amqp=[{**broker, "password": "wrong"}])

    # Then
    assert done.returncode == 4
    assert "`Fraud` does not answer: " in done.stderr
    assert "wrong" not in done.stderr
    assert serving(both) == {1}


def test_a_rollback_is_live_on_both(both: Servers, backends: tuple[HTTPServer, HTTPServer]) -> None:
    # Given
    one, other = backends
    bring_in(both[0], channel_rest=[CHANNEL], outgoing_rest=[crm(one)])
    bring_in(both[0], outgoing_rest=[crm(other)])

    # When
    done = both[1].zato("enmasse", "--rollback", "1", "--ping")

    # Then
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Revision 3: 0 created, 1 updated, 0 deleted, 1 unchanged\n")
    assert answers(both) == ["one", "one"]
    assert [request.method for request in one.requests] == ["HEAD", "HEAD", "GET", "GET"]
    assert serving(both) == {3}


def test_prune_is_live_on_both(both: Servers, backends: tuple[HTTPServer, HTTPServer]) -> None:
    bring_in(both[0], channel_rest=[CHANNEL], outgoing_rest=[crm(backends[0])])

    done = bring_in(both[0], "--prune", channel_rest=[])

    assert done.returncode == 0, done.stderr
    assert [server.call("/call").status_code for server in both] == [404, 404]
    assert both[0].zato("ping", "outconn", "CRM").returncode == 0


def test_marking_a_connection_as_protected_does_not_reconnect_it(
    both: Servers, backends: tuple[HTTPServer, HTTPServer]
) -> None:
    # Given
    one, _ = backends
    bring_in(both[0], channel_rest=[CHANNEL], outgoing_rest=[crm(one)])
    assert answers(both) == ["one", "one"]
    assert one.connections == 2

    # When
    assert bring_in(both[0], "--ping", outgoing_rest=[crm(one, protected=True)]).returncode == 0

    # Then
    assert answers(both) == ["one", "one"]
    assert one.connections == 2
