"""Services that files name and the server has not deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.zato_server import ZatoServer, zato

SERVICE = """
    from zato.server.service import Service

    class Hello(Service):
        name = 'demo.hello'
"""
FILE = "channel_rest: [{name: Hello, service: demo.helo, url_path: /hello, security: zato-no-security}]"
WARNING = (
    "hello.yaml:1:39: warning: channel_rest/Hello/service: the service `demo.helo` is not deployed"
    " (did you mean `demo.hello`?)\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hello.yaml"
    path.write_text(FILE)
    return path


@pytest.mark.parametrize("action", ["--plan", "--import"])
def test_a_running_server_tells_which_services_it_lacks(zato_server: ZatoServer, file: Path, action: str) -> None:
    zato_server.deploy(SERVICE)
    zato_server.start()

    done = zato("enmasse", zato_server.path, action, "--input", file.name, cwd=file.parent)

    assert WARNING in done.stderr
    assert done.returncode == {"--plan": 2, "--import": 0}[action]


def test_strict_makes_it_an_error(zato_server: ZatoServer, file: Path) -> None:
    zato_server.deploy(SERVICE)
    zato_server.start()

    done = zato("enmasse", zato_server.path, "--import", "--strict", "--input", file.name, cwd=file.parent)

    assert WARNING in done.stderr
    assert done.returncode == 1


def test_a_server_that_is_not_running_cannot_tell(zato_server: ZatoServer, file: Path) -> None:
    done = zato("enmasse", zato_server.path, "--plan", "--input", file.name, cwd=file.parent)

    assert "is not deployed" not in done.stderr
    assert done.returncode == 2
