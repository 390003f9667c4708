"""Each example is started by its own script, called, and ended by Ctrl-C."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.servers import processes
from tests.servers.ports import free_ports
from tests.servers.waiting import wait_for
from tests.servers.zato_server import environment

EXAMPLES = Path(__file__).parents[1] / "examples"


@contextmanager
def running(example: str, *arguments: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = ["sh", str(EXAMPLES / example / "run.sh"), *arguments]
    process = processes.start(command, log=log, env=environment())
    try:
        yield process
    finally:
        processes.kill(process)


def wait_until_it_listens(process: subprocess.Popen[bytes], log: Path) -> None:
    def listens() -> bool:
        assert process.poll() is None, log.read_text()
        return "; Ctrl-C stops it" in log.read_text()

    wait_for(listens, "the server listens", 30)


def is_free(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


def test_every_example_is_tested() -> None:
    assert sorted(path.name for path in EXAMPLES.iterdir()) == ["tutorial"]


def test_the_tutorial_is_called_with_the_line_that_it_prints_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    port, remote_port = free_ports(2)
    log = tmp_path / "log"
    with running("tutorial", str(tmp_path / "env"), str(port), str(remote_port), log=log) as process:
        # When
        wait_until_it_listens(process, log)
        curl = re.search(r"curl -XPOST (http://(\S+):(\S+)@(\S+)) -d '(.*)'", log.read_text())
        assert curl is not None
        url, user, password, rest, body = curl.groups()
        assert url.endswith("/api/v1/user")
        response = requests.post(f"http://{rest}", data=body, auth=(user, password), timeout=10)

        # Then
        assert response.json() == {
            "user_name": "my.user",
            "user_type": "RGV",
            "account_no": "123456",
            "account_balance": "357.9",
        }
        assert "INFO - Invoking CRM; u=my.user\n" in log.read_text()

        # When
        processes.send(process, signal.SIGINT)

        # Then
        assert process.wait(20) == 0
        wait_for(lambda: is_free(port) and is_free(remote_port), "all processes have ended")


def test_the_tutorial_starts_again_where_it_was(tmp_path: Path) -> None:
    port, remote_port = free_ports(2)
    for log in (tmp_path / "first", tmp_path / "second"):
        with running("tutorial", str(tmp_path / "env"), str(port), str(remote_port), log=log) as process:
            wait_until_it_listens(process, log)
            processes.send(process, signal.SIGINT)
            assert process.wait(20) == 0
        wait_for(lambda: is_free(remote_port), "the remote systems have ended")


def test_a_killed_tutorial_leaves_nothing_running(tmp_path: Path) -> None:
    # Given
    port, remote_port = free_ports(2)
    log = tmp_path / "log"
    with running("tutorial", str(tmp_path / "env"), str(port), str(remote_port), log=log) as process:
        wait_until_it_listens(process, log)

        # When
        process.kill()

        # Then
        wait_for(lambda: is_free(port) and is_free(remote_port), "all processes have ended")


def test_a_port_of_the_remote_systems_that_is_in_use_is_told(tmp_path: Path) -> None:
    # Given
    log = tmp_path / "log"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        remote_port = str(taken.getsockname()[1])

        # When
        with running("tutorial", str(tmp_path / "env"), "0", remote_port, log=log) as process:
            # Then
            assert process.wait(20) == 1
    assert log.read_text() == (
        f"CRM and Payments cannot listen on port {remote_port}: Address already in use\n"
        "Their port is 10 above PORT; choose another: make run PORT=…\n"
    )
    assert not (tmp_path / "env").exists()


def test_a_tutorial_that_runs_is_left_alone_by_a_second_one(tmp_path: Path) -> None:
    # Given
    port, remote_port, *others = map(str, free_ports(4))
    log, second = tmp_path / "log", tmp_path / "second"
    with running("tutorial", str(tmp_path / "env"), port, remote_port, log=log) as process:
        wait_until_it_listens(process, log)

        # When
        with running("tutorial", str(tmp_path / "env"), *others, log=second) as refused:
            assert refused.wait(20) == 1

        # Then
        assert re.fullmatch(
            f"The tutorial runs already, at http://127.0.0.1:{port}; "
            f"to stop it: Ctrl-C where it runs, or \\S+/zato stop {tmp_path}/env/server1\n",
            second.read_text(),
        )
        answer = requests.post(
            f"http://127.0.0.1:{port}/api/v1/user",
            data='{"user_name": "my.user"}',
            auth=("api", "tutorial"),
            timeout=10,
        )
        assert answer.json()["account_balance"] == "357.9"
