from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.errors import ServerDirectoryError
from zato.server.logs import Logs, one_line
from zato.server.settings import Logging

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - \d+:\S+ - \S+:\d+ - [A-Z]+ - .*")
FORGED = "2026-01-01 00:00:00,000 - 1:MainThread - zato:1 - INFO - all is well"

Open = Callable[..., Logs]


@pytest.fixture
def open_logs(tmp_path: Path) -> Iterator[Open]:
    """Opens the logs; what they changed for the whole process is put back."""
    loggers = [logging.getLogger(name) for name in (None, "zato.http_access", "pika", "urllib3", "waitress")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    opened: list[Logs] = []

    def open_them(*, foreground: bool = False, **settings: object) -> Logs:
        opened.append(Logs(tmp_path, Logging(**settings), foreground=foreground))  # type: ignore[arg-type]
        return opened[-1]

    yield open_them
    for logs in opened:
        logs.close()
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate
    logging.captureWarnings(capture=False)
    threading.excepthook = threading.__excepthook__


def lines(tmp_path: Path) -> list[str]:
    return (tmp_path / "server.log").read_text(encoding="utf-8").splitlines()


def raised(error: Exception) -> Exception:
    """The error with a traceback."""
    with suppress(type(error)):
        raise error
    return error


def test_lines_are_in_the_format_of_the_tutorial(open_logs: Open, tmp_path: Path) -> None:
    # Given
    logs = open_logs()

    # When
    logging.getLogger("api.user.get-details").info("Invoking CRM; u=%s", "my.user")
    logs.close()

    # Then
    (line,) = lines(tmp_path)
    assert LINE.fullmatch(line)
    assert line.endswith("INFO - Invoking CRM; u=my.user")
    assert " - api.user.get-details:" in line


def test_arguments_are_logged_as_they_were(open_logs: Open, tmp_path: Path) -> None:
    # Given
    logs = open_logs()
    users = ["a"]

    # When
    logging.getLogger("s").info("Users: %s", users)
    users.append("b")
    logs.close()

    # Then
    assert lines(tmp_path)[0].endswith("Users: ['a']")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x85", "\u2028", "\x0b", "\x0c", "\x1e"])
def test_a_message_stays_on_its_line(open_logs: Open, tmp_path: Path, end: str) -> None:
    # Given
    logs = open_logs()

    # When
    logging.getLogger("s").info("User %s", f"x{end}{FORGED}")
    logs.close()

    # Then
    (line,) = lines(tmp_path)
    assert line.endswith(f"User x{end.encode('unicode_escape').decode()}{FORGED}")


def test_a_traceback_is_readable_and_forges_no_line(open_logs: Open, tmp_path: Path) -> None:
    # Given
    logs = open_logs()

    # When
    logging.getLogger("s").error("It failed", exc_info=raised(ValueError(f"bad input: x\n{FORGED}\n\x1b[31mred")))
    logs.close()

    # Then
    first, *rest = lines(tmp_path)
    assert first.endswith("ERROR - It failed")
    assert rest[0] == "    Traceback (most recent call last):"
    assert rest[-3:] == ["    ValueError: bad input: x", f"    {FORGED}", "    \\x1b[31mred"]
    assert not [line for line in rest if LINE.match(line)]


def test_a_stack_is_indented_too(open_logs: Open, tmp_path: Path) -> None:
    # Given
    logs = open_logs()

    # When
    logging.getLogger("s").info("Here", stack_info=True)
    logs.close()

    # Then
    assert all(line.startswith("    ") for line in lines(tmp_path)[1:])


def test_what_is_not_utf_8_is_logged_all_the_same(open_logs: Open, tmp_path: Path) -> None:
    # Given
    logs = open_logs()

    # When
    logging.getLogger("s").info("Zażółć \udce9 \U0001f600")
    logs.close()

    # Then
    assert lines(tmp_path)[0].endswith("Zażółć \\udce9 \U0001f600")


def test_less_severe_messages_are_left_out(open_logs: Open, tmp_path: Path) -> None:
    # Given
    logs = open_logs(level="WARNING")

    # When
    logging.getLogger("s").info("no")
    logging.getLogger("s").warning("yes")
    logs.close()

    # Then
    assert [line.rpartition(" - ")[2] for line in lines(tmp_path)] == ["yes"]


def test_full_files_are_rotated(open_logs: Open, tmp_path: Path) -> None:
    # Given
    logs = open_logs(max_bytes=1024, backups=2)

    # When
    for number in range(50):
        logging.getLogger("s").info("Line %d", number)
    logs.close()

    # Then
    assert sorted(path.name for path in tmp_path.glob("server.log*")) == ["server.log", "server.log.1", "server.log.2"]
    assert all(path.stat().st_size <= 1024 for path in tmp_path.glob("server.log*"))
    assert lines(tmp_path)[-1].endswith("Line 49")


def test_the_access_log_is_a_file_of_its_own(open_logs: Open, tmp_path: Path) -> None:
    # Given
    logs = open_logs()

    # When
    logging.getLogger("zato.http_access").info('127.0.0.1 "GET /"')
    logs.close()

    # Then
    assert (tmp_path / "http_access.log").read_text() == '127.0.0.1 "GET /"\n'
    assert lines(tmp_path) == []


def test_the_access_log_can_be_off(open_logs: Open, tmp_path: Path) -> None:
    # When
    logs = open_logs(access_log=False)

    # Then
    assert not logging.getLogger("zato.http_access").isEnabledFor(logging.INFO)
    logs.close()


def test_in_the_foreground_the_log_is_on_the_terminal_too(
    open_logs: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given
    logs = open_logs(foreground=True)

    # When
    logging.getLogger("s").info("Hello")
    logs.close()

    # Then
    printed = capsys.readouterr()
    assert printed.err.splitlines() == lines(tmp_path)
    assert printed.out == ""


def test_warnings_and_errors_of_threads_are_logged(open_logs: Open, tmp_path: Path) -> None:
    # Given
    logs = open_logs()

    def fail() -> None:
        raise RuntimeError("it ended")

    # When
    warnings.showwarning("careful", UserWarning, "users.py", 7)  # what `warnings.warn` comes to
    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    logs.close()

    # Then
    text = "\n".join(lines(tmp_path))
    assert "WARNING - users.py:7: UserWarning: careful" in text
    assert "CRITICAL - Thread worker ended with an error\n    Traceback" in text
    assert text.endswith("    RuntimeError: it ended")


def test_a_log_that_cannot_be_written_is_an_error(open_logs: Open, tmp_path: Path) -> None:
    # Given
    (tmp_path / "server.log").mkdir()

    # Then
    with pytest.raises(ServerDirectoryError, match=r"^the log .*/server.log cannot be written: Is a directory$"):
        open_logs()


@given(st.text())
def test_any_text_becomes_one_line_and_printable_text_stays(text: str) -> None:
    made = one_line(text)

    assert len(made.splitlines()) <= 1
    assert made.replace("\t", "").isprintable()
    assert made == text or not text.isprintable()
