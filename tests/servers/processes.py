"""Server processes of the tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.servers.waiting import wait_for

_GUARDED = """
exec 3<&0
(read _; kill -KILL 0) <&3 &
exec "$@" </dev/null 3<&-
"""


def start(command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a server in a process group of its own, which dies with us, even if we are killed.

    A shell in that group reads from a pipe of ours, which ends when we do.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            ["/bin/sh", "-c", _GUARDED, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=env,
            start_new_session=True,
        )


def send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the whole group."""
    os.killpg(process.pid, number)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the whole group at once."""
    with suppress(ProcessLookupError):
        send(process, signal.SIGKILL)
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


def freeze(process: subprocess.Popen[bytes]) -> None:
    """Stop the whole group, and wait until each of its threads has come to a halt."""
    send(process, signal.SIGSTOP)
    wait_for(lambda: _states(process.pid) <= set("TZX"), "the processes have stopped")


def thaw(process: subprocess.Popen[bytes]) -> None:
    """Let the group go on."""
    send(process, signal.SIGCONT)


def _states(group: int) -> set[str]:
    """States of the threads of a process group (proc(5): state and pgrp in `stat`)."""
    states = set()
    for stat in Path("/proc").glob("[0-9]*/task/[0-9]*/stat"):
        with suppress(OSError):
            state, _, of = stat.read_text().rpartition(")")[2].split()[:3]
            if int(of) == group:
                states.add(state)
    return states


def make_directory(prefix: str) -> Path:
    """A directory for a server's data, in memory where there is /dev/shm."""
    memory = "/dev/shm"  # fast, and kill -9 does not lose what was written
    return Path(tempfile.mkdtemp(prefix=prefix, dir=memory if os.access(memory, os.W_OK) else None))


def remove_directory(path: Path) -> None:
    """Remove what `make_directory` made."""
    shutil.rmtree(path, ignore_errors=True)
