from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.servers.waiting import wait_for
from zato.errors import NotRunning, ZatoError
from zato.server.control import NAME, Command, ControlSocket, call


def refuse() -> None:
    raise ZatoError("that cannot be done")


def break_down() -> None:
    raise RuntimeError("a bug")


COMMANDS: dict[str, Command] = {
    "echo": lambda **arguments: arguments,
    "add": lambda a, b: a + b,
    "refuse": refuse,
    "break": break_down,
}


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    with closing(ControlSocket(tmp_path, COMMANDS)):
        yield tmp_path


def test_a_command_is_answered(directory: Path) -> None:
    assert call(directory, "add", a=1, b=2) == 3


@pytest.mark.parametrize("arguments", [{}, {"text": "a\nb\u2028é"}, {"long": ["x" * 1000] * 1000}])
def test_arguments_arrive_as_they_were(directory: Path, arguments: Mapping[str, Any]) -> None:
    assert call(directory, "echo", **arguments) == arguments


def test_an_error_is_told_in_the_server_s_words(directory: Path) -> None:
    with pytest.raises(ZatoError, match=r"^that cannot be done$"):
        call(directory, "refuse")


def test_a_bug_is_logged_and_told(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZatoError, match=r"^RuntimeError: a bug$"):
        call(directory, "break")
    assert "A command failed" in caplog.text


def test_an_unknown_command_is_an_error(directory: Path) -> None:
    with pytest.raises(ZatoError, match=r"^there is no command `dance`$"):
        call(directory, "dance")


def test_only_the_server_s_user_can_connect(directory: Path) -> None:
    assert (directory / NAME).stat().st_mode & 0o777 == 0o600


def test_a_directory_with_a_long_path_works(tmp_path: Path) -> None:
    # Given
    directory = tmp_path / ("d" * 60) / ("e" * 60)
    directory.mkdir(parents=True)
    assert len(str(directory)) > 107

    # When
    with closing(ControlSocket(directory, COMMANDS)):
        # Then
        assert call(directory, "add", a=1, b=2) == 3


def test_where_no_server_runs_that_is_told(tmp_path: Path) -> None:
    message = f"the server {tmp_path} is not running; start it with `zato start {tmp_path}`"

    with pytest.raises(NotRunning, match=f"^{message}$"):
        call(tmp_path, "add", a=1, b=2)


def test_the_socket_that_a_killed_server_left_behind_is_replaced(tmp_path: Path) -> None:
    # Given
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / NAME))
    left.close()
    with pytest.raises(NotRunning):
        call(tmp_path, "add", a=1, b=2)

    # When
    with closing(ControlSocket(tmp_path, COMMANDS)):
        # Then
        assert call(tmp_path, "add", a=1, b=2) == 3


def test_after_its_end_nothing_is_left(tmp_path: Path) -> None:
    # Given
    before = set(threading.enumerate())
    control = ControlSocket(tmp_path, COMMANDS)
    call(tmp_path, "add", a=1, b=2)

    # When
    control.close()

    # Then
    assert not (tmp_path / NAME).exists()
    wait_for(lambda: before.issuperset(threading.enumerate()), "the threads have ended")


@pytest.mark.parametrize("sent", [b"", b"\n", b"nonsense\n", b"[]\n", b'{"command": "add"}\n', b'{"command": {}}\n'])
def test_what_is_no_request_hurts_nobody(directory: Path, sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    # When
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(directory / NAME))
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = client.recv(65536)

    # Then
    assert answer.startswith(b'{"error":')
    assert call(directory, "add", a=1, b=2) == 3


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    # Given
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / NAME))
        silent.listen()

        # Then
        message = f"the server {tmp_path} did not answer; see {tmp_path}/logs/server.log"
        with pytest.raises(NotRunning, match=f"^{message}$"):
            call(tmp_path, "add", timeout=0.1, a=1, b=2)


def test_commands_are_carried_out_side_by_side(tmp_path: Path) -> None:
    # Given
    together = threading.Barrier(2)
    done: list[int] = []

    def ask() -> None:
        done.append(call(tmp_path, "meet"))

    with closing(ControlSocket(tmp_path, {"meet": partial(together.wait, 5)})):
        # When
        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # Then
    assert sorted(done) == [0, 1]
