from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.servers.certificates import Authority
from tests.servers.http_server import HTTPServer
from zato.kinds.base import SecurityHandle
from zato.kinds.rest.connection import OutgoingRESTHandle
from zato.kinds.rest.outgoing import OutgoingREST

Open = Callable[..., OutgoingRESTHandle]


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        yield server


@pytest.fixture
def open_handle(server: HTTPServer) -> Iterator[Open]:
    """Opens handles of connections, of the test's server unless told otherwise, and closes them."""
    with ExitStack() as stack:

        def open_handle(
            url_path: str = "/get-user", *, security: SecurityHandle | None = None, **fields: Any
        ) -> OutgoingRESTHandle:
            if security:
                fields["security"] = security.definition.name
            config = OutgoingREST(**{"name": "CRM", "host": server.url, "url_path": url_path, **fields})
            return stack.enter_context(closing(OutgoingRESTHandle(config, security, "server1")))

        yield open_handle


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def unreadable_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "ca.pem"
    path.write_text("not a certificate")
    return path
