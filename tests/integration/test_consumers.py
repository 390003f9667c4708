"""Consumers of AMQP channels while the configuration changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.servers.rabbitmq import VHost
from tests.servers.waiting import wait_for
from tests.servers.zato_server import ZatoServer

RECORDING = """
    import time
    from pathlib import Path
    from zato.server.service import Service

    class Record(Service):
        '''Writes down what happens; the message `wait` lets others wait until a file is there.'''
        def handle(self):
            folder = Path({folder!r})
            text = self.request.raw_request if isinstance(self.request.raw_request, str) else str(self.request.payload)
            with (folder / 'events').open('a') as events:
                print('begin', text, file=events, flush=True)
                while text == 'wait' and not (folder / 'go').exists():
                    time.sleep(0.01)
                print('end', text, file=events, flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "recorded"
    made.mkdir()
    (made / "events").touch()
    return made


def document(vhost: VHost, **fields: object) -> str:
    broker = {"name": "Broker", "host": "127.0.0.1", "port": vhost.server.port, "vhost": vhost.name}
    broker |= {"username": vhost.user, "password": vhost.password}
    consumer = {"name": "Orders", "def_name": "Broker", "queue": "orders", "service": "tested.record", "pool_size": 1}
    return json.dumps({"def_amqp": [broker], "channel_amqp": [{**consumer, **fields}]})


def events(folder: Path) -> list[str]:
    return (folder / "events").read_text().splitlines()


def consumers(vhost: VHost) -> int:
    with vhost.channel() as channel:
        frame: Any = channel.queue_declare("orders", passive=True)
        return int(frame.method.consumer_count)


def test_a_consumer_ends_what_it_has_in_hand_before_its_successor_begins(
    zato_server: ZatoServer, vhost: VHost, folder: Path
) -> None:
    # Given
    vhost.declare("orders")
    zato_server.deploy(RECORDING.format(folder=str(folder)))
    done = zato_server.enmasse(document(vhost))
    assert done.returncode == 0, done.stderr
    zato_server.start()
    vhost.publish("orders", b"wait")
    wait_for(lambda: events(folder) == ["begin wait"], "the first message is in hand")
    vhost.publish("orders", b"next")

    # When
    done = zato_server.enmasse(document(vhost, consumer_tag_prefix="changed"))

    # Then
    assert done.returncode == 0, done.stderr
    assert zato_server.info()["revision"] == 2
    assert events(folder) == ["begin wait"]

    # When
    (folder / "go").touch()

    # Then
    in_order = ["begin wait", "end wait", "begin next", "end next"]
    wait_for(lambda: events(folder) == in_order, f"{in_order}")


def test_sigterm_ends_what_consumers_have_in_hand(zato_server: ZatoServer, vhost: VHost, folder: Path) -> None:
    # Given
    vhost.declare("orders")
    zato_server.deploy(RECORDING.format(folder=str(folder)))
    zato_server.enmasse(document(vhost))
    zato_server.start()
    for text in (b"wait", b"next"):
        vhost.publish("orders", text)
    wait_for(lambda: events(folder) == ["begin wait"], "the first message is in hand")

    # When
    zato_server.signal()
    wait_for(lambda: consumers(vhost) == 0, "nothing more is taken")
    (folder / "go").touch()

    # Then
    assert zato_server.wait() == 0
    assert events(folder) == ["begin wait", "end wait"]
    assert vhost.take_all("orders") == [b"next"]
