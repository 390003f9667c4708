"""Log files: server.log, and http_access.log in the format of Zato (reference: service-api, section 2.3)."""

from __future__ import annotations

import logging
import logging.handlers
import queue
import sys
import threading
from pathlib import Path

from zato.server.settings import Logging

FORMAT = "%(asctime)s - %(process)d:%(threadName)s - %(name)s:%(lineno)d - %(levelname)s - %(message)s"
ACCESS_LOGGER = "zato.http_access"


class Logs:
    """Takes records from every thread and writes them from one of its own, so that requests never wait for a disk."""

    def __init__(self, directory: Path, settings: Logging, *, foreground: bool) -> None:
        server: list[logging.Handler] = [
            _file(directory / "server.log", settings, logging.Formatter(FORMAT, style="%"))
        ]
        if foreground:
            console = logging.StreamHandler(sys.stderr)
            console.setFormatter(logging.Formatter(FORMAT, style="%"))
            server.append(console)
        access = _file(directory / "http_access.log", settings, logging.Formatter("%(message)s"))
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
        for listener in self._listeners:
            listener.stop()


def _file(path: Path, settings: Logging, formatter: logging.Formatter) -> logging.Handler:
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=settings.max_bytes, backupCount=settings.backups, encoding="utf-8", errors="backslashreplace"
    )
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
        record.message = record.getMessage()  # arguments may change until the record is written
        record.msg, record.args = _one_line(record.message), None
        return record


def _one_line(message: str) -> str:
    """Keep what comes from outside from forging log lines (reference: reliability, section 6, row 22)."""
    if message.isprintable():
        return message
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in message)


def _log_thread_error(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        name = args.thread.name if args.thread else "?"
        logging.getLogger("zato").critical("Thread %s ended with an error", name, exc_info=args.exc_value)
