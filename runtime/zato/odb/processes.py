"""Processes that said in the ODB what they do, and may have been killed since."""

from __future__ import annotations

import os
import socket
from pathlib import Path

PROC = Path("/proc")


def may_run(host: str, pid: int) -> bool:
    """Whether a process may still run; of other hosts nobody can tell, so theirs may."""
    return host != socket.gethostname() or runs_here(host, pid)


def runs_here(host: str, pid: int) -> bool:
    """Whether a process is one of this host and runs."""
    if host != socket.gethostname():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is another user's
    return not _has_ended(pid)


def _has_ended(pid: int) -> bool:
    """Whether a process has ended and its parent has not asked how (proc(5): the state in `stat`)."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:  # no such system, or it does not tell us
        return False
    return stat.rpartition(")")[2].split()[0] in {"Z", "X"}
