"""Log files: server.log, and http_access.log in the format of Zato (reference: service-api, section 2.3)."""

from __future__ import annotations

import logging
import logging.handlers
import queue
import sys
import threading
from pathlib import Path
from typing import Any

from zato.errors import ServerDirectoryError
from zato.server.settings import Logging

FORMAT = "%(asctime)s - %(process)d:%(threadName)s - %(name)s:%(lineno)d - %(levelname)s - %(message)s"
ACCESS_LOGGER = "zato.http_access"


class Logs:
    """Takes records from every thread and writes them from one of its own, so that requests never wait for a disk."""

    def __init__(self, directory: Path, settings: Logging, *, foreground: bool) -> None:
        """Raises ServerDirectoryError if the files cannot be written."""
        server = [_file(directory / "server.log", settings, _Formatter(FORMAT))]
        if foreground:
            console = logging.StreamHandler(sys.stderr)
            console.setFormatter(_Formatter(FORMAT))
            server.append(console)
        access = _file(directory / "http_access.log", settings, _Formatter("%(message)s"))
        self._listeners = [
            _listen(logging.getLogger(), server, settings.level),
            _listen(logging.getLogger(ACCESS_LOGGER), [access], "INFO" if settings.access_log else "CRITICAL"),
        ]
        logging.getLogger(ACCESS_LOGGER).propagate = False
        for name in ("pika", "urllib3", "waitress"):  # they tell on every reconnect what our own handles tell once
            logging.getLogger(name).setLevel("CRITICAL")
        logging.captureWarnings(capture=True)
        threading.excepthook = _log_thread_error

    def close(self) -> None:
        """Write what is left."""
        while self._listeners:
            listener = self._listeners.pop()
            listener.stop()
            for handler in listener.handlers:
                handler.close()


def _file(path: Path, settings: Logging, formatter: logging.Formatter) -> logging.Handler:
    try:
        path.parent.mkdir(exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=settings.max_bytes, backupCount=settings.backups, encoding="utf-8", errors="backslashreplace"
        )
    except OSError as e:
        raise ServerDirectoryError(f"the log {path} cannot be written: {e.strerror}") from None
    handler.setFormatter(formatter)
    return handler


def _listen(logger: logging.Logger, handlers: list[logging.Handler], level: str) -> logging.handlers.QueueListener:
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    logger.handlers[:] = [_Enqueue(records)]
    logger.setLevel(level)
    listener = logging.handlers.QueueListener(records, *handlers)
    listener.start()
    return listener


class _Enqueue(logging.handlers.QueueHandler):
    """Keeps the record as it is: the threads share memory, so there is nothing to make picklable."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record.msg, record.args = record.getMessage(), None  # arguments may change until the record is written
        return record


class _Formatter(logging.Formatter):
    """Keeps what comes from outside from forging lines: a message is one line, what follows it is indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        return _indented(super().formatStack(stack_info))


def one_line(text: str) -> str:
    """Write control characters, line ends included, as escapes (reference: reliability, section 6, row 22)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)


def _indented(text: str) -> str:
    return "\n".join(f"    {one_line(line)}" for line in text.split("\n"))


def _log_thread_error(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        name = args.thread.name if args.thread else "?"
        logging.getLogger("zato").critical("Thread %s ended with an error", name, exc_info=args.exc_value)
