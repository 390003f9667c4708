"""The pidfile: it is locked as long as its server runs, so that a stale one is told from a live one."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from zato.errors import ServerDirectoryError

PATIENCE = 0.3
"""Seconds to try for the lock: commands that look whether the server runs hold it for a moment."""


class Pidfile:
    """Held by a running server."""

    def __init__(self, path: Path) -> None:
        """Take the lock and write our process ID. Raises ServerDirectoryError if the server runs already."""
        self._path = path
        self._descriptor = _lock(path)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Delete the file."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def running_pid(path: Path) -> int | None:
    """Process ID of the server that holds the pidfile; None if none does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        while not _try_lock(descriptor, fcntl.LOCK_SH):
            pid = _pid_in(descriptor)
            if pid:
                return int(pid)
            time.sleep(0.01)  # it is being written
    finally:
        os.close(descriptor)
    return None


def remove_stale(path: Path) -> bool:
    """Delete a pidfile that a killed server left behind; False if there is none."""
    if not path.exists():
        return False
    Pidfile(path).release()
    return True


def _lock(path: Path) -> int:
    """Open and lock the file. Raises ServerDirectoryError."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as e:
            raise ServerDirectoryError(f"{path} cannot be written: {e.strerror}") from None
        if _try_lock(descriptor, fcntl.LOCK_EX):
            if _is_at(path, descriptor):
                return descriptor
        elif time.monotonic() > deadline:
            pid = _pid_in(descriptor)
            os.close(descriptor)
            message = f"the server {path.parent} is already running, with process ID {pid or '(not known yet)'}"
            raise ServerDirectoryError(f"{message}; stop it with `zato stop {path.parent}`")
        os.close(descriptor)
        time.sleep(0.01)


def _try_lock(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the file is still the one at its path: who held it before may have deleted it since we opened it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _pid_in(descriptor: int) -> str:
    text = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
    return text if text.isdigit() else ""
