"""Commands on a terminal: a pseudo-terminal is what they write to and read from."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.servers.zato_server import PROGRAM, environment


def on_terminal(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run `zato` to its end; returns its exit code and all that it printed, line ends as on Unix."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=cwd,
            env=environment({"TERM": "xterm-256color", **(env or {})}),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
    finally:
        os.close(theirs)
    printed = _read(ours)
    return process.wait(60), printed.replace("\r\n", "\n")


def _read(descriptor: int) -> str:
    content = b""
    try:
        while chunk := os.read(descriptor, 65536):
            content += chunk
    except OSError:
        pass  # EIO: the last process that has the terminal open has ended
    finally:
        os.close(descriptor)
    return content.decode()
