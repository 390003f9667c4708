from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.servers.ports import free_port
from tests.servers.waiting import wait_for
from tests.servers.zato_server import ZatoServer
from zato.errors import ZatoError
from zato.server.directory import ServerDirectory
from zato.server.run import Options, Server, listen


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:0", "[::1]:0", "0.0.0.0:0"])
def test_it_listens_at_names_and_addresses(address: str) -> None:
    with listen(address, 1) as sock:
        assert sock.getsockname()[1] > 0


@pytest.mark.parametrize("address", ["", ":", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536"])
def test_what_is_no_address_is_an_error(address: str) -> None:
    with pytest.raises(ZatoError, match=r"is no address to listen at; write it as host:port$"):
        listen(address, 1)


def test_a_start_that_fails_leaves_nothing_behind(zato_server: ZatoServer) -> None:
    # Given
    port = free_port()
    directory = ServerDirectory(zato_server.path)
    directory.logs.rmdir()
    directory.logs.write_text("a file")  # comes after the pidfile, the ODB and the port

    # When
    with pytest.raises(ZatoError, match="cannot be written"):
        Server(directory, Options(bind=f"127.0.0.1:{port}"))

    # Then
    assert not directory.pidfile.exists()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", port))


@pytest.mark.parametrize(("bind", "told", "code"), [("127.0.0.1:0", "address", 0), ("nonsense", "error", 1)])
def test_the_parent_is_told_the_address_or_what_is_wrong(
    zato_server: ZatoServer, bind: str, told: str, code: int
) -> None:
    # When
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "zato.server.run", zato_server.path, f"--bind={bind}", f"--ready-fd={writing}"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)

    # Then
    with process, os.fdopen(reading) as pipe:
        assert list(json.loads(pipe.readline())) == [told]
        if told == "address":
            process.send_signal(signal.SIGTERM)
    assert process.returncode == code


def test_what_changes_while_the_server_starts_is_not_missed(zato_server: ZatoServer) -> None:
    # Given
    service = "from zato.server.service import Service\nclass {}(Service): pass\n"
    other = zato_server.layout.pickup / "zz.py"
    zato_server.deploy(f"open({str(other)!r}, 'w').write({service.format('Late')!r})\n" + service.format("Early"))

    # When
    zato_server.start()

    # Then
    wait_for(lambda: zato_server.info()["services"] == ["tested.early", "zz.late"], "both are deployed")


def test_commands_reach_a_server_whose_path_is_longer_than_a_socket_address(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # Given
    base = tmp_path_factory.mktemp("long") / ("x" * 120)
    base.mkdir()
    server = ZatoServer(base)

    # When
    try:
        server.start()

        # Then
        assert server.zato("info").returncode == 0
        assert (server.path / "control.sock").stat().st_mode & 0o777 == 0o600
    finally:
        server.kill9()
