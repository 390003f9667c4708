"""Services and user configuration change while the server runs."""

from __future__ import annotations

from contextlib import suppress

import pytest
import requests

from tests.servers.waiting import wait_for
from tests.servers.zato_server import ZatoServer

VERSION = """
    from zato.server.service import Service
    class Version(Service):
        def handle(self):
            self.response.payload = {{'version': {}, 'limit': self.server.user_config.get('shop', {{}}).get('limit')}}
"""


@pytest.fixture
def server(zato_server: ZatoServer) -> ZatoServer:
    zato_server.deploy(VERSION.format(1))
    zato_server.enmasse("channel_rest: [{name: c, service: tested.version, url_path: /}]")
    zato_server.start()
    return zato_server


def answer(server: ZatoServer) -> dict[str, object]:
    with suppress(requests.JSONDecodeError):
        found: dict[str, object] = server.call("/").json()
        return found
    return {}


def becomes(server: ZatoServer, **expected: object) -> None:
    wait_for(lambda: expected.items() <= answer(server).items(), f"{expected}")


def test_a_changed_service_is_taken_over(server: ZatoServer) -> None:
    # Given
    becomes(server, version=1)

    # When
    server.deploy(VERSION.format(2))

    # Then
    becomes(server, version=2)


def test_a_service_answers_as_soon_as_its_file_is_there(server: ZatoServer) -> None:
    # Given
    server.enmasse("channel_rest: [{name: new, service: new.version, url_path: /new}]")
    assert server.call("/new").status_code == 503

    # When
    server.deploy(VERSION.format(7), "new.py")

    # Then
    wait_for(lambda: server.call("/new").status_code == 200, "the new service answers")


def test_of_a_broken_file_the_version_that_works_goes_on_serving(server: ZatoServer) -> None:
    # When
    file = server.deploy("from zato.server.service import Service\n\nclass Version(Service:\n")

    # Then
    server.logs(f"ERROR - {file}:3:")
    (problem,) = server.info()["service_problems"]
    assert problem.startswith(f"{file}:3:22: SyntaxError: ")
    assert problem in server.zato("info").stdout
    assert answer(server)["version"] == 1

    # When
    server.deploy(VERSION.format(3))

    # Then
    becomes(server, version=3)
    assert server.info()["service_problems"] == []


def test_user_configuration_is_taken_over(server: ZatoServer) -> None:
    # Given
    assert answer(server)["limit"] is None

    # When
    server.user_conf("shop.conf", "limit = 10\n")

    # Then
    becomes(server, limit=10)

    # When
    server.user_conf("shop.conf", "limit = 20\n")

    # Then
    becomes(server, limit=20)


def test_of_broken_user_configuration_the_values_before_are_kept(server: ZatoServer) -> None:
    # Given
    server.user_conf("shop.conf", "limit = 10\n")
    becomes(server, limit=10)

    # When
    file = server.user_conf("shop.conf", "limit = 20\n[oops\n")

    # Then
    server.logs(f"ERROR - {file}:2:")
    assert answer(server)["limit"] == 10
    (problem,) = server.info()["user_config_problems"]
    assert problem.startswith(f"{file}:2:1: ")
