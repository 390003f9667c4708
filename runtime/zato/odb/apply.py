"""Apply: a plan becomes the revision that every server serves, or nothing changes."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from zato.config.plan import Plan
from zato.config.snapshot import Key
from zato.errors import ODBError, SwitchError
from zato.odb.odb import ODB, Worker

PREPARE_SECONDS = 60.0
PING_SECONDS = 1.0
"""Added to it for each ping: one takes 11 s at most, and a worker does 16 at a time."""
SWITCH_SECONDS = 30.0


def apply(
    odb: ODB,
    plan: Plan,
    *,
    variables: Mapping[Key, Mapping[str, str]],
    source: Mapping[str, Any],
    wake: Callable[[], None] = lambda: None,
    pings: Sequence[Key] = (),
) -> int:
    """Write the plan as one revision, have every live worker prepare it, make it current, and wait until all serve it.

    Call it inside `odb.importing()`. `wake` tells workers that are near to look at the ODB now. Each worker pings the
    connections that are `pings` before it is ready. Returns the revision. Raises SwitchError where a worker cannot
    serve the revision or a ping fails: then the previous revision is the current one, and served, again.
    """
    previous = odb.current
    revision = odb.stage(plan, variables=variables, made_by=_user(), source=source, pings=pings)
    try:
        wake()
        _wait_until_prepared(odb, revision, PREPARE_SECONDS + PING_SECONDS * len(pings))
        odb.make_current(revision)
        wake()
        _wait_until_served(odb, revision)
    except BaseException:
        with suppress(ODBError):  # the next import clears away what was only staged
            odb.revert(revision, previous)
            wake()
            _wait(lambda: [worker for worker in odb.workers() if worker.serving == revision], SWITCH_SECONDS)
        raise
    odb.settle()
    return revision


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # as in containers that run under any user ID
        return f"user {os.getuid()}"


def _wait_until_prepared(odb: ODB, revision: int, timeout: float) -> None:
    def waiting() -> list[Worker]:
        workers = odb.workers(timeout)
        for worker in workers:
            if worker.problem and worker.prepared == revision:
                raise SwitchError(f"{_called(worker)} cannot serve the new configuration: {worker.problem}")
        return [worker for worker in workers if worker.prepared != revision]

    late = _wait(waiting, timeout)
    if late:
        raise SwitchError(f"{_called(late[0])} did not get ready within {timeout:g} s; see its log")


def _wait_until_served(odb: ODB, revision: int) -> None:
    def waiting() -> list[Worker]:
        late = [worker for worker in odb.workers(SWITCH_SECONDS) if worker.serving != revision]
        for worker in late:
            if worker.problem:
                raise SwitchError(f"{_called(worker)} could not switch to the new configuration: {worker.problem}")
        return late

    late = _wait(waiting, SWITCH_SECONDS)
    if late:
        raise SwitchError(f"{_called(late[0])} did not switch to the new configuration within {SWITCH_SECONDS:g} s")


def _wait(waiting: Callable[[], list[Worker]], timeout: float) -> list[Worker]:
    deadline = time.monotonic() + timeout
    pause = 0.005
    while late := waiting():
        if time.monotonic() > deadline:
            break
        time.sleep(pause)
        pause = min(pause * 2, 0.2)
    return late


def _called(worker: Worker) -> str:
    return f"{worker.server} (pid {worker.pid} on {worker.host})"
