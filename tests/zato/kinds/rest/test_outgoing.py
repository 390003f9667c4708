from __future__ import annotations

from contextlib import closing
from typing import Any, cast

import pytest

from tests.servers.http_server import HTTPServer
from zato.kinds.base import Handle, Opening
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.security.basic_auth import BasicAuth, BasicAuthHandle


class World:
    """As much of a world as a connection asks for."""

    server_name = "server1"

    def __init__(self, *security: BasicAuth) -> None:
        self._handles = {definition.name: BasicAuthHandle(definition) for definition in security}

    def handle(self, section: str, name: str) -> Handle:
        assert section == "security"
        return self._handles[name]


@pytest.mark.parametrize("security", [None, "CRM user"])
def test_an_open_connection_has_what_services_call_with(server: HTTPServer, security: str | None) -> None:
    # Given
    world = cast("Opening", World(BasicAuth(name="CRM user", username="api", password="secret")))
    config = OutgoingREST(name="CRM", host=server.url, url_path="/get-user", security=security)

    # When
    with closing(config.open(world)) as handle:
        handle.conn.get("cid")

    # Then
    assert handle.name == "CRM"
    assert ("Authorization" in server.last.headers) == (security is not None)
    assert server.last.headers["X-Zato-Component"].startswith("parallel/server1/")


@pytest.mark.parametrize(
    ("host", "url_path", "address"),
    [
        ("http://a", "/b", "http://a/b"),
        ("http://a/", "/b", "http://a/b"),
        ("http://a:1/base", "/b/{c}", "http://a:1/base/b/{c}"),
        ("http://a", "", "http://a"),
    ],
)
def test_an_address_is_the_host_and_the_path(host: str, url_path: str, address: str) -> None:
    assert OutgoingREST(name="CRM", host=host, url_path=url_path).address == address


def test_the_defaults_are_those_of_the_seeds() -> None:
    config = OutgoingREST(name="CRM", host="http://a", url_path="/")

    expected: dict[str, Any] = {"timeout": 120, "ping_method": "HEAD", "data_format": "json", "validate_tls": True}
    assert {name: getattr(config, name) for name in expected} == expected
