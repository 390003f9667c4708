"""Watches directories and tells when what is in them has changed."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

INTERVAL = 0.5
"""Seconds between two looks; a change is told once two looks in a row have seen the same."""

log = logging.getLogger(__name__)


class Signature(NamedTuple):
    """What differs between two versions of a file."""

    size: int
    mtime_ns: int
    inode: int


def find(directories: Iterable[Path], suffixes: tuple[str, ...]) -> Iterator[tuple[Path, Signature]]:
    """Files with these suffixes, in order; none in virtual environments, none whose name begins with a dot."""
    for directory in directories:
        for folder, folders, names in os.walk(directory):
            is_environment = "pyvenv.cfg" in names
            folders[:] = [] if is_environment else sorted(filter(_is_wanted, folders))
            for name in sorted(names):
                if name.endswith(suffixes) and _is_wanted(name):
                    path = Path(folder, name)
                    signature = signature_of(path)
                    if signature is not None:
                        yield path, signature


def _is_wanted(name: str) -> bool:
    return not name.startswith(".") and name != "__pycache__"


def signature_of(path: Path) -> Signature | None:
    """The signature of a regular file, or None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Signature(found.st_size, found.st_mtime_ns, found.st_ino) if path.is_file() else None


class Watch(NamedTuple):
    """What is watched, and who is told."""

    directories: Sequence[Path]
    suffixes: tuple[str, ...]
    on_change: Callable[[], object]


class Watcher:
    """One thread that looks after any number of watches."""

    def __init__(self, watches: Sequence[Watch], *, interval: float = INTERVAL) -> None:
        """Take what is there now as known."""
        self._watches = watches
        self._interval = interval
        self._told = [_look(watch) for watch in watches]
        self._seen = list(self._told)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End, once a callback that runs has returned."""
        self._stop.set()
        self._thread.join()

    def look(self) -> None:
        """Look once, and tell what has changed before the look before."""
        for index, watch in enumerate(self._watches):
            try:
                self._look_again(index, watch)
            except BaseException:  # whatever it is, the next change is to be told
                log.exception("A change below %s was not taken over", ", ".join(map(str, watch.directories)))

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self.look()

    def _look_again(self, index: int, watch: Watch) -> None:
        now = _look(watch)
        stable = now == self._seen[index]
        self._seen[index] = now
        if not stable or now == self._told[index]:
            return
        self._told[index] = now
        watch.on_change()


def _look(watch: Watch) -> dict[Path, Signature]:
    return dict(find(watch.directories, watch.suffixes))
