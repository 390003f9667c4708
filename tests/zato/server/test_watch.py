from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.waiting import wait_for
from zato.server.watch import Watch, Watcher, find

INTERVAL = 0.02

Start = Callable[[Callable[[], object]], Watcher]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Watcher] = []

    def start(on_change: Callable[[], object]) -> Watcher:
        started.append(Watcher([Watch([tmp_path], (".py",), on_change)], interval=INTERVAL))
        started[-1].start()
        return started[-1]

    yield start
    for watcher in started:
        watcher.stop()


def test_new_changed_and_deleted_files_are_told(tmp_path: Path, start: Start) -> None:
    told: list[int] = []
    start(lambda: told.append(1))
    path = tmp_path / "folder" / "a.py"
    path.parent.mkdir()
    for change in (lambda: path.write_text("1"), lambda: path.write_text("22"), path.unlink):
        before = len(told)
        change()
        wait_for(lambda before=before: len(told) > before, "a change told")  # type: ignore[misc]


def test_what_was_there_before_and_other_files_are_not_told(tmp_path: Path, start: Start) -> None:
    (tmp_path / "a.py").write_text("1")
    told: list[int] = []
    start(lambda: told.append(1))
    (tmp_path / "a.txt").write_text("1")
    (tmp_path / ".b.py").write_text("1")
    (tmp_path / "c.py").write_text("1")
    wait_for(lambda: told, "a change told")
    assert told == [1]


@pytest.mark.parametrize("failure", [ValueError("why"), KeyboardInterrupt(), SystemExit(1), GeneratorExit()], ids=repr)
def test_a_failure_does_not_end_the_watch(
    tmp_path: Path, start: Start, caplog: pytest.LogCaptureFixture, failure: BaseException
) -> None:
    told: list[int] = []

    def fail() -> None:
        told.append(1)
        raise failure

    start(fail)
    for number in (1, 2):
        (tmp_path / "a.py").write_text("x" * number)
        wait_for(lambda number=number: len(told) >= number, "a change told")  # type: ignore[misc]
    assert f"A change below {tmp_path} was not taken over" in caplog.text


def test_a_file_is_told_once_it_has_stayed_the_same(tmp_path: Path) -> None:
    # Given
    told: list[int] = []
    watcher = Watcher([Watch([tmp_path], (".py",), lambda: told.append(1))])
    path = tmp_path / "a.py"

    # When it grows from look to look
    for size in range(1, 5):
        path.write_text("x" * size)
        watcher.look()

    # Then
    assert told == []
    watcher.look()
    assert told == [1]
    watcher.look()
    assert told == [1]


def test_files_are_found_in_order(tmp_path: Path) -> None:
    for name in ("b.py", "a.py", "z/a.py", "y/a.py", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path, _ in find([tmp_path, tmp_path / "missing"], (".py",))]
    assert found == ["a.py", "b.py", "y/a.py", "z/a.py"]
