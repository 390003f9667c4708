"""Processes that said in the ODB what they do, and may have been killed since."""

from __future__ import annotations

import os
import socket


def may_run(host: str, pid: int) -> bool:
    """Whether a process may still run; of other hosts nobody can tell, so theirs may."""
    if host != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
