from __future__ import annotations

import socket

from tests.servers.zato_server import ZatoServer, zato
from zato.odb.secrets import LOST_KEY


def test_everything_is_in_order(zato_server: ZatoServer) -> None:
    # Given
    zato_server.enmasse("security: [{name: k, type: apikey, password: p}]")

    # When
    done = zato_server.zato("check-config")

    # Then
    path = zato_server.path
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"Settings in {path}/config/repo/server.conf, OK",
        f"Key file {path}/config/secret.key, OK",
        "ODB at revision 1 with 1 object, secrets readable, OK",
        f"Logs in {path}/logs, OK",
        "Server is not running and 127.0.0.1:0 is free, OK",
    ]


def test_a_running_server_is_in_order_too(zato_server: ZatoServer) -> None:
    # Given
    zato_server.start()
    assert zato_server.process is not None

    # When
    done = zato_server.zato("check-config")

    # Then
    assert done.returncode == 0
    assert done.stdout.endswith(f"Server is running, process ID {zato_server.process.pid}, OK\n")


def test_everything_that_is_wrong_is_told(zato_server: ZatoServer) -> None:
    # Given
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        zato_server.settings(f"[main]\nbind = {address}\nodb = none.db\n")
        zato_server.layout.key_file.chmod(0o644)

        # When
        done = zato_server.zato("check-config")

    # Then
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"Error: the key file {zato_server.layout.key_file} is open to others; run `chmod 600` on it",
        f"Error: there is no ODB at {zato_server.path}/none.db",
        f"Error: the server cannot listen on {address}: Address already in use; choose another with --bind",
    ]
    assert done.stdout.splitlines() == [
        f"Settings in {zato_server.layout.config}, OK",
        f"Logs in {zato_server.layout.logs}, OK",
    ]


def test_a_mistake_in_server_conf_is_told_once(zato_server: ZatoServer) -> None:
    # Given
    zato_server.settings("[main]\nbnid = x\n")

    # When
    done = zato_server.zato("check-config")

    # Then
    message = f"{zato_server.layout.config}:2:1: main: unknown setting `bnid` (did you mean `bind`?)"
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (1, "", [message, "1 error"])


def test_a_missing_key_file_is_told(zato_server: ZatoServer) -> None:
    # Given
    zato_server.layout.key_file.unlink()

    # When
    done = zato_server.zato("check-config")

    # Then
    message = (
        f"Error: the key file {zato_server.layout.key_file} cannot be read: No such file or directory; {LOST_KEY}\n"
    )
    assert (done.returncode, done.stderr) == (1, message)


def test_the_directory_may_be_given(zato_server: ZatoServer) -> None:
    assert zato("check-config", zato_server.path).returncode == 0
