from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from zato.errors import ServerDirectoryError
from zato.server.pidfile import Pidfile, remove_stale, running_pid


def test_the_pidfile_says_who_runs_and_is_gone_afterwards(tmp_path: Path) -> None:
    # Given
    path = tmp_path / "pidfile"

    # When
    pidfile = Pidfile(path)

    # Then
    assert path.read_text() == f"{os.getpid()}\n"
    assert running_pid(path) == os.getpid()

    # When
    pidfile.release()

    # Then
    assert not path.exists()
    assert running_pid(path) is None


def test_a_second_server_is_refused(tmp_path: Path) -> None:
    # Given
    path = tmp_path / "pidfile"
    first = Pidfile(path)

    # When
    with pytest.raises(ServerDirectoryError) as e:
        Pidfile(path)

    # Then
    assert str(e.value) == (
        f"the server {tmp_path} is already running, with process ID {os.getpid()}; stop it with `zato stop {tmp_path}`"
    )
    assert running_pid(path) == os.getpid()
    first.release()


@pytest.mark.parametrize("left", ["", "1\n", f"{os.getpid()}\n", "nonsense", "9" * 1000])
def test_a_pidfile_that_nobody_holds_stops_nobody(tmp_path: Path, left: str) -> None:
    # Given
    path = tmp_path / "pidfile"
    path.write_text(left)

    # Then
    assert running_pid(path) is None

    # When
    pidfile = Pidfile(path)

    # Then
    assert path.read_text() == f"{os.getpid()}\n"
    pidfile.release()


def test_a_stale_pidfile_is_removed(tmp_path: Path) -> None:
    # Given
    path = tmp_path / "pidfile"
    path.write_text("1\n")

    # Then
    assert remove_stale(path)
    assert not path.exists()
    assert not remove_stale(path)


def test_the_pidfile_of_a_server_that_runs_is_not_removed(tmp_path: Path) -> None:
    # Given
    path = tmp_path / "pidfile"
    pidfile = Pidfile(path)

    # When
    with pytest.raises(ServerDirectoryError):
        remove_stale(path)

    # Then
    assert path.exists()
    pidfile.release()


def test_a_killed_process_leaves_a_stale_pidfile(tmp_path: Path) -> None:
    # Given
    path = tmp_path / "pidfile"
    program = (
        "import sys, pathlib, zato.server.pidfile as p; f = p.Pidfile(pathlib.Path(sys.argv[1])); print(1); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-uc", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert running_pid(path) == holder.pid

        # When
        holder.kill()

    # Then
    assert running_pid(path) is None
    assert path.exists()


def test_those_who_look_keep_nobody_from_starting(tmp_path: Path) -> None:
    # Given
    path = tmp_path / "pidfile"
    done = False

    def look() -> None:
        while not done:
            running_pid(path)

    with ThreadPoolExecutor() as threads:
        lookers = [threads.submit(look) for _ in range(4)]

        # When
        for _ in range(50):
            Pidfile(path).release()

        # Then
        done = True
        for looker in lookers:
            looker.result()


def test_of_many_who_start_at_once_one_runs_at_a_time(tmp_path: Path) -> None:
    # Given
    path = tmp_path / "pidfile"
    running: list[int] = []

    def start(number: int) -> int:
        try:
            pidfile = Pidfile(path)
        except ServerDirectoryError:
            return 0
        running.append(number)
        alone = len(running) == 1
        running.remove(number)
        pidfile.release()
        assert alone
        return 1

    # When
    with ThreadPoolExecutor(8) as threads:
        started = sum(threads.map(start, range(200)))

    # Then
    assert started > 0


def test_a_pidfile_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    # Given
    path = tmp_path / "pidfile"
    path.mkdir()

    # Then
    with pytest.raises(ServerDirectoryError, match=f"^{path} cannot be written: Is a directory$"):
        Pidfile(path)
