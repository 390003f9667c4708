"""The pidfile: it is locked as long as its server runs, so that a stale one is told from a live one."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from zato.errors import ServerDirectoryError


class Pidfile:
    """Held by a running server."""

    def __init__(self, path: Path) -> None:
        """Take the lock and write our process ID. Raises ServerDirectoryError if the server runs already."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            message = f"the server {path.parent} is already running, with process ID {pid or '(not known yet)'}"
            raise ServerDirectoryError(f"{message}; stop it with `zato stop {path.parent}`") from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Delete the file."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def running_pid(path: Path) -> int | None:
    """Process ID of the server that holds the pidfile; None if none does."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)
    return None
