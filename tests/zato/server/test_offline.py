from __future__ import annotations

import json
from typing import Any

import pytest

from tests.servers.http_server import HTTPServer
from tests.servers.rabbitmq import VHost
from tests.servers.zato_server import ZatoServer
from zato.errors import ODBError
from zato.server.offline import world_of


def test_there_are_live_connections_while_the_block_runs(zato_server: ZatoServer) -> None:
    # Given
    with HTTPServer() as backend:
        backend.answer("/", {"who": "CRM"})
        zato_server.enmasse(json.dumps({"outgoing_rest": [{"name": "CRM", "host": backend.url, "url_path": "/"}]}))

        # When
        with world_of(zato_server.layout) as world:
            handle: Any = world.handle("outgoing_rest", "CRM")

            # Then
            assert world.revision == 1
            assert handle.conn.get("cid").data == {"who": "CRM"}


def test_nothing_is_consumed(zato_server: ZatoServer, vhost: VHost) -> None:
    # Given
    vhost.declare("orders")
    vhost.publish("orders", b"order")
    broker = {"name": "Broker", "host": "127.0.0.1", "port": vhost.server.port, "vhost": vhost.name}
    broker |= {"username": vhost.user, "password": vhost.password}
    consumer = {"name": "Orders", "def_name": "Broker", "queue": "orders", "service": "s"}
    done = zato_server.enmasse(json.dumps({"def_amqp": [broker], "channel_amqp": [consumer]}))
    assert done.returncode == 0, done.stderr

    # When
    with world_of(zato_server.layout) as world:
        assert world.handle("channel_amqp", "Orders")
        assert vhost.connections() == 0

    # Then
    assert vhost.depth("orders") == 1


def test_one_broken_connection_keeps_nobody_from_the_others(zato_server: ZatoServer) -> None:
    # Given
    broken = {"name": "broken", "host": "https://127.0.0.1:1", "url_path": "/", "validate_tls": "/none.pem"}
    fine = {"name": "fine", "host": "http://127.0.0.1:1", "url_path": "/"}
    zato_server.enmasse(json.dumps({"outgoing_rest": [broken, fine]}))

    # When
    with world_of(zato_server.layout) as world:
        # Then
        assert world.handle("outgoing_rest", "fine")
        with pytest.raises(Exception, match="cannot read the CA bundle"):
            world.handle("outgoing_rest", "broken")


def test_an_odb_that_cannot_be_read_is_an_error(zato_server: ZatoServer) -> None:
    (zato_server.path / "odb.db").unlink()

    with pytest.raises(ODBError, match="there is no ODB"), world_of(zato_server.layout):
        pass
