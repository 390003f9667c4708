from __future__ import annotations

import threading

import pytest

from tests.servers.http_server import HTTPServer
from tests.servers.ports import free_port
from tests.servers.zato_server import ZatoServer, zato


def test_it_ends_once_the_server_answers(zato_server: ZatoServer) -> None:
    # Given
    done = []
    waiting = threading.Thread(target=lambda: done.append(zato_server.zato("wait", "--timeout", "30")))
    waiting.start()

    # When
    zato_server.start()
    waiting.join()

    # Then
    assert (done[0].returncode, done[0].stdout, done[0].stderr) == (0, f"{zato_server.address} answers\n", "")


def test_a_server_that_does_not_come_up_is_told(zato_server: ZatoServer) -> None:
    # When
    done = zato_server.zato("wait", "--timeout", "0")

    # Then
    message = f"Error: no answer from {zato_server.path} within 0 s\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


def test_it_can_be_silent(zato_server: ZatoServer) -> None:
    done = zato_server.zato("wait", "--timeout", "0", "--silent")

    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_any_address_can_be_waited_for() -> None:
    with HTTPServer() as server:
        server.answer("/ready", {})

        for address in (server.url, server.url.removeprefix("http://")):
            assert zato("wait", "--address", address, "--url-path", "/ready").returncode == 0
        assert server.last.target == "/ready"


@pytest.mark.parametrize("status", [404, 503])
def test_an_answer_other_than_200_is_none(status: int) -> None:
    with HTTPServer() as server:
        server.answer("", {}, status=status)

        done = zato("wait", "--address", server.url, "--timeout", "0")

    assert done.stderr == f"Error: no answer from {server.url} within 0 s\n"


def test_nobody_listens() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    assert zato("wait", "--address", url, "--timeout", "0.2", "--interval", "0.05").returncode == 1


@pytest.mark.parametrize("address", ["host:port", "ftp://a", "http://", "http://a:99999", ""])
def test_what_is_no_address_is_told(address: str) -> None:
    done = zato("wait", "--address", address)

    assert done.returncode == 1
    assert done.stderr.endswith(f"Error: Invalid value for '--address': {address} is not [http://]host:port\n")


def test_an_address_and_a_directory_exclude_each_other(zato_server: ZatoServer) -> None:
    done = zato("wait", zato_server.path, "--address", "a:1")

    assert done.returncode == 1
    assert done.stderr.endswith("Error: say either --address or a server's directory\n")
